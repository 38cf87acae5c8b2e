"""What people made known in service, as rows to learn from, each believed as far as its source; fits nothing.

No row says what the bot guessed: its reading of a question is nowhere a label.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledQuestion, MoodConversation
from eval.data.problems import normalised
from model.refs import article_slug, learned_answer_ref
from serving.db.tables import Proposal, now
from serving.learned_answers import repository as learned_answers
from training.datasets.examples import OUT_OF_SCOPE, Example
from training.datasets.from_store import read_store

Teaches = Literal["intents", "out_of_scope", "teams", "wants_person", "sentiment", "moods", "confidence"]
TEACHES: tuple[Teaches, ...] = get_args(Teaches)

SAID, DONE = 1.0, 0.5
"""Weights beside a row of the company's files, for what somebody said, and for what they did, which mostly
means it."""

RELIABILITY: Mapping[Teaches, Mapping[str, float]] = {
    "intents": {"agent": SAID},
    "out_of_scope": {"agent": SAID},
    "teams": {"answering_team": DONE},
    "wants_person": {"confirmed": SAID, "pressed": DONE},
    "sentiment": {"rating": DONE},
    "moods": {"rating": SAID},
    "confidence": {"approved_phrasing": SAID, "confirmed": SAID, "picked": DONE, "unresolved": DONE},
}
"""How far each source is believed, by what it teaches.

- `agent`: an agent said in the inbox, or in the labelling list, what a question is about.
- `answering_team`: the team of the agent who answered a question that the bot had not. People also answer for
  other teams.
- `approved_phrasing`: somebody approved it as a way to ask for a learned answer; what was imported is none.
- `confirmed`: the customer said that the bot's answer helped.
- `picked`: the customer chose among what the bot offered, and said no more.
- `unresolved`: the customer said that an answer did not help, which may be its words or their mood, or asked
  for a person rather than pick one of the answers offered.
- `pressed`: the customer pressed "Talk to a person" after words that are about nothing.
- `rating`: what the customer gave the conversation, 1 to 5. It says how it ended for them; of the comment,
  only what its words mostly are.
"""
LEANING = "questions_that_follow_others"
"""What was asked after another question is left out for the confidence: alone it may ask something else."""


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A text from service with a label for a head."""

    teaches: Teaches
    source: str
    text: str
    label: str

    @property
    def weight(self) -> float:
        """How far the label is believed."""
        return RELIABILITY[self.teaches][self.source]


@dataclass(frozen=True, slots=True)
class ServedQuestion:
    """A question from service with what people said of answers to it; for the confidence."""

    source: str
    question: LabelledQuestion
    rejected: frozenset[str] = frozenset()
    """Answers that did not help. Where no other is known to, nothing is known of any but these."""


