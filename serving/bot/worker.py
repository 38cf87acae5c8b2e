"""Answers due conversations in the background; what is due stands in the store, so a crash loses nothing.

Answers, drafts and housekeeping have threads of their own: however much there is to learn from, a customer
waits for customers only.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.orm import Session

from model.types import Decision, Question
from serving.bot.lanes import Lane
from serving.bot.leases import Lease, Leases
from serving.bot.turn import BotTurn, read_turn, resolve_turn, store_decision, store_failure
from serving.contacts.retention import forget_old_people
from serving.conversations import repository
from serving.conversations.housekeeping import (
    assume_resolutions,
    forget_old,
    forget_unsent_files,
    wake_snoozed,
)
from serving.db.session import Database
from serving.db.tables import Message, now
from serving.queues.attendance import attend_queues
from serving.runtime.background import BackgroundThread
from serving.runtime.logs import kind_and_place
from serving.runtime.metrics import Metrics
from serving.settings import Settings

Learn = Callable[[Session, str, int], Callable[[Session], object] | None]
"""Drafts from an agent's reply without writing: session, conversation id, message id. What it gives stores
the draft; `None` when the reply teaches nothing."""

_LONGEST_PAUSE_SECONDS = 10.0
"""A look at the store without being told of anything, should nobody have told."""
_HOUSEKEEPING = "housekeeping"
_HOUSEKEEPING_SECONDS = 60.0
_WATCH_SECONDS = 600.0
_AT_ONCE = 100
_LEARNING_GIVES_UP = timedelta(days=1)
_log = structlog.get_logger(__name__)


class AnswerWorker:
    """Watches for due conversations and agents' replies; `start` and `stop` it, or call `run_once`."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        resolve: Callable[[Question], Decision],
        metrics: Metrics,
        *,
        learn: Learn | None = None,
        watch: Callable[[], object] | None = None,
        lease_seconds: float = 6.0,
    ) -> None:
        """`watch` is called every ten minutes, in each process.

        `lease_seconds`: after this time another process takes over the work of one that died.
        """
        self._database = database
        self._settings = settings
        self._resolve = resolve
        self._metrics = metrics
        self._learn = learn
        self._watch = watch
        self._leases = Leases(database, seconds=lease_seconds)
        self._thread = BackgroundThread(
            "answer-worker", self._submit_due, failed_event="worker_failed", store=database
        )
        self._lanes: tuple[Lane, Lane, Lane] | None = None
        self._next_housekeeping = 0.0
        self._next_watch = 0.0

    def start(self) -> None:
        """Begin; whatever is due already is picked up."""
        if self._lanes is None:
            wake = self._thread.wake
            self._lanes = (
                Lane("answer", self._settings.answer_threads, on_end=wake),
                Lane("answer-draft", 1, on_end=wake),
                Lane("answer-house", 1, on_end=wake),
            )
            self._next_watch = time.monotonic() + _HOUSEKEEPING_SECONDS  # what customers wait for comes first
            self._thread.start()

    def stop(self) -> None:
        """End; waits for the answers being written, leaves the others due."""
        self._thread.stop()
        for lane in self._lanes or ():
            lane.stop()
        self._lanes = None

    def run_once(self) -> int:
        """Do everything that is due now, in this thread; how many pieces of work were tried."""
        with self._database.reading() as session:
            due = repository.list_due(session, now(), limit=_AT_ONCE)
            learning = (
                list(repository.list_learning_due(session, now(), limit=_AT_ONCE)) if self._learn else []
            )
        for one in due:
            self.answer(one.conversation_id)
        for message_id in learning:
            self.learn_from(message_id)
        self.keep_house()
        return len(due) + len(learning)

    def answer(self, conversation_id: str) -> bool:
        """Take the bot's turn in one conversation; False when there was none to take, or another has it."""
        with self._leases.take(repository.answer_work(conversation_id)) as lease:
            if lease is None:
                return False
            with self._database.reading() as session:
                turn = read_turn(session, conversation_id, self._settings)
            return turn is not None and self._answer(turn, lease)

    def learn_from(self, message_id: int) -> None:
        """Draft a proposal from an agent's reply if it is due; a failure is tried again later, for a day.

        Drafting encodes texts, so it happens before the transaction: other writers must not wait for it.
        """
        with self._leases.take(repository.learning_work(message_id)) as lease:
            if lease is None:
                return
            with self._database.reading() as session:
                message = session.get(Message, message_id)
            if message is not None and message.learning_due_at and message.learning_due_at <= now():
                self._learn_from(message, message.learning_due_at, lease)

    def keep_house(self, *, rest_seconds: float = 0.0) -> None:
        """What must be done now and then, by one of the processes on the store; then by none for a while."""
        with self._leases.take(_HOUSEKEEPING) as lease:
            if lease is None:
                return
            wake_snoozed(self._database)
            assume_resolutions(self._database, self._settings)
            forget_old(self._database, self._settings)
            forget_unsent_files(self._database)
            forget_old_people(self._database, self._settings)
            attend_queues(self._database)
            with self._database.session() as session:
                lease.give_back(session, rest_seconds=rest_seconds)

    def _answer(self, turn: BotTurn, lease: Lease) -> bool:
        try:
            decision = resolve_turn(turn, self._resolve)
            with self._database.session() as session:
                stored = store_decision(session, turn, decision)
                lease.give_back(session)
        except Exception as error:
            return self._fail(turn, lease, error)
        if stored:
            self._metrics.count_decision(decision, channel="conversation")
            _log.info(
                "answered",
                conversation=turn.conversation_id,
                decision=decision.kind,
                reasons=decision.reasons,
                model=decision.model,
                milliseconds=decision.milliseconds.get("total"),
            )
        return stored

    def _fail(self, turn: BotTurn, lease: Lease, error: Exception) -> bool:
        _log.error("answering_failed", conversation=turn.conversation_id, **kind_and_place(error))
        self._metrics.count_failure()
        with self._database.session() as session:
            stored = store_failure(session, turn)
            lease.give_back(session)
        return stored

    def _learn_from(self, message: Message, due_at: datetime, lease: Lease) -> None:
        if self._learn is None:
            return
        try:
            with self._database.reading() as session:
                store = self._learn(session, message.conversation_id, message.id)
            with self._database.session() as session:
                if repository.claim_learning(session, message.id, due_at) and store is not None:
                    store(session)
                lease.give_back(session)
        except Exception as error:
            _log.error("learning_failed", message=message.id, **kind_and_place(error))
            self._postpone_learning(message, lease)

    def _postpone_learning(self, message: Message, lease: Lease) -> None:
        age = now() - message.created_at
        pause = max(timedelta(seconds=5), age)  # doubles the age at every try
        with self._database.session() as session:
            row = session.get(Message, message.id)
            if row is not None and row.learning_due_at == message.learning_due_at:
                row.learning_due_at = None if age > _LEARNING_GIVES_UP else now() + pause
            lease.give_back(session)

    def _submit_due(self) -> float:
        """Give the lanes what is due; the seconds until more falls due."""
        if self._lanes is None:
            return _LONGEST_PAUSE_SECONDS
        answers, drafts, house = self._lanes
        self._leases.renew()
        with self._database.reading() as session:
            due = repository.list_due(session, now(), limit=_AT_ONCE)
            learning = (
                list(repository.list_learning_due(session, now(), limit=_AT_ONCE)) if self._learn else []
            )
        for one in due:
            answer = partial(self.answer, one.conversation_id)
            answers.submit(one.conversation_id, answer, crowd=one.contact_id)
        for message_id in learning:
            drafts.submit(str(message_id), partial(self.learn_from, message_id))
        if time.monotonic() >= self._next_housekeeping:
            self._next_housekeeping = time.monotonic() + _HOUSEKEEPING_SECONDS
            house.submit("", partial(self.keep_house, rest_seconds=_HOUSEKEEPING_SECONDS - 10))
        if self._watch is not None and time.monotonic() >= self._next_watch:
            self._next_watch = time.monotonic() + _WATCH_SECONDS
            house.submit("watch", self._watch)
        return self._pause_seconds()

    def _pause_seconds(self) -> float:
        """Until something falls due; one second while something due is being worked on, here or elsewhere."""
        with self._database.reading() as session:
            due = repository.next_due(session)
        pauses = [_LONGEST_PAUSE_SECONDS, self._next_housekeeping - time.monotonic()]
        if due is not None and due > now() + repository.LONGEST_PAUSE:
            with self._database.session() as session:
                repository.bring_forward(session, now())
                due = repository.next_due(session)
        if self._watch is not None:
            pauses.append(self._next_watch - time.monotonic())
        if due is not None:
            waits = (due - now()).total_seconds()
            pauses.append(waits if waits > 0 else 1.0)
        if self._leases.renew_seconds is not None:
            pauses.append(self._leases.renew_seconds)
        return max(0.0, min(pauses))
