"""What helps an agent to answer: what the bot tried and offered, what it would suggest, and kept replies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from serving.console.formatting import ref_href
from serving.db.tables import Contact, DecisionRecord, Macro, Message
from serving.learned_answers.schemas import similar_answers
from serving.macros.service import filled_in, list_macros
from serving.runtime.assembly import Runtime
from serving.security.principals import AgentPrincipal

_MOST_SUGGESTED = 3
_LEAST_SUGGESTED = 0.1
_MOST_STEPS = 10
_MAX_SUGGESTION_CHARS = 1_500


@dataclass(frozen=True, slots=True)
class Offered:
    """An answer by name, and how likely the bot thought it to fit."""

    ref: str
    title: str
    href: str
    confidence: float | None
    """In [0, 1]; `None` where it was not kept."""
    picked: bool = False
    helpful: bool | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the bot did: it gave an answer, or offered several."""

    gave: bool
    answers: tuple[Offered, ...]
    message_id: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A reply to begin with."""

    key: str
    """Names it in an address."""
    title: str
    text: str
    """Markdown."""
    href: str = ""
    confidence: float | None = None


def steps(
    messages: Sequence[Message],
    decisions: Sequence[DecisionRecord],
    traces: Mapping[int, Mapping[str, object]],
    helpful: Mapping[int, bool],
) -> list[Step]:
    """What the bot gave and offered, oldest first, the last ten."""
    by_id = {decision.id: decision for decision in decisions}
    picked = {str(message.payload["choice"]) for message in messages if message.payload.get("choice")}
    done: list[Step] = []
    for message in messages:
        if message.author != "bot" or message.payload.get("kind") not in {"answer", "clarify"}:
            continue
        decision = by_id.get(message.decision_id or 0)
        scores = _scores(traces.get(message.decision_id or 0, {}))
        gave = message.payload["kind"] == "answer"
        listed = (message.payload.get("sources") or ())[:1] if gave else message.payload.get("choices") or ()
        answers = tuple(
            Offered(
                ref=one["ref"],
                title=one.get("title") or one["ref"],
                href=ref_href(one["ref"]),
                confidence=decision.confidence if gave and decision else scores.get(one["ref"]),
                picked=one["ref"] in picked,
                helpful=helpful.get(message.id) if gave else None,
            )
            for one in listed
        )
        if answers:
            done.append(Step(gave, answers, message.id))
    return done[-_MOST_STEPS:]


def suggestions(session: Session, runtime: Runtime, trace: Mapping[str, object]) -> list[Suggestion]:
    """The likeliest answers to the last question that have words, best first, three at most.

    One that hardly ever answers such a question is no help to somebody who writes the answer.
    """
    found: dict[str, Mapping[str, object]] = {}
    for candidate in _candidates(trace):
        confidence = _number(candidate.get("confidence"))
        if confidence is None or confidence >= _LEAST_SUGGESTED:
            found.setdefault(str(candidate["ref"]), candidate)
    refs = list(found)[: _MOST_SUGGESTED * 2]
    known = similar_answers(session, refs)
    made = [
        Suggestion(
            key=f"answer:{ref}",
            title=known[ref].question,
            text=_passage_text(runtime, found[ref]) or known[ref].answer,
            href=ref_href(ref),
            confidence=_number(found[ref].get("confidence")),
        )
        for ref in refs
        if ref in known
    ]
    return made[:_MOST_SUGGESTED]


def kept_replies(session: Session, viewer: AgentPrincipal, customer: Contact) -> list[Suggestion]:
    """The macros that the agent's team is offered, filled in for this customer."""
    return [_kept(macro, viewer, customer) for macro in list_macros(session, team=viewer.team)]


def inserted_text(key: str, ready: Sequence[Suggestion]) -> str:
    """The words that an address asks to begin the reply with; nothing for what is not there."""
    return next((one.text for one in ready if one.key == key), "")


def _kept(macro: Macro, viewer: AgentPrincipal, customer: Contact) -> Suggestion:
    text = filled_in(macro.text, customer=customer.name, agent=viewer.name)
    return Suggestion(f"macro:{macro.id}", macro.name, text)


def _candidates(trace: Mapping[str, object]) -> list[Mapping[str, object]]:
    candidates = trace.get("candidates")
    return (
        [one for one in candidates if isinstance(one, dict) and "ref" in one]
        if isinstance(candidates, list)
        else []
    )


def _scores(trace: Mapping[str, object]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for candidate in _candidates(trace):
        number = _number(candidate.get("confidence"))
        if number is not None:
            scores.setdefault(str(candidate["ref"]), number)
    return scores


def _passage_text(runtime: Runtime, candidate: Mapping[str, object]) -> str:
    """The words of the passage that the bot found, from the index in memory."""
    passages = runtime.index.passages_of(str(candidate["ref"]))
    key = candidate.get("passage")
    text = next((passage.text for passage in passages if passage.key == key), "")
    return text[:_MAX_SUGGESTION_CHARS]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
