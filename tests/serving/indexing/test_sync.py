"""The index follows the store: live, across restarts, and after a crash at any point."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from knowledge.index import chunking, snapshots
from model.types import Vectors
from serving.articles import service
from serving.db.session import Database
from serving.db.tables import Article, KnowledgeChange, now
from serving.indexing import stored_knowledge
from serving.indexing.sync import KnowledgeSync, PendingRefs
from serving.learned_answers import service as learned_service
from tests.serving.stand import PAUSING, REFUNDS, SCHOOLS, Stand, best_ref, wait_until
from tests.stores import sqlite_url

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not depend on the kind of store."""


class CountingEncoder:
    """The real encoder, counting the texts it is given."""

    def __init__(self, encoder: object) -> None:
        self._encoder = encoder
        self.texts = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode(self, texts: list[str]) -> Vectors:
        self.texts += len(texts)
        return self._encoder.encode(texts)  # type: ignore[attr-defined, no-any-return]


def restarted(stand: Stand) -> tuple[KnowledgeSync, CountingEncoder, list[dict[str, object]]]:
    """Another process on the same store and folder: its sync, what it encoded and logged at the start."""
    encoder = CountingEncoder(stand.encoder)
    sync = KnowledgeSync(stand.database, encoder)  # type: ignore[arg-type]
    with capture_logs() as logs:
        sync.load_or_rebuild(stand.folder)
    return sync, encoder, [dict(line) for line in logs]


def rebuilt_because(logs: list[dict[str, object]]) -> str:
    [line] = [line for line in logs if line["event"] == "index_rebuilding"]
    return str(line["reason"])


def assert_equals_store(sync: KnowledgeSync) -> None:
    with sync._database.reading() as session:
        hashes = stored_knowledge.read_hashes(session, now())
        items = stored_knowledge.read_items(session, hashes, now())
    assert sync.index.refs() == frozenset(hashes)
    for ref, item in items.items():
        assert sync.index.passages_of(ref) == item.passages


@pytest.fixture
def other(stand: Stand) -> Iterator[KnowledgeSync]:
    """A second process that follows the same store."""
    sync = KnowledgeSync(stand.database, stand.encoder)
    sync.load_or_rebuild(stand.folder)
    sync.start()
    yield sync
    sync.stop()


def test_an_approval_is_found_in_every_process_without_a_restart(stand: Stand, other: KnowledgeSync) -> None:
    stand.sync.start()
    message = stand.say(("customer", "is rain water ok"), ("agent", "Yes, if filtered."))
    proposal = stand.drafted(message)

    learned_id = stand.approve(proposal)

    ref = f"learned_answer:{learned_id}"
    for index in (stand.index, other.index):
        wait_until(lambda index=index: ref in index.refs())  # type: ignore[misc]
        assert best_ref(index, stand.encoder, "may I use rain water?") == ref


def test_retiring_and_editing_reach_every_process(stand: Stand, other: KnowledgeSync) -> None:
    stand.load(REFUNDS, PAUSING)
    wait_until(lambda: len(other.index.refs()) == 2)

    with stand.database.session() as session:
        service.retire(session, "pausing")
        service.edit(session, replace(REFUNDS, body="Within 90 days."))

    wait_until(lambda: other.index.refs() == {"article:billing/refunds"})
    wait_until(lambda: "90 days" in other.index.passages_of("article:billing/refunds")[1].text)


def test_a_retired_article_is_no_longer_found(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING)
    assert stand.best("pause my plan") == "article:pausing"

    with stand.database.session() as session:
        service.retire(session, "pausing")

    assert stand.best("pause my plan") == "article:billing/refunds"


def test_an_answer_leaves_when_it_expires_and_returns_when_extended(stand: Stand) -> None:
    learned_id = stand.learn("Is there a spring sale?", "Yes, 20 % off.")
    ref = f"learned_answer:{learned_id}"
    expires = now() + timedelta(seconds=2)  # long enough for a busy machine to see it before
    with stand.database.session() as session:
        learned_service.set_valid_until(session, learned_id, expires)
    stand.follow()
    assert ref in stand.index.refs()
    stand.sync.start()

    wait_until(lambda: ref not in stand.index.refs())
    assert 0 <= (now() - expires).total_seconds() < 1.0

    with stand.database.session() as session:
        learned_service.set_valid_until(session, learned_id, now() + timedelta(days=1))
    wait_until(lambda: ref in stand.index.refs())


@on_sqlite
def test_a_restart_reads_the_snapshot_and_encodes_nothing(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING, SCHOOLS)
    stand.follow()
    stand.sync.save(stand.folder)

    sync, encoder, logs = restarted(stand)

    assert encoder.texts == 0
    assert [line["event"] for line in logs if line["event"] == "index_rebuilding"] == []
    assert_equals_store(sync)


