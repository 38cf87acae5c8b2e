"""Replays past conversations under two bots and lists what would be decided otherwise; stores nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import structlog
from sqlalchemy.orm import Session

from eval.results import Track, untracked
from knowledge.privacy.scrubbing import scrub
from model.types import Decision, DecisionKind
from serving.bot.turn import BotTurn, past_turn, resolve_turn
from serving.conversations import repository
from serving.runtime.in_service import QuestionResolver
from serving.settings import Settings

FlipKind = Literal[
    "failed",
    "confirmed_answer_changed",
    "confirmed_answer_lost",
    "rejected_answer_given",
    "answered_instead_of_person",
    "answer_changed",
    "answered_anew",
    "person_instead_of_answer",
    "answer_withheld",
    "other",
]
FLIP_KINDS: tuple[FlipKind, ...] = get_args(FlipKind)
"""Worst first: a customer loses what helped, then something new is said unseen, then less is said.

- `failed`: the challenger crashes.
- `confirmed_answer_changed`, `confirmed_answer_lost`: the customer said that the answer helped, and the
  challenger gives another one, or none.
- `rejected_answer_given`: it gives the answer of which the customer said that it did not help.
- `answered_instead_of_person`: it answers what went to a person.
- `answer_changed`: it gives another answer; nobody said what the champion's was worth.
- `answered_anew`: it answers where the champion asks back or makes smalltalk.
- `person_instead_of_answer`, `answer_withheld`: it hands over, or asks back, what was answered.
- `other`: between asking back, smalltalk and handing over.
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision of the store, as a turn to be decided again."""

    id: int
    turn: BotTurn
    confirmed_ref: str | None
    """The answer it gave, if the customer said that it helped."""
    rejected_ref: str | None
    """The answer it gave, if the customer said that it did not help."""
    customer_name: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What a bot decides today."""

    kind: DecisionKind | Literal["failed"]
    ref: str | None
    """The answer given, if any."""
    confidence: float


@dataclass(frozen=True, slots=True)
class Flip:
    """A past turn that the two bots decide differently."""

    kind: FlipKind
    decision_id: int
    conversation_id: str
    text: str
    """The question, its personal data replaced: flips are kept in MLflow."""
    champion: Made
    challenger: Made


@dataclass(frozen=True, slots=True)
class Flips:
    """What would be decided otherwise."""

    n: int
    """Past turns that were decided again."""
    flips: tuple[Flip, ...]
    """Worst first."""
    champion_answered: tuple[bool, ...]
    """Of each past turn, whether it is answered today."""
    challenger_answered: tuple[bool, ...]

    @property
    def figures(self) -> dict[str, Any]:  # JSON
        """`n`, how many `flips` there are, and `by_kind`."""
        kinds = [flip.kind for flip in self.flips]
        by_kind = {kind: kinds.count(kind) for kind in FLIP_KINDS if kind in kinds}
        return {"n": self.n, "flips": len(kinds), "by_kind": by_kind}

    @property
    def items(self) -> list[dict[str, Any]]:  # JSON
        """The flips as they are written."""
        return [asdict(flip) for flip in self.flips]


def read_past(session: Session, settings: Settings, *, limit: int) -> list[PastDecision]:
    """The newest `limit` decisions of the store, newest first; without those where the bot kept silent."""
    records = repository.latest_decisions(session, limit=limit)
    spoken = repository.bot_messages_of(session, [record.id for record in records])
    helpful = repository.feedback_of(session, [message.id for message in spoken.values()])
    verdicts = {decision_id: helpful.get(message.id) for decision_id, message in spoken.items()}
    names = repository.customer_names(session, [record.conversation_id for record in records])
    return [
        PastDecision(
            id=record.id,
            turn=past_turn(session, record, settings),
            confirmed_ref=record.answer_ref if verdicts.get(record.id) is True else None,
            rejected_ref=record.answer_ref if verdicts.get(record.id) is False else None,
            customer_name=names.get(record.conversation_id),
        )
        for record in records
    ]


def run(
    past: Sequence[PastDecision],
    *,
    champion: QuestionResolver,
    challenger: QuestionResolver,
    track: Track = untracked,
) -> Flips:
    """Decides each past turn again, by both, on today's knowledge.

    A flip is another kind of decision, or another answer; other choices when asking back are none. Among
    flips of a kind the most confident answer comes first, then the oldest decision.
    """
    made = [
        (decision, _decided(decision, champion), _decided(decision, challenger))
        for decision in track(past, doing="Past decisions")
    ]
    flips = [flip for one in made if (flip := _flip(*one)) is not None]
    return Flips(
        n=len(past),
        flips=tuple(sorted(flips, key=_worst_first)),
        champion_answered=tuple(old.kind == "answer" for _, old, _ in made),
        challenger_answered=tuple(new.kind == "answer" for _, _, new in made),
    )


def flip_kind(past: PastDecision, champion: Made, challenger: Made) -> FlipKind | None:
    """What kind of flip it is; `None` when both decide the same."""
    if (champion.kind, champion.ref) == (challenger.kind, challenger.ref):
        return None
    if challenger.kind == "failed":
        return "failed"
    if champion.ref is not None and champion.ref == past.confirmed_ref:
        return "confirmed_answer_changed" if challenger.ref else "confirmed_answer_lost"
    if challenger.ref is not None and challenger.ref == past.rejected_ref:
        return "rejected_answer_given"
    if challenger.kind == "answer":
        return _NEWLY_ANSWERED.get(champion.kind, "answered_anew")
    if champion.kind == "answer":
        return "person_instead_of_answer" if challenger.kind == "handoff" else "answer_withheld"
    return "other"


_NEWLY_ANSWERED: Mapping[str, FlipKind] = {
    "answer": "answer_changed",
    "handoff": "answered_instead_of_person",
}


def _decided(past: PastDecision, resolver: QuestionResolver) -> Made:
    try:
        decision: Decision = resolve_turn(past.turn, resolver.resolve)
    except Exception as raised:  # whatever goes wrong for one turn, the others are still replayed
        _log.error("replay_failed", decision_id=past.id, exception=type(raised).__name__)
        return Made("failed", None, 0.0)
    ref = decision.sources[0].ref if decision.kind == "answer" and decision.sources else None
    return Made(decision.kind, ref, round(decision.confidence, 4))


def _flip(past: PastDecision, champion: Made, challenger: Made) -> Flip | None:
    kind = flip_kind(past, champion, challenger)
    if kind is None:
        return None
    turn = past.turn
    names = (past.customer_name,) if past.customer_name else ()
    text = scrub(turn.question.text, names=names).text
    return Flip(kind, past.id, turn.conversation_id, text, champion, challenger)


def _worst_first(flip: Flip) -> tuple[int, float, int]:
    answering = flip.challenger if flip.challenger.kind == "answer" else flip.champion
    return FLIP_KINDS.index(flip.kind), -answering.confidence, flip.decision_id