@dataclass(frozen=True, slots=True)
class ServiceRows:
    """Everything that people made known in service."""

    texts: tuple[ServiceRow, ...] = ()
    """In the order in which their labels became known, as far as that is kept."""
    moods: tuple[MoodConversation, ...] = ()
    questions: tuple[ServedQuestion, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakenRows:
    """How many rows one source gave."""

    teaches: Teaches
    source: str
    rows: int
    weight: float


@dataclass(frozen=True, slots=True)
class FromService:
    """What service added to the company's own data, and what not."""

    taken: tuple[TakenRows, ...]
    left_out: Mapping[str, int]
    """Rows by why they were left out."""
    labels: Mapping[str, Mapping[str, tuple[int, int]]]
    """Texts of a label before and after, by what they teach; of labels that gained some."""

    def rows_of(self, *teaches: Teaches) -> int:
        """How many rows teach one of these."""
        return sum(one.rows for one in self.taken if one.teaches in teaches)

    def as_json(self) -> dict[str, Any]:  # JSON
        """As the commands print it."""
        return asdict(self)


def service_rows(session: Session) -> ServiceRows:
    """Everything in the store that a person said, did or approved, and that a part of the bot learns from."""
    found = read_store(session)
    texts = sorted(_texts(found.examples), key=_known_at)
    left_out = Counter(found.left_out)
    judged = [example for example in found.examples if _is_judged(example)]
    left_out[LEANING] += sum(not example.stands_alone for example in judged)
    same = _same_answers(session)
    served = [*_approved(session), *(_served(one) for one in judged if one.stands_alone)]
    questions = _each_once([_with_same_answers(one, same) for one in served])
    return ServiceRows(
        texts=tuple(row for row, _ in texts),
        moods=found.moods,
        questions=questions,
        left_out={why: count for why, count in left_out.items() if count},
    )


def _texts(examples: tuple[Example, ...]) -> Iterator[tuple[ServiceRow, Example]]:
    for example in examples:
        teaches: Teaches | None = None
        if example.config == "intents":
            teaches = "out_of_scope" if example.label == OUT_OF_SCOPE else "intents"
        elif example.config in ("teams", "wants_person", "sentiment"):
            teaches = example.config
        if teaches is not None:
            yield ServiceRow(teaches, example.source, example.text, example.label), example


def _known_at(row: tuple[ServiceRow, Example]) -> float:
    """Seconds since 1970 at which the label became known; without a time before all others."""
    _, example = row
    known_at = example.known_at or example.asked_at
    return known_at.timestamp() if known_at else 0.0


def _is_judged(example: Example) -> bool:
    """Whether the customer said something of an answer; a person may have answered after that."""
    if example.config != "questions":
        return False
    return example.fields["how"] in ("confirmed", "picked") or bool(example.fields["rejected_refs"])


def _served(example: Example) -> ServedQuestion:
    """A question whose answers the customer judged."""
    refs, how = frozenset(example.fields["refs"]), example.fields["how"]
    how = how if how in ("confirmed", "picked") else "unresolved"
    question = LabelledQuestion(
        f"{how}:{example.conversation_id}",
        example.text,
        "answerable" if refs else "out_of_scope",
        None,
        refs,
        weight=RELIABILITY["confidence"][how],
    )
    return ServedQuestion(how, question, frozenset(example.fields["rejected_refs"]))


def _each_once(questions: Sequence[ServedQuestion]) -> tuple[ServedQuestion, ...]:
    """The first question of each text: a budget that is kept on one customer's question counts it once."""
    once: dict[str, ServedQuestion] = {}
    for one in questions:
        once.setdefault(normalised(one.question.text), one)
    return tuple(once.values())


def _approved(session: Session) -> Iterator[ServedQuestion]:
    """The phrasings that people approved, each a question for its learned answer; none that was imported."""
    how = "approved_phrasing"
    for answer in learned_answers.find_in_use(session, now()):
        imported = answer.source not in ("conversation", "console")
        for phrasing in answer.phrasings:
            if phrasing.origin == "import" or (imported and phrasing.origin == "question"):
                continue
            asked = LabelledQuestion(
                f"phrasing-{phrasing.id}", phrasing.text, "answerable", None, frozenset({answer.ref})
            )
            yield ServedQuestion(how, replace(asked, weight=RELIABILITY["confidence"][how]))


def _same_answers(session: Session) -> Mapping[str, frozenset[str]]:
    """The answers that say what another says, by its ref: a reply was approved as known but missed.

    Such a reply becomes a learned answer beside the article that it repeats.
    """
    missed = select(Proposal.learned_answer_id, Proposal.similar_ref).where(
        Proposal.status == "approved", Proposal.kind == "phrasing"
    )
    pairs = [
        (learned_answer_ref(learned_id), ref)
        for learned_id, ref in session.execute(missed)
        if learned_id is not None and ref is not None and article_slug(ref) is not None
    ]
    same: defaultdict[str, set[str]] = defaultdict(set)
    for learned_ref, ref in pairs:
        same[learned_ref].add(ref)
        same[ref].add(learned_ref)
    return {ref: frozenset(others) for ref, others in same.items()}


def _with_same_answers(one: ServedQuestion, same: Mapping[str, frozenset[str]]) -> ServedQuestion:
    """With everything that says what the right answers say, or those that did not help."""

    def all_of(refs: frozenset[str]) -> frozenset[str]:
        return refs.union(*(same.get(ref, frozenset()) for ref in refs))

    right = all_of(one.question.refs)
    return replace(one, question=replace(one.question, refs=right), rejected=all_of(one.rejected) - right)