def test_a_restart_catches_up_with_what_changed_meanwhile(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING)
    learned_id = stand.learn("Rain water?", "Fine.")
    stand.follow()
    stand.sync.save(stand.folder)
    stand.load(replace(REFUNDS, body="Within 90 days."))
    with stand.database.session() as session:
        learned_service.edit(session, learned_id, phrasings=["may I pour rain water"])

    sync, encoder, _ = restarted(stand)

    assert 0 < encoder.texts <= 4
    assert sync.index.refs() == {"article:billing/refunds", f"learned_answer:{learned_id}"}
    assert_equals_store(sync)


def test_a_change_nobody_logged_is_noticed_at_the_next_start(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING)
    stand.follow()
    stand.sync.save(stand.folder)
    with stand.database.session() as session:
        session.query(Article).filter(Article.slug == "pausing").update({"status": "retired"})

    sync, _, _ = restarted(stand)

    assert sync.index.refs() == {"article:billing/refunds"}


@on_sqlite
def test_the_first_index_is_built_and_nothing_looks_like_a_fault(stand: Stand, tmp_path: Path) -> None:
    stand.load(REFUNDS)
    stand.folder = tmp_path / "another place"

    sync, _, logs = restarted(stand)

    assert {line["log_level"] for line in logs} == {"info"}
    assert logs[0]["event"] == "index_building"
    assert_equals_store(sync)
    assert rebuilt_nothing(restarted(stand)[2])


def rebuilt_nothing(logs: list[dict[str, object]]) -> bool:
    return all(line["event"] not in ("index_rebuilding", "index_building") for line in logs)


@on_sqlite
def test_a_damaged_snapshot_is_rebuilt_and_the_log_says_so(stand: Stand) -> None:
    stand.load(REFUNDS)
    stand.follow()
    stand.sync.save(stand.folder)
    vectors = stand.folder / "vectors.safetensors"
    data = bytearray(vectors.read_bytes())
    data[-1] ^= 1
    vectors.write_bytes(bytes(data))

    sync, _, logs = restarted(stand)

    assert "is damaged" in rebuilt_because(logs)
    assert_equals_store(sync)
    assert rebuilt_nothing(restarted(stand)[2])


