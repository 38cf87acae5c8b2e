"""A process of its own with a running worker, which logs whatever it is asked to think about."""

import os
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy.orm import Session

from model.types import Decision, Question
from serving.bot.worker import AnswerWorker
from serving.db.session import Database
from serving.runtime.metrics import Metrics
from serving.settings import Settings
from tests.serving.rules import RuleResolver


def run(address: str, log: str, how: str, lease_seconds: float, line: Connection) -> None:
    """Work on the store at the address until whoever holds the other end of the line is gone.

    `how` is `hang` to think for ever, or `work`.
    """
    rules = RuleResolver()

    def note(line: str) -> None:
        with Path(log).open("a") as file:
            file.write(f"{os.getpid()} {line}\n")

    def resolve(question: Question) -> Decision:
        note(f"answer {question.text}")
        time.sleep(3600 if how == "hang" else 0.2)
        return rules.resolve(question)

    def learn(_session: Session, _conversation_id: str, message_id: int) -> None:
        note(f"learn {message_id}")
        time.sleep(0.2)

    settings = Settings(home=Path(log).parent, database_url=address, secret_key="s" * 32, answer_threads=2)
    worker = AnswerWorker(
        Database(address), settings, resolve, Metrics(), learn=learn, lease_seconds=lease_seconds
    )
    worker.start()
    note("started")
    with suppress(EOFError):
        line.recv()
    worker.stop()
