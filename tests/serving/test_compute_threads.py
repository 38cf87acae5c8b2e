"""How many threads matrices are computed with: one while a server serves, all before and after."""

import signal
import threading
from pathlib import Path

import faiss
from httpx2 import Client
from threadpoolctl import threadpool_info, threadpool_limits

from knowledge.index.chunking import learned_answer_passages
from model.types import Decision, Question
from serving.runtime.assembly import Runtime, build_runtime
from serving.server import serve
from serving.settings import Settings
from tests.serving.parts import Customer
from tests.serving.rules import HashReader, RuleResolver
from tests.stores import sqlite_url


def blas_threads() -> set[int]:
    """What each BLAS library of NumPy's kind, which keeps one pool for the process, computes with."""
    return {
        pool["num_threads"]
        for pool in threadpool_info()
        if pool["user_api"] == "blas" and pool["threading_layer"] == "pthreads"
    }


class Watching(RuleResolver):
    """Searches as the real one does, and notes what it is computed with."""

    def __init__(self) -> None:
        super().__init__()
        self.blas: list[set[int]] = []
        self.faiss: list[int] = []
        self.threads: list[threading.Thread] = []
        self.runtime: Runtime | None = None

    def resolve(self, question: Question) -> Decision:
        assert self.runtime is not None
        knowledge = self.runtime.knowledge
        knowledge.index.search(question.text, knowledge.encoder.encode_one(question.text), top_k=3)
        self.blas.append(blas_threads())
        self.faiss.append(faiss.omp_get_max_threads())
        self.threads.append(threading.current_thread())
        return super().resolve(question)


def test_a_server_computes_with_one_thread_a_request_and_training_with_all(tmp_path: Path) -> None:
    resolver = Watching()
    url, secret = sqlite_url(tmp_path), "a secret key for tests, 32 or more"
    settings = Settings(home=tmp_path, database_url=url, secret_key=secret, port=0)
    runtime = resolver.runtime = build_runtime(settings, encoder=HashReader(), resolver=resolver)
    runtime.index.put({"learned_answer:1": learned_answer_passages(1, "Do refunds work?", "Yes.", [])})
    statuses: list[int] = []

    def ask(address: str) -> None:
        try:
            with Client(base_url=address, timeout=30) as client:
                answer = Customer(client).post("/v1/ask", {"question": "how do refunds work?"})
                statuses.append(answer.status_code)
        finally:
            signal.raise_signal(signal.SIGTERM)

    with threadpool_limits(3):  # as on a machine with three cores
        assert blas_threads() == {3}
        serve(runtime, on_ready=lambda address: threading.Thread(target=ask, args=(address,)).start())
        assert blas_threads() == {3}
    assert statuses == [200]
    assert threading.main_thread() not in resolver.threads
    assert resolver.blas == [{1}]
    assert resolver.faiss == [1]