@on_sqlite
def test_a_stale_snapshot_is_rebuilt_and_the_log_says_so(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.load(REFUNDS)
    stand.follow()
    stand.sync.save(stand.folder)
    monkeypatch.setattr(snapshots, "CHUNKER_VERSION", chunking.CHUNKER_VERSION + " and newer")

    sync, _, logs = restarted(stand)

    assert "is stale" in rebuilt_because(logs)
    assert_equals_store(sync)


@on_sqlite
def test_a_snapshot_of_another_encoder_is_rebuilt_and_the_log_says_so(stand: Stand) -> None:
    stand.load(REFUNDS)
    stand.follow()
    stand.sync.save(stand.folder)
    encoder = CountingEncoder(stand.encoder)
    encoder.fingerprint = "another"  # type: ignore[attr-defined]
    sync = KnowledgeSync(stand.database, encoder)  # type: ignore[arg-type]

    with capture_logs() as logs:
        sync.load_or_rebuild(stand.folder)

    assert "is foreign" in rebuilt_because([dict(line) for line in logs])
    assert_equals_store(sync)


@on_sqlite
def test_a_snapshot_of_another_store_is_brought_to_this_one(stand: Stand, tmp_path: Path) -> None:
    stand.load(REFUNDS, SCHOOLS)
    stand.follow()
    stand.sync.save(stand.folder)
    (tmp_path / "foreign").mkdir()
    foreign = Database(sqlite_url(tmp_path / "foreign"))
    foreign.migrate()
    with foreign.session() as session:
        service.create(session, PAUSING)
    sync = KnowledgeSync(foreign, stand.encoder)

    sync.load_or_rebuild(stand.folder)

    assert sync.index.refs() == {"article:pausing"}
    assert_equals_store(sync)
    foreign.close()


@on_sqlite
def test_a_crash_between_two_saves_still_finds_its_snapshot(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.load(REFUNDS)
    stand.follow()
    stand.sync.save(stand.folder)
    stand.load(REFUNDS, PAUSING)
    stand.follow()
    monkeypatch.setattr(snapshots, "write", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stand.sync.save(stand.folder)
    monkeypatch.undo()

    sync, encoder, logs = restarted(stand)

    assert rebuilt_nothing(logs)
    assert encoder.texts < 4
    assert_equals_store(sync)


@on_sqlite
def test_a_ref_that_cannot_be_indexed_holds_up_no_other(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = stand.index.put

    def refuse_pausing(passages_by_ref: dict[str, object]) -> None:
        if passages_by_ref.get("article:pausing"):
            raise ValueError("cannot be embedded")
        put(passages_by_ref)  # type: ignore[arg-type]

    monkeypatch.setattr(stand.index, "put", refuse_pausing)
    stand.load(REFUNDS, PAUSING, SCHOOLS)

    with capture_logs() as logs:
        stand.follow()

    assert stand.index.refs() == {"article:billing/refunds", "learned_answer:1"}
    assert [line["ref"] for line in logs if line["event"] == "index_ref_failed"] == ["article:pausing"]
    monkeypatch.undo()
    monkeypatch.setitem(stand.sync._failed, "article:pausing", 0.0)
    stand.follow()
    assert "article:pausing" in stand.index.refs()


@on_sqlite
def test_following_goes_on_after_the_store_was_away(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand.sync, "_poll_seconds", 0.02)
    monkeypatch.setattr(stand.sync, "_read_changes", lambda: 1 / 0)
    with capture_logs() as logs:
        stand.sync.start()
        wait_until(lambda: any(line["event"] == "index_follow_failed" for line in logs))
    monkeypatch.undo()

    learned_id = stand.learn("Rain water?", "Fine.")

    wait_until(lambda: f"learned_answer:{learned_id}" in stand.index.refs())


def test_a_process_that_slept_longer_than_changes_are_kept_compares_with_the_store(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING)
    sleeping = KnowledgeSync(stand.database, stand.encoder)
    index = sleeping.load_or_rebuild(stand.folder)
    learned_id = stand.learn("Rain water?", "Fine.")
    with stand.database.session() as session:
        service.retire(session, "pausing")
    with stand.database.session() as session:
        newest = select(func.max(KnowledgeChange.id)).scalar_subquery()
        session.execute(delete(KnowledgeChange).where(KnowledgeChange.id < newest))  # kept no longer
    other_id = stand.learn("Tap water?", "Fine too.")

    sleeping.follow_once()

    assert index.refs() == {
        "article:billing/refunds",
        f"learned_answer:{learned_id}",
        f"learned_answer:{other_id}",
    }


KILLED = """
import os, signal, sys
from pathlib import Path
from model.encoder.onnx_encoder import OnnxEncoder
from serving.indexing.sync import KnowledgeSync, PendingRefs
from serving.db.session import Database
from serving.learned_answers import proposals
database = Database(sys.argv[1])
sync = KnowledgeSync(database, OnnxEncoder.load(Path(sys.argv[3]), threads=1))
index = sync.load_or_rebuild(Path(sys.argv[2]))
with database.session() as session:
    proposals.approve(session, int(sys.argv[4]), "ana")
if sys.argv[5] == "saving":
    sync.follow_once()
    from knowledge.index import snapshots
    snapshots._swap_in = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
    sync.save(Path(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("moment", ["committed", "saving"])
def test_an_approval_survives_a_kill_right_after_its_commit(
    sqlite_database: Database, encoder: object, tmp_path: Path, moment: str, encoder_folder: Path
) -> None:
    stand = Stand(sqlite_database, encoder, tmp_path / "index")  # type: ignore[arg-type]
    message = stand.say(("customer", "is rain water ok"), ("agent", "Yes, if filtered."))
    proposal = stand.drafted(message)
    arguments = [
        sqlite_url(tmp_path),
        str(tmp_path / "index"),
        str(encoder_folder),
        str(proposal),
        moment,
    ]

    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False, capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    sync, _, _ = restarted(stand)
    assert best_ref(sync.index, stand.encoder, "may I use rain water?") == "learned_answer:1"
    assert_equals_store(sync)


class CountedRef(str):
    """A ref that counts how often it is looked at."""

    looks = 0

    def startswith(self, *given: object) -> bool:
        CountedRef.looks += 1
        return super().startswith(*given)  # type: ignore[arg-type]


def test_a_batch_costs_the_same_however_many_refs_wait() -> None:
    looks = {}
    for count in (160, 1600):
        refs = [CountedRef(f"{'learned_answer' if n % 2 else 'article'}:{n}") for n in range(count)]
        CountedRef.looks = 0
        pending = PendingRefs()
        pending.add(refs)
        while batch := pending.first(16):
            pending.remove(batch)
        looks[count] = CountedRef.looks
    assert looks[1600] == 10 * looks[160]


def test_learned_answers_go_before_articles_and_each_kind_in_order_of_arrival() -> None:
    pending = PendingRefs()
    pending.add(["article:b", "learned_answer:9", "article:a"])
    pending.add(["learned_answer:3", "article:b"])
    assert pending.first(3) == ["learned_answer:9", "learned_answer:3", "article:b"]
    assert len(pending) == 4
    pending.remove(["learned_answer:9", "article:b", "article:unknown"])
    assert pending.first(16) == ["learned_answer:3", "article:a"]
