"""Reads labelled dialogues: what was said before a message, and what answers it; asks and trains nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from knowledge.index.knowledge_index import KnowledgeIndex
from knowledge.json_lines import read_json_lines
from model.errors import DataError
from model.refs import article_ref, learned_answer_ref, ref_kind
from model.types import Offered, Turn

DialogueKind = Literal[
    "follow_up", "did_not_work", "correction", "reference", "change_of_subject", "full_question", "smalltalk"
]
DIALOGUE_KINDS: tuple[DialogueKind, ...] = get_args(DialogueKind)
CONTEXT_DEPENDENT_KINDS: tuple[DialogueKind, ...] = ("follow_up", "did_not_work", "correction", "reference")
"""Kinds whose last message cannot be understood without what was said before it."""
UNHELPED_KINDS: tuple[DialogueKind, ...] = ("did_not_work", "correction")
"""Kinds whose last message says that the last answer was not the right one."""


@dataclass(frozen=True, slots=True)
class DialogueTurn:
    """A message before the last one; of a bot's, the answer it gave or those it offered to choose from."""

    author: Literal["customer", "bot"]
    text: str
    """Empty for an answer, whose words are the knowledge's."""
    refs: tuple[str, ...] = ()
    """`article:<slug>` or `learned_answer:<question>`."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A customer's message with what was said before it, and what answers it."""

    id: str
    kind: DialogueKind
    before: tuple[DialogueTurn, ...]
    text: str
    """The customer's last message."""
    refs: frozenset[str]
    """What answers it, `article:<slug>` or `learned_answer:<question>`; empty when only a person will do."""


def read_dialogues(path: Path) -> list[Dialogue]:
    """Rows `{"id", "turns", "kind", "articles", "learned_answers"}` of a JSONL file.

    Raises `DataError` naming file and line of a bad row, or for no rows.
    """
    dialogues = [_dialogue(row, where) for where, row in read_json_lines(path)]
    if not dialogues:
        raise DataError(f"{path} has no rows; give a JSONL file with one dialogue per line")
    return dialogues


def known_answers(index: KnowledgeIndex) -> dict[str, Offered]:
    """The answers of the index by the names that dialogues have for them."""
    titles = {ref: index.passages_of(ref)[0].title for ref in index.refs()}
    return {
        learned_answer_ref(title) if ref_kind(ref) == "learned_answer" else ref: Offered(ref, title)
        for ref, title in titles.items()
    }


def history_of(dialogue: Dialogue, answers: Mapping[str, Offered]) -> tuple[Turn, ...]:
    """The turns before the last message, as the resolver is told of them; an answer speaks by its title.

    Raises `DataError` for an answer that is not among `answers`.
    """
    turns = []
    for turn in dialogue.before:
        unknown = [ref for ref in turn.refs if ref not in answers]
        if unknown:
            raise DataError(
                f"dialogue {dialogue.id}: {unknown[0]!r} is not known; import the knowledge it is about"
            )
        shown = tuple(answers[ref] for ref in turn.refs)
        text = turn.text or "\n".join(answer.title for answer in shown)
        is_answer = len(shown) == 1
        turns.append(Turn(turn.author, text, () if is_answer else shown, shown if is_answer else ()))
    return tuple(turns)


def _dialogue(row: Mapping[str, Any], where: str) -> Dialogue:  # JSON
    kind, turns = row.get("kind"), row.get("turns")
    if kind not in DIALOGUE_KINDS:
        raise DataError(f"{where}: kind is {kind!r}, expected one of {', '.join(DIALOGUE_KINDS)}")
    if not isinstance(turns, list) or len(turns) < 2:
        raise DataError(f"{where}: turns is {turns!r}, expected a list of at least two objects")
    *before, last = (_turn(turn, where) for turn in turns)
    if last.author != "customer" or not any(turn.author == "customer" for turn in before):
        raise DataError(f"{where}: the last turn and one before it must be the customer's")
    articles = _texts(row.get("articles", []), "articles", where)
    questions = _texts(row.get("learned_answers", []), "learned_answers", where)
    refs = frozenset([*map(article_ref, articles), *map(learned_answer_ref, questions)])
    answers_given = {turn.refs[0] for turn in before if len(turn.refs) == 1}
    if kind in UNHELPED_KINDS and refs & answers_given:
        raise DataError(
            f"{where}: {sorted(refs & answers_given)} was given already and did not help; it cannot be "
            "right again"
        )
    return Dialogue(
        _text(row.get("id"), "id", where), cast(DialogueKind, kind), tuple(before), last.text, refs
    )


def _turn(turn: object, where: str) -> DialogueTurn:
    if not isinstance(turn, dict) or turn.get("author") not in ("customer", "bot"):
        raise DataError(f"{where}: turn {turn!r} needs an author, customer or bot")
    if turn["author"] == "customer" or "text" in turn:
        return DialogueTurn(turn["author"], _text(turn.get("text"), "text", where))
    refs = [turn["ref"]] if "ref" in turn else turn.get("choices")
    names = _texts(refs, "choices", where)
    if not names or ("choices" in turn and len(names) < 2):
        raise DataError(f"{where}: turn {turn!r} needs a text, a ref, or two choices or more")
    return DialogueTurn("bot", "", tuple(names))


def _texts(value: object, key: str, where: str) -> list[str]:
    if not isinstance(value, list):
        raise DataError(f"{where}: {key} is {value!r}, expected a list of texts")
    return [_text(text, key, where) for text in value]


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where}: {key} is {value!r}, expected a text")
    return value
