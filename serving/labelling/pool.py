"""What to label next among the customers' first questions, read once and kept in memory; writes nothing.

Reading 10,000 questions takes the encoder half a minute and more. It is done when somebody first asks, in a
thread that leaves customers half of its time; from then on only what is new is read, or all of it for another
model set.
"""

import threading
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from model.errors import FirstlastError, NotReadyError
from model.interfaces import ProgressBar
from serving.db.session import Database
from serving.labelling import repository
from serving.labelling.questions import ReadQuestions, Rows
from serving.labelling.ranking import Choice, choose, nearly_same, spoken_for
from serving.runtime.in_service import ResolverBox
from serving.runtime.logs import kind_and_place

MOST_QUESTIONS = 10_000
"""The newest so many are considered, and a quarter more before the oldest are dropped."""
SAME_ABOVE = 0.9
"""Cosine from which a question asks the same as another: 96 % of such pairs have one intent on BANKING77, 99
% on CLINC150; from .8 on 84 and 97 % (decision record 0033)."""
_BLOCK = 256
"""Questions after whose reading the list is brought up to date."""
_BATCH = 32
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the questions that are new are read."""

    read: int = 0
    of: int = 0
    done: bool = False
    """Whether all are read, and the list is complete."""


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """A question that stands for others, and what the bot reads in it."""

    decision_ids: tuple[int, ...]
    """Whenever it was asked in these words, oldest first."""
    same: tuple[int, ...]
    """Decisions on questions that ask the same in other words, the nearest first."""
    alike: int
    """Unlabelled questions that it speaks for better than the other groups do, itself among them."""
    gain: float
    """Questions that the bot is expected to read wrongly and that it speaks for: see `ranking`."""
    new_topic: bool
    """Whether the bot finds none of its intents in it."""
    guesses: Mapping[str, float]
    """The likeliest intents with their probabilities, the likeliest first; none before any are trained."""


@dataclass(frozen=True, slots=True)
class NextGroups:
    """What to label next, the greatest gain first."""

    groups: tuple[QuestionGroup, ...]
    unlabelled: int
    labelled: int
    """Questions considered; one in the words of a labelled one counts as labelled."""


class QuestionPool:
    """Questions in memory, without their texts; safe to use from several threads."""

    def __init__(self, database: Database, box: ResolverBox) -> None:
        self._database = database
        self._box = box
        self._questions = ReadQuestions()
        self._spoken: _Spoken | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._refreshing = threading.Lock()
        self._give_up = threading.Event()
        self._problem: FirstlastError | None = None
        self.reading = Reading()
        """How far the latest reading is."""

    @property
    def oldest(self) -> int:
        """The least decision id that is considered."""
        return self._questions.oldest

    def catch_up(self, *, wait_seconds: float) -> None:
        """Read what is new in a thread, and wait for it no longer than this.

        Raises what ended a reading early, such as `NotReadyError` while there is no model set; the next call
        tries again.
        """
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._problem = None
                self.reading = Reading()
                self._give_up.clear()
                self._thread = threading.Thread(target=self._read_quietly, name="labelling", daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(wait_seconds)
        if self._problem is not None:
            raise self._problem

    def stop(self) -> None:
        """End a reading under way; a later `catch_up` goes on with it."""
        self._give_up.set()
        with self._starting:
            thread = self._thread
        if thread is not None:
            thread.join()

    def refresh(
        self, *, progress: ProgressBar = lambda _done, _total: None, considerate: bool = False
    ) -> None:
        """Read what is new, or everything where another model set read it before.

        A `considerate` reading pauses after each batch for as long as the batch took, and ends when `stop`
        says so.
        """
        with self._refreshing:
            version = self._box.version
            if self._questions.model != version:
                self._questions = ReadQuestions(model=version)
            with self._database.reading() as session:
                new = repository.first_questions(session, after=self._questions.newest, limit=MOST_QUESTIONS)
            self.reading = Reading(of=len(new))
            for begin in range(0, len(new), _BLOCK):
                if not self._read(new[begin : begin + _BLOCK], version, considerate=considerate):
                    return  # what is read stays, unless another set has come: then all is read again
                self.reading = Reading(min(begin + _BLOCK, len(new)), len(new))
                progress(self.reading.read, self.reading.of)
            if int(self._questions.asked.sum()) > MOST_QUESTIONS * 5 // 4:
                self._questions = self._questions.newest_only(MOST_QUESTIONS)
            self.reading = Reading(len(new), len(new), done=True)

    def next_groups(self, labelled: Set[int], *, n: int) -> NextGroups:
        """The `n` groups to label next, given the decisions that have a person's label.

        Fewer where no other question would gain anything.
        """
        questions = self._questions
        is_labelled, rows = questions.are_labelled(labelled), questions.rows
        left = np.where(is_labelled, 0, questions.asked).astype(np.float32)
        found = choose(
            rows.vectors,
            left * rows.errors,
            most=np.where(is_labelled, 0, rows.most).astype(np.float32),
            known=self._spoken_for(questions, is_labelled),
            n=n,
        )
        alike = [int(left[found.spoken_for == place].sum()) for place in range(len(found.chosen))]
        groups = [
            _group(questions, choice, count, ~is_labelled)
            for choice, count in zip(found.chosen, alike, strict=True)
        ]
        total, unlabelled = int(questions.asked.sum()), int(left.sum())
        return NextGroups(tuple(groups), unlabelled, total - unlabelled)

    def _read(self, new: list[tuple[int, str]], version: str | None, *, considerate: bool) -> bool:
        """Read these in batches; whether nobody said to stop, and they were read by this set."""
        rows = Rows.none()
        labels: tuple[str, ...] = ()
        for begin in range(0, len(new), _BATCH):
            if self._give_up.is_set() or self._box.version != version:
                return False
            started = time.perf_counter()
            read = self._box.read_intents([text for _, text in new[begin : begin + _BATCH]])
            rows = rows.beside(Rows.of(read))
            labels = read.labels
            if considerate:
                self._give_up.wait(time.perf_counter() - started)
        if self._box.version != version:
            return False
        self._questions = self._questions.with_more(new, rows, labels)
        return True

    def _read_quietly(self) -> None:
        try:
            self.refresh(considerate=True)
        except FirstlastError as error:
            self._problem = error
        except Exception as error:  # the store may be away: who asks must hear of it, without its words
            _log.error("labelling_failed", **kind_and_place(error))
            self._problem = NotReadyError("the questions could not be read; see the server's log, try again")

    def _spoken_for(self, questions: ReadQuestions, is_labelled: NDArray[np.bool_]) -> NDArray[np.float32]:
        """How far what is labelled speaks for each row; only what was labelled since is compared anew."""
        spoken = self._spoken
        if spoken is None or spoken.questions is not questions or (spoken.labelled & ~is_labelled).any():
            rows = len(is_labelled)
            spoken = _Spoken(questions, np.zeros(rows, np.bool_), np.zeros(rows, np.float32))
        vectors = questions.rows.vectors
        added = spoken_for(vectors, vectors[is_labelled & ~spoken.labelled])
        self._spoken = _Spoken(questions, is_labelled, np.maximum(spoken.likeness, added))
        return self._spoken.likeness


@dataclass(frozen=True, slots=True, eq=False)
class _Spoken:
    """How far the labelled rows of some questions speak for each."""

    questions: ReadQuestions
    labelled: NDArray[np.bool_]
    likeness: NDArray[np.float32]


def _group(
    questions: ReadQuestions, choice: Choice, alike: int, candidates: NDArray[np.bool_]
) -> QuestionGroup:
    rows = questions.rows
    same = nearly_same(rows.vectors, choice.row, candidates, above=SAME_ABOVE)
    return QuestionGroup(
        decision_ids=questions.ids[choice.row],
        same=tuple(decision_id for row in same for decision_id in questions.ids[row]),
        alike=alike,
        gain=choice.gain,
        new_topic=bool(rows.out_of_scope[choice.row]),
        guesses=questions.named_guesses(choice.row),
    )
