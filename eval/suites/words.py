"""Whether the words shown answer, at once or after a pick among the choices; changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

import structlog

from eval.data.facts import groups_met
from eval.data.words import WORDS_KINDS, WordsQuestion
from eval.results import Figure, SuiteResult, Track, figures_json, untracked
from model.errors import DataError
from model.types import Decision, Offered, Question, Source, Turn
from serving.runtime.in_service import QuestionResolver

Outcome = Literal[
    "answered_words_right",
    "answered_half",
    "answered_words_wrong",
    "answered_wrong_article",
    "picked_words_right",
    "picked_half",
    "picked_words_wrong",
    "picked_handed_over",
    "clarified_without",
    "handed_over",
    "smalltalk",
    "failed",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_ANSWERED = frozenset(OUTCOMES[:4])
_MOST_PICKS = 3

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WordsItem:
    """What became of one message."""

    id: str
    text: str
    kind: str
    outcome: Outcome
    shown: str
    """Every text shown as an answer, in order."""
    refs: tuple[str, ...]
    """The answers they are of."""
    choices: tuple[str, ...]
    """What the bot offered when it asked back."""
    confidence: float | None
    """Of the first decision's best candidate."""
    reasons: tuple[str, ...]
    """Of the first decision."""
    is_answerable: bool
    """Whether anything answers it."""


@dataclass(frozen=True, slots=True)
class WordsFigures:
    """Shares of the answerable messages, unless said otherwise.

    - `self_served`: the right words came at once, or after a pick of a right choice.
    - `answered_words_right`, `answered_words_wrong` (the right answer's wrong words),
      `answered_wrong_article`: at once. `picked_words_right`, `picked_words_wrong`, `picked_handed_over`:
      after the pick. `clarified_without`: asked back, nothing right among the choices. `handed_over`.
    - `wrong_among_answered`: of all answers given at once, to messages of any kind, those whose words do not
      answer, with the exact interval; half an answer to two questions is none of them.
    - `look_alikes_answered`: of the messages that nothing answers (near misses, negations, out of scope).
    - `two_questions_served`: of the messages with two questions, those with both answered.
    - `by_kind`: numbers of messages by kind and outcome.
    """

    n: int
    n_answerable: int
    self_served: Figure
    answered_words_right: Figure
    answered_words_wrong: Figure
    answered_wrong_article: Figure
    picked_words_right: Figure
    picked_words_wrong: Figure
    picked_handed_over: Figure
    clarified_without: Figure
    handed_over: Figure
    n_answered: int
    wrong_among_answered: Figure
    look_alikes_answered: Figure
    two_questions_served: Figure
    by_kind: Mapping[str, Mapping[str, int]]


def run(
    questions: Sequence[WordsQuestion], *, resolver: QuestionResolver, track: Track = untracked
) -> SuiteResult:
    """Asks each message as the first of an unknown customer, who picks the first right choice if asked back.

    The pick is put to the resolver as the messenger sends it: the choice's title, with what was said before.
    Raises `DataError` without messages.
    """
    if not questions:
        raise DataError("there are no questions to ask; give a file that holds some")
    items = tuple(_asked(question, resolver) for question in track(questions, doing="Asking"))
    return SuiteResult(figures_json(figures_of(items)), tuple(asdict(item) for item in items))


def figures_of(items: Sequence[WordsItem]) -> WordsFigures:
    """The figures of what became of the messages."""
    by_kind = {kind: Counter(item.outcome for item in items if item.kind == kind) for kind in WORDS_KINDS}
    answerable = by_kind["answerable"]
    n = answerable.total()
    answered = [item for item in items if item.outcome in _ANSWERED]
    wrong = sum(item.outcome in {"answered_words_wrong", "answered_wrong_article"} for item in answered)
    unanswerable = [item for item in items if item.outcome != "failed" and not item.is_answerable]
    two = by_kind["two_questions"]

    def share(*outcomes: Outcome) -> Figure:
        return Figure.share(sum(answerable[outcome] for outcome in outcomes), n)

    return WordsFigures(
        n=len(items),
        n_answerable=n,
        self_served=share("answered_words_right", "picked_words_right"),
        answered_words_right=share("answered_words_right"),
        answered_words_wrong=share("answered_words_wrong", "answered_half"),
        answered_wrong_article=share("answered_wrong_article"),
        picked_words_right=share("picked_words_right"),
        picked_words_wrong=share("picked_words_wrong", "picked_half"),
        picked_handed_over=share("picked_handed_over"),
        clarified_without=share("clarified_without"),
        handed_over=share("handed_over"),
        n_answered=len(answered),
        wrong_among_answered=Figure.promise(wrong, len(answered)),
        look_alikes_answered=Figure.share(
            len([item for item in unanswerable if item.outcome in _ANSWERED]), len(unanswerable)
        ),
        two_questions_served=Figure.share(
            two["answered_words_right"] + two["picked_words_right"], two.total()
        ),
        by_kind={
            kind: {outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]}
            for kind, counts in by_kind.items()
            if counts
        },
    )


