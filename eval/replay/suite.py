"""Questions arrive one by one at a bot that knows nothing; people answer what it cannot, and it learns.

The bot's own resolver decides and the product's own learning writes; only customers and people are simulated.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledText
from eval.replay.figures import Outcome, ReplayItem, charts_of, figures_of
from eval.replay.nearest_cache import cache_runs
from eval.replay.simulated_team import Team
from eval.results import SuiteResult, Track, untracked
from eval.suites.answers import AnsweringResolver
from knowledge.index.knowledge_index import KnowledgeIndex
from model.errors import DataError
from model.interfaces import Reader
from model.model_set import ModelSet
from model.reasons import Reason
from model.types import Decision, Question
from model.understanding.follow_up import sentences

_FEWEST_NEW = 50
_GROWTH = 1.25
_ENCODED_AT_ONCE = 256

_log = structlog.get_logger(__name__)


Refit = Callable[[Session, ModelSet, KnowledgeIndex], ModelSet]
"""Fits the bot's confidence on what its store has seen approved; gives the set as it should answer from now
on, the same one while there is too little to learn from."""
OpenBot = Callable[[ModelSet, KnowledgeIndex], AnsweringResolver]
"""Gives the resolver of a model set over the knowledge."""


def run(
    stream: Sequence[LabelledText],
    *,
    encoder: Reader,
    models: ModelSet,
    open_bot: OpenBot,
    refit: Refit,
    track: Track = untracked,
) -> SuiteResult:
    """Asks the questions in order; `models` is what the bot starts with, its knowledge is empty.

    An answer of the bot's own accord is right when it is the learned answer of the label. When it asks back,
    the customer picks the right choice if it is offered, and the question becomes a phrasing of it. In every
    other case a person answers: with a new learned answer, or the question becomes a phrasing of the known
    one. Answers given, right or wrong, teach nothing, since nobody said so. Each time what was learned has
    grown by a quarter, and by 50 at least, the confidence is fitted anew by `refit`.

    The figures and curves are those of `eval.replay.figures`. Raises `DataError` for an empty stream.
    """
    if not stream:
        raise DataError('the stream is empty; give a file of {"text", "label"} rows in order of arrival')
    _read_ahead(stream, encoder, track)
    scratch = TemporaryDirectory(prefix="firstlast-replay-")
    with scratch as folder, closing(Team(Path(folder), encoder)) as team:
        replay = _Replay(team, models, open_bot, refit)
        items = [
            replay.ask(number, row) for number, row in enumerate(track(stream, doing="Replaying"), start=1)
        ]
    runs = cache_runs(encoder.encode([row.text for row in stream]), [row.label for row in stream])
    return SuiteResult(
        figures=figures_of(items, runs) | {"refits": replay.refits, **replay.promise()},
        items=tuple(asdict(item) for item in items),
        charts=charts_of(items, runs),
    )


class _Replay:
    """The bot with its team: asks a question, lets it be answered, and learns."""

    def __init__(self, team: Team, models: ModelSet, open_bot: OpenBot, refit: Refit) -> None:
        self.refits = 0
        self._team = team
        self._models = models
        self._open_bot = open_bot
        self._refit = refit
        self._bot = open_bot(models, team.index)
        self._learned = 0
        self._due = _FEWEST_NEW

    def ask(self, number: int, row: LabelledText) -> ReplayItem:
        """What becomes of the question; the bot knows more afterwards."""
        right = self._team.ref(row.label)
        decision, error = self._decide(row.text)
        outcome = _outcome(decision, right)
        ref = decision.sources[0].ref if decision is not None and decision.kind == "answer" else None
        threshold = self._bot.thresholds["learned_answer"].value
        learned = self._learn(row, outcome)
        return ReplayItem(
            number=number,
            text=row.text,
            label=row.label,
            outcome=outcome,
            is_new=right is None,
            learned=learned,
            ref=right if outcome == "picked" else ref,
            confidence=decision.confidence if decision else None,
            threshold=threshold,
            reasons=decision.reasons if decision else (Reason.BOT_ERROR,),
            error=error,
        )

    def promise(self) -> dict[str, float | bool]:
        """The risk budget, and the threshold that the bot ended with."""
        last = self._bot.thresholds["learned_answer"]
        return {"threshold": last.value, "risk": last.risk, "guaranteed": last.guaranteed}

    def _decide(self, text: str) -> tuple[Decision | None, str | None]:
        try:
            return self._bot.resolve(Question(text)), None
        except Exception as raised:  # whatever goes wrong, a person takes the question and others go on
            _log.error("question_failed", exception=type(raised).__name__)
            return None, repr(raised)

    def _learn(self, row: LabelledText, outcome: Outcome) -> bool:
        if outcome in ("answered", "wrong"):
            return False
        learned = self._team.pick(row) if outcome == "picked" else self._team.answer(row)
        self._learned += learned
        if self._learned < self._due:
            return learned
        self._due = int(max(self._learned * _GROWTH, self._learned + _FEWEST_NEW))
        with self._team.database.reading() as session:
            models = self._refit(session, self._models, self._team.index)
        if models is not self._models:
            self.refits += 1
            self._bot = self._open_bot(models, self._team.index)
        return learned


def _outcome(decision: Decision | None, right: str | None) -> Outcome:
    if decision is None:
        return "failed"
    if decision.kind == "answer":
        return "answered" if decision.sources[0].ref == right else "wrong"
    if decision.kind == "clarify":
        offered = right in [choice.ref for choice in decision.choices]
        return "picked" if offered else "asked_back_in_vain"
    return "handed_over"


def _read_ahead(stream: Sequence[LabelledText], encoder: Reader, track: Track) -> None:
    """Lets an encoder that remembers read everything in large batches, which is faster than one by one."""
    texts = list(dict.fromkeys(text for row in stream for text in (row.text, *sentences(row.text))))
    starts = range(0, len(texts), _ENCODED_AT_ONCE)
    for start in track(starts, doing="Reading"):
        encoder.read(texts[start : start + _ENCODED_AT_ONCE])
