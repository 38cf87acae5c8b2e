"""A process of its own with a running worker, which logs whatever it is asked to think about.

Arguments: address of the store, file of the log, `hang` to think for ever or `work`, seconds of a lease.
It ends when its standard input does.
"""

import os
import sys
import time
from pathlib import Path

from sqlalchemy.orm import Session

from model.types import Decision, Question
from serving.bot.worker import AnswerWorker
from serving.db.session import Database
from serving.runtime.metrics import Metrics
from serving.settings import Settings
from tests.serving.rules import RuleResolver


def main(address: str, log: str, how: str) -> None:
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
        Database(address), settings, resolve, Metrics(), learn=learn, lease_seconds=float(sys.argv[4])
    )
    worker.start()
    note("started")
    sys.stdin.read()
    worker.stop()


main(*sys.argv[1:4])