@dataclass(slots=True)
class _Conversation:
    """A customer with the bot, for as long as there is something right to pick."""

    question: WordsQuestion
    resolver: QuestionResolver
    history: list[Turn] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)

    def ask(self, text: str, chosen_ref: str | None = None, clarifications: int = 0) -> Decision:
        """The decision on the next message, which is said by it."""
        decision = self.resolver.resolve(
            Question(text, history=tuple(self.history), chosen_ref=chosen_ref, clarifications=clarifications)
        )
        self.history += [
            Turn("customer", text),
            Turn("bot", decision.answer, _offered(decision.choices), _offered(decision.sources)),
        ]
        if decision.kind == "answer":
            self.shown.append(decision.answer)
            self.refs.extend(source.ref for source in decision.sources)
        return decision

    @property
    def met(self) -> int:
        """How many of the question's facts have been shown, by answers that are right."""
        if self.question.refs.isdisjoint(self.refs):
            return 0
        return groups_met("\n".join(self.shown), self.question.facts)

    def next_choice(self, decision: Decision) -> Source | None:
        """The first right choice not given yet."""
        return next(
            (
                choice
                for choice in decision.choices
                if choice.ref in self.question.refs and choice.ref not in self.refs
            ),
            None,
        )


def _offered(sources: Sequence[Source]) -> tuple[Offered, ...]:
    return tuple(Offered(source.ref, source.title) for source in sources)


def _asked(question: WordsQuestion, resolver: QuestionResolver) -> WordsItem:
    conversation = _Conversation(question, resolver)
    try:
        first = conversation.ask(question.text)
        outcome = _outcome(conversation, first)
    except Exception as raised:  # whatever goes wrong for one question, the others are still asked
        _log.error("question_failed", id=question.id, exception=repr(raised))
        return WordsItem(
            question.id, question.text, question.kind, "failed", "", (), (), None, (), bool(question.refs)
        )
    return WordsItem(
        question.id,
        question.text,
        question.kind,
        outcome,
        "\n\n".join(conversation.shown),
        tuple(conversation.refs),
        tuple(choice.ref for choice in first.choices) if first.kind == "clarify" else (),
        first.confidence,
        first.reasons,
        bool(question.refs),
    )


def _outcome(conversation: _Conversation, first: Decision) -> Outcome:
    """What became of the message, when all right choices are picked until its facts are shown."""
    question = conversation.question
    if first.kind == "smalltalk":
        return "smalltalk"
    if first.kind not in ("answer", "clarify"):
        return "handed_over"
    last = first
    for _ in range(_MOST_PICKS):
        choice = conversation.next_choice(last)
        if choice is None or conversation.met == len(question.facts):
            break
        last = conversation.ask(choice.title, choice.ref, clarifications=1)
    met, wanted = conversation.met, len(question.facts)
    if first.kind == "answer":
        if question.refs.isdisjoint(conversation.refs):
            return "answered_wrong_article"
        return "answered_words_right" if met == wanted else _half(question, met, "answered")
    if last is first:
        return "clarified_without"
    if last.kind != "answer" and not conversation.shown:
        return "picked_handed_over"
    return "picked_words_right" if met == wanted else _half(question, met, "picked")


def _half(question: WordsQuestion, met: int, how: Literal["answered", "picked"]) -> Outcome:
    if question.kind == "two_questions" and met:
        return "answered_half" if how == "answered" else "picked_half"
    return "answered_words_wrong" if how == "answered" else "picked_words_wrong"
