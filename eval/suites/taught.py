"""Whether what was taught is known in other words, and told from what only looks like it; changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from eval.data.words import TaughtAnswer
from eval.results import Figure, SuiteResult, Track, figures_json, untracked
from knowledge.index.chunking import learned_answer_passages
from knowledge.index.knowledge_index import KnowledgeIndex
from model.interfaces import Encoder
from model.refs import learned_answer_ref
from model.types import Question
from serving.runtime.in_service import QuestionResolver

Outcome = Literal["answered_right", "answered_wrong", "offered", "clarified_without", "to_person"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class TaughtItem:
    """What became of one rewording or look-alike."""

    id: str
    """Of the learned answer."""
    text: str
    is_rewording: bool
    outcome: Outcome
    confidence: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaughtFigures:
    """What becomes of rewordings, which must get their answer, and of look-alikes, which must not get any.

    - `rewordings_answered`: given their answer at once; `rewordings_answered_wrong`: given another one.
    - `rewordings_served`: given it, or asked back with it among the choices.
    - `rewordings_to_person`: handed over.
    - `look_alikes_answered`: given any answer.
    - `by_group`: numbers by outcome.
    """

    n: int
    n_rewordings: int
    n_look_alikes: int
    rewordings_answered: Figure
    rewordings_answered_wrong: Figure
    rewordings_served: Figure
    rewordings_to_person: Figure
    look_alikes_answered: Figure
    by_group: Mapping[str, Mapping[str, int]]


def taught_index(answers: Sequence[TaughtAnswer], encoder: Encoder) -> KnowledgeIndex:
    """An index of the answers alone, each under the question that it was taught for."""
    index = KnowledgeIndex(encoder)
    index.put(
        {
            learned_answer_ref(number): learned_answer_passages(number, taught.question, taught.answer, ())
            for number, taught in enumerate(answers)
        }
    )
    return index


def run(
    answers: Sequence[TaughtAnswer], *, resolver: QuestionResolver, track: Track = untracked
) -> SuiteResult:
    """Asks every rewording and look-alike as the first message of an unknown customer.

    The resolver searches `taught_index(answers, …)`.
    """
    asked = [
        (number, taught, text, is_rewording)
        for number, taught in enumerate(answers)
        for texts, is_rewording in ((taught.rewordings, True), (taught.look_alikes, False))
        for text in texts
    ]
    items = []
    for number, taught, text, is_rewording in track(asked, doing="Asking"):
        decision = resolver.resolve(Question(text))
        refs = [source.ref for source in (*decision.sources, *decision.choices)]
        is_known = learned_answer_ref(number) in refs and is_rewording
        outcome: Outcome = "to_person"
        if decision.kind == "answer":
            outcome = "answered_right" if is_known else "answered_wrong"
        elif decision.kind == "clarify":
            outcome = "offered" if is_known else "clarified_without"
        items.append(
            TaughtItem(taught.id, text, is_rewording, outcome, decision.confidence, decision.reasons)
        )
    return SuiteResult(figures_json(_figures(items)), tuple(asdict(item) for item in items))


def _figures(items: Sequence[TaughtItem]) -> TaughtFigures:
    rewordings = Counter(item.outcome for item in items if item.is_rewording)
    look_alikes = Counter(item.outcome for item in items if not item.is_rewording)
    n, n_alike = rewordings.total(), look_alikes.total()
    return TaughtFigures(
        n=len(items),
        n_rewordings=n,
        n_look_alikes=n_alike,
        rewordings_answered=Figure.share(rewordings["answered_right"], n),
        rewordings_answered_wrong=Figure.share(rewordings["answered_wrong"], n),
        rewordings_served=Figure.share(rewordings["answered_right"] + rewordings["offered"], n),
        rewordings_to_person=Figure.share(rewordings["to_person"], n),
        look_alikes_answered=Figure.share(
            look_alikes["answered_right"] + look_alikes["answered_wrong"], n_alike
        ),
        by_group={
            "rewordings": {outcome: rewordings[outcome] for outcome in OUTCOMES},
            "look_alikes": {outcome: look_alikes[outcome] for outcome in OUTCOMES},
        },
    )
