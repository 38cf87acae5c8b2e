"""Reads labelled texts, questions and conversations, strictly: a bad row refuses its file."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from eval.data.facts import Facts, facts_of, holds
from eval.data.labelled_rows import BadRow, read_labelled_rows
from knowledge import GENERAL_FOLDER
from knowledge.json_lines import read_json_lines, text_of
from model.errors import DataError
from model.refs import article_ref
from model.types import SentimentLabel, Turn

SENTIMENTS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")

Outcome = Literal["satisfied", "neutral", "asks_for_person", "bad_rating", "leaves"]
CALM_OUTCOMES = ("satisfied", "neutral")
UNHAPPY_OUTCOMES = ("asks_for_person", "bad_rating", "leaves")

QuestionKind = Literal["answerable", "needs_person", "out_of_scope", "smalltalk"]
_KINDS = ("answerable", "needs_person", "out_of_scope", "smalltalk")


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with its one label."""

    text: str
    label: str
    weight: float = 1.0
    """How far the label is believed, in (0, 1]: what the text weighs beside others when a head is fitted."""


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A customer's message with what should become of it."""

    id: str
    text: str
    kind: QuestionKind
    intent: str | None
    refs: frozenset[str]
    """The answers that resolve it, `article:<slug>`; empty unless `kind` is `answerable`."""
    facts: Facts = ()
    """What a text of theirs must hold to answer it; where nobody wrote that down, every text of them does."""

    counts: bool = True
    """Whether a risk budget is kept on it; one that does not count teaches what wrong answers look like."""
    need: str | None = None
    """What it is about: the questions of one need are held out together; by default each text is its own."""
    weight: float = 1.0
    """How far `refs` are believed, in (0, 1]: what it weighs beside others when the confidence is fitted."""

    def is_answered_by(self, ref: str, text: str) -> bool:
        """Whether this text of this answer is what the customer needs."""
        return ref in self.refs and holds(text, self.facts)


@dataclass(frozen=True, slots=True)
class MoodConversation:
    """A conversation with how it ended for the customer."""

    id: str
    turns: tuple[Turn, ...]
    outcome: Outcome
    at: int | None
    """The turn in which the customer asks for a person, or after which they leave or rate badly; `None` for
    a calm conversation."""

    @property
    def is_calm(self) -> bool:
        """Whether nobody needed a warning: the customer ends satisfied, or at least not unhappy."""
        return self.at is None

    @property
    def before_event(self) -> tuple[int, ...]:
        """Places of the customer's turns before what a warning is for; all theirs in a calm conversation.

        A wish for a person is made within its turn, a bad rating or a farewell follows on its turn.
        """
        end = len(self.turns) if self.at is None else self.at + (self.outcome != "asks_for_person")
        return tuple(place for place in range(end) if self.turns[place].author == "customer")


def own_or_general(folder: Path | None, name: str) -> Path:
    """The file that a company folder has by this path in it, or the general one where it has none."""
    own = folder / name if folder else None
    return own if own is not None and own.is_file() else GENERAL_FOLDER / name


def read_labelled_texts(path: Path, *, labels: Collection[str] | None = None) -> list[LabelledText]:
    """Rows `{"text", "label"}` of a JSONL file, or of a CSV or TSV file with these columns.

    Raises `DataError` naming file and line, also for a label that is not among `labels`, if given.
    """
    rows = []
    for line, row in read_labelled_rows(path):
        where = f"{path}:{line}"
        if isinstance(row, BadRow):
            raise DataError(f"{where}: {row.reason}")
        label = text_of(row, "label", where)
        if labels is not None and label not in labels:
            raise DataError(f"{where}: label is {label!r}, expected one of {', '.join(labels)}")
        rows.append(LabelledText(text_of(row, "text", where), label))
    return rows


def read_mood_conversations(path: Path) -> list[MoodConversation]:
    """Rows `{"id", "turns": [{"author", "text"}], "outcome", "at"}` of a JSONL file.

    `at` is left out of calm conversations. Raises `DataError` naming file and line, or for no rows.
    """
    conversations = [_mood_conversation(row, where) for where, row in read_json_lines(path)]
    if not conversations:
        raise DataError(f"{path} has no rows; give a JSONL file with one conversation per line")
    return conversations


def article_refs_of(articles: Iterable[str]) -> frozenset[str]:
    """The refs of articles that a row names by slug, or by ref as they are."""
    return frozenset(article if ":" in article else article_ref(article) for article in articles)


def read_labelled_questions(path: Path) -> list[LabelledQuestion]:
    """Rows `{"id", "text", "kind", "intent", "articles", "facts"}` of a JSONL file.

    `facts` may be left out, see `eval.data.facts`. Raises `DataError`.
    """
    return [_question(row, where) for where, row in read_json_lines(path)]


def _question(row: dict[str, Any], where: str) -> LabelledQuestion:  # JSON
    kind = text_of(row, "kind", where)
    if kind not in _KINDS:
        raise DataError(f"{where}: kind is {kind!r}, expected one of {', '.join(_KINDS)}")
    articles = row.get("articles", [])
    if not isinstance(articles, list) or (kind == "answerable") != bool(articles):
        raise DataError(
            f"{where}: articles is {articles!r}; name them for answerable questions, and only there"
        )
    return LabelledQuestion(
        id=text_of(row, "id", where),
        text=text_of(row, "text", where),
        kind=cast(QuestionKind, kind),
        intent=row.get("intent"),
        refs=article_refs_of(articles),
        facts=facts_of(row.get("facts", []), where),
    )


def _mood_conversation(row: dict[str, Any], where: str) -> MoodConversation:  # JSON
    turns = row.get("turns")
    if not isinstance(turns, list) or not turns:
        raise DataError(f"{where}: turns is {turns!r}, expected a list of objects with author and text")
    read_turns = tuple(_turn(turn, f"{where}: turn {place}") for place, turn in enumerate(turns))
    outcome, at = row.get("outcome"), row.get("at")
    if outcome not in (*CALM_OUTCOMES, *UNHAPPY_OUTCOMES):
        expected = ", ".join((*CALM_OUTCOMES, *UNHAPPY_OUTCOMES))
        raise DataError(f"{where}: outcome is {outcome!r}, expected one of {expected}")
    by_customer = [place for place, turn in enumerate(read_turns) if turn.author == "customer"]
    if outcome in CALM_OUTCOMES and (at is not None or not by_customer):
        raise DataError(f"{where}: a {outcome} conversation needs a customer's turn and no at, got {at!r}")
    if outcome in UNHAPPY_OUTCOMES and (isinstance(at, bool) or at not in by_customer):
        raise DataError(f"{where}: at is {at!r}, expected the place of a customer's turn: {by_customer}")
    return MoodConversation(text_of(row, "id", where), read_turns, cast(Outcome, outcome), at)


def _turn(turn: object, where: str) -> Turn:
    if not isinstance(turn, dict) or turn.get("author") not in ("customer", "bot", "agent"):
        raise DataError(f"{where}: expected an author (customer, bot or agent) and a text, got {turn!r}")
    return Turn(turn["author"], text_of(turn, "text", where))
