"""Keeps one process's index equal to the store, live and across restarts; it never writes to the store.

What the index holds is remembered by ref and content hash. At start the snapshot is compared with the store
ref by ref, so that nothing is lost whatever happened to the process before; then the log is followed.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from knowledge.index.knowledge_index import KnowledgeIndex
from model.errors import ArtifactError, NotReadyError
from model.interfaces import Encoder, ProgressBar
from model.refs import article_slug
from serving.db.session import Database
from serving.db.tables import now
from serving.indexing import stored_knowledge as stored
from serving.indexing.snapshot_versions import forget_old_holdings, read_holdings, write_holdings
from serving.runtime.background import BackgroundThread

_FOLLOW_BATCH = 16
"""Refs embedded between two looks at the log: an approval during a large import waits for one batch."""
_LOAD_BATCH = 256
_LOAD_STEP = 4
"""Refs embedded between two looks at whether to give up: about 20 passages."""
_SHOWN_STEP = 64
"""Refs embedded between two words on how far it is, where only a bar waits for them."""
_RETRY_SECONDS = 30.0
"""A ref that cannot be indexed is tried again after this long; the others go on."""
_TELL_SECONDS = 5.0
"""Between two lines of the log on how far the index is."""
_log = structlog.get_logger(__name__)


class PendingRefs:
    """Refs that wait: learned answers first, then articles, each in order of arrival; none of them twice.

    Taking the first few costs the same however many wait.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[str, None] = OrderedDict()  # a plain dict steps over all that was removed
        self._articles: OrderedDict[str, None] = OrderedDict()

    def __iter__(self) -> Iterator[str]:
        """The refs, in the order in which they are taken."""
        return chain(self._answers, self._articles)

    def __len__(self) -> int:
        """How many wait."""
        return len(self._answers) + len(self._articles)

    def add(self, refs: Iterable[str]) -> None:
        """Let the refs wait; those that do already keep their place."""
        for ref in refs:
            self._group(ref).setdefault(ref)

    def first(self, count: int) -> list[str]:
        """The next `count` refs, which go on waiting."""
        return list(islice(self, count))

    def remove(self, refs: Iterable[str]) -> None:
        """Let the refs wait no more."""
        for ref in refs:
            self._group(ref).pop(ref, None)

    def _group(self, ref: str) -> OrderedDict[str, None]:
        return self._articles if article_slug(ref) is not None else self._answers


@dataclass(frozen=True, slots=True)
class IndexingProgress:
    """How far the index is."""

    done: int
    """Passages that are filed."""
    total: int
    """Passages that there will be."""


class KnowledgeSync:
    """Follows the store into a `KnowledgeIndex`; safe to call from several threads."""

    def __init__(
        self, database: Database, encoder: Encoder, *, poll_seconds: float = 10.0, save_after: int = 1000
    ) -> None:
        """`poll_seconds`: the longest pause between two looks at the store, should nobody tell of a change.

        `save_after`: changed refs after which a running process renews its snapshot.
        """
        self._database = database
        self._encoder = encoder
        self._poll_seconds = poll_seconds
        self._save_after = save_after
        self._index: KnowledgeIndex | None = None
        self._progress: IndexingProgress | None = IndexingProgress(0, 0)
        self._folder: Path | None = None
        self._holdings: dict[str, str] = {}
        self._pending = PendingRefs()
        self._failed: dict[str, float] = {}  # ref -> monotonic time of the next try
        self._last_change = 0
        self._looked_at: datetime = now()
        self._next_expiry: datetime | None = None
        self._unsaved = 0
        self._lock = threading.RLock()
        self._thread = BackgroundThread(
            "knowledge-sync", self._follow, failed_event="index_follow_failed", store=database
        )

    @property
    def index(self) -> KnowledgeIndex:
        """The index; raises `NotReadyError` until `load_or_rebuild` has ended."""
        progress = self._progress
        if self._index is None or progress is not None:
            done, total = (progress.done, progress.total) if progress else (0, 0)
            raise NotReadyError(
                f"the knowledge is being indexed ({done:,} of {total:,} passages); try again in a moment"
            )
        return self._index

    @property
    def progress(self) -> IndexingProgress | None:
        """How far `load_or_rebuild` is, or was when it gave up; `None` once it has ended."""
        return self._progress

    @property
    def is_following(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_running

    @property
    def last_change(self) -> int:
        """The newest change of the store that was read."""
        return self._last_change

    def load_or_rebuild(
        self,
        folder: Path,
        *,
        give_up: threading.Event | None = None,
        progress: ProgressBar | None = None,
    ) -> KnowledgeIndex:
        """The index, equal to the store: from the snapshot in `folder` and what changed since, else rebuilt.

        A snapshot that is stale, foreign or damaged is replaced, and one line of the log says why. With
        `give_up` it works in small steps, its own `progress` tells how far it is, and it ends with what it
        has once the event is set; the snapshot then spares the next time that part. A `progress` given here
        is told how many passages are filed, and of how many.
        """
        started = time.perf_counter()
        with self._lock:
            self._folder = folder
            reason = self._open(folder)
            self._pending, self._failed = PendingRefs(), {}
            self._pending.add(self._differences())
            changed = len(self._pending)
            if give_up is not None:
                self._apply_in_steps(_LOAD_STEP, give_up)
            elif progress is not None:
                self._apply_in_steps(_SHOWN_STEP, threading.Event(), progress)
            else:
                self._apply_pending(batch_size=_LOAD_BATCH)
            if reason is not None or changed:
                self._save_quietly(folder)
            if give_up is None or not give_up.is_set():
                self._progress = None
                _log.info(
                    "index_ready",
                    rebuilt=reason is not None,
                    changed=changed,
                    refs=len(self._holdings),
                    seconds=round(time.perf_counter() - started, 3),
                )
            return self._indexed()

    def follow_once(self) -> int:
        """Bring the index to the store's present state; returns how many changed refs were looked at."""
        with self._lock:
            self._read_changes()
            applied = self._apply_pending(batch_size=_FOLLOW_BATCH)
            if self._folder is not None and self._unsaved >= self._save_after:
                self._save_quietly(self._folder)
            return applied

    def start(self) -> None:
        """Follow the store in a thread until `stop`; a commit that wrote events wakes it."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for what it is doing."""
        self._thread.stop()

    def close(self) -> None:
        """Stop, and keep the snapshot where it was read from."""
        self.stop()
        if self._folder is not None and self._index is not None:
            self._save_quietly(self._folder)

    def save(self, folder: Path) -> None:
        """Write the snapshot, from which the next start reads; nothing is lost without it."""
        with self._lock:
            digest = write_holdings(folder, self._holdings)
            self._indexed().save(folder, content_hash=digest, last_change=self._last_change)
            forget_old_holdings(folder)
            self._unsaved = 0

    def _follow(self) -> float:
        """Follow once; the seconds until an answer expires, a ref is tried again, or the log is looked at."""
        self.follow_once()
        pauses = [self._poll_seconds]
        if self._next_expiry is not None:
            pauses.append((self._next_expiry - now()).total_seconds())
        pauses.extend(at - time.monotonic() for at in self._failed.values())
        return max(0.0, min(pauses))

    def _open(self, folder: Path) -> str | None:
        """Take the snapshot, or begin with nothing; why, in the latter case."""
        try:
            self._index, self._holdings = self._read_snapshot(folder)
        except ArtifactError as error:
            self._index, self._holdings = KnowledgeIndex(self._encoder), {}
            if folder.exists():
                _log.warning("index_rebuilding", reason=str(error))
            else:  # the first start with this encoder
                _log.info("index_building", folder=str(folder))
            return str(error)
        return None

    def _read_snapshot(self, folder: Path) -> tuple[KnowledgeIndex, dict[str, str]]:
        first_error: ArtifactError | None = None
        for digest, holdings in read_holdings(folder):
            try:
                index, _ = KnowledgeIndex.load(folder, self._encoder, content_hash=digest)
            except ArtifactError as error:
                first_error = first_error or error
                continue
            if index.refs() <= holdings.keys():
                return index, holdings
            first_error = ArtifactError(f"snapshot {folder} is damaged: it holds refs its record does not")
        raise first_error or ArtifactError(f"snapshot {folder} is missing: nothing records what it holds")

    def _differences(self) -> list[str]:
        """Refs whose version here is not the store's. The log is read first: what comes later is followed."""
        moment = now()
        with self._database.reading() as session:
            self._last_change = stored.last_change(session)
            wanted = stored.read_hashes(session, moment)
        self._looked_at = moment
        refs = {**wanted, **self._holdings}
        return [ref for ref in refs if wanted.get(ref) != self._holdings.get(ref)]

    def _read_changes(self) -> None:
        moment = now()
        with self._database.reading() as session:
            changes = stored.changes_after(session, self._last_change)
            expired = stored.refs_expired(session, after=self._looked_at, until=moment)
            self._next_expiry = stored.next_expiry(session, after=moment)
            missed = bool(changes) and self._last_change + 1 < changes[0][0] == stored.first_change(session)
        if missed:  # changes after the last one read may have been forgotten
            _log.warning("index_comparing", reason="changes were forgotten before they were followed")
            self._pending.add(self._differences())
        for change_id, ref in changes:
            self._pending.add([ref])
            self._last_change = change_id
        self._pending.add(expired)
        self._looked_at = max(self._looked_at, moment)
        due = [ref for ref, at in self._failed.items() if at <= time.monotonic()]
        for ref in due:
            del self._failed[ref]
        self._pending.add(due)

    def _apply_in_steps(
        self,
        size: int,
        give_up: threading.Event,
        progress: ProgressBar | None = None,
    ) -> None:
        """Apply all that waits, `size` refs at a time, until the event is set; tells how far it is."""
        sizes = self._sizes_of_pending()
        filed = len(self._indexed()) - sum(len(self._indexed().passages_of(ref)) for ref in sizes)
        done, total, told_at = filed, filed + sum(sizes.values()), time.monotonic()
        self._progress = IndexingProgress(done, total)
        while self._pending and not give_up.is_set():
            for ref in self._apply_batch(size):
                done += sizes.pop(ref, 0)
            self._progress = IndexingProgress(done, total)
            if progress is not None:
                progress(done, total)
            if time.monotonic() - told_at >= _TELL_SECONDS:
                told_at = time.monotonic()
                _log.info("index_building", passages=done, of=total)

    def _sizes_of_pending(self) -> dict[str, int]:
        """How many passages each ref that waits will have."""
        sizes = dict.fromkeys(self._pending, 0)
        for start in range(0, len(sizes), _LOAD_BATCH):
            with self._database.reading() as session:
                items = stored.read_items(session, list(sizes)[start : start + _LOAD_BATCH], now())
            sizes.update((ref, len(item.passages)) for ref, item in items.items())
        return sizes

    def _apply_pending(self, *, batch_size: int) -> int:
        """Apply everything that waits; how many refs."""
        applied = 0
        while self._pending:
            applied += len(self._apply_batch(batch_size))
            if self._is_ending:
                break
        return applied

    def _apply_batch(self, size: int) -> list[str]:
        """Apply the next refs that wait, learned answers first, and read the log again if more do."""
        batch = self._pending.first(size)
        self._apply_or_postpone(batch)
        self._pending.remove(batch)
        if self._pending and not self._is_ending:
            self._read_changes()
        return batch

    def _apply_or_postpone(self, refs: list[str]) -> None:
        """Apply the refs; when they fail, one by one, so that a bad one holds up no other."""
        try:
            self._apply(refs)
        except SQLAlchemyError:
            raise
        except Exception as error:
            if len(refs) > 1:
                for ref in refs:
                    self._apply_or_postpone([ref])
                return
            self._failed[refs[0]] = time.monotonic() + _RETRY_SECONDS
            _log.error("index_ref_failed", ref=refs[0], error=type(error).__name__)

    def _apply(self, refs: list[str]) -> None:
        with self._database.reading() as session:
            items = stored.read_items(session, refs, now())
        changed = {ref: items.get(ref) for ref in refs if not self._holds(ref, items.get(ref))}
        self._indexed().put({ref: item.passages if item else () for ref, item in changed.items()})
        for ref, item in changed.items():
            if item is None:
                self._holdings.pop(ref, None)
            else:
                self._holdings[ref] = item.content_hash
        self._unsaved += len(changed)

    @property
    def _is_ending(self) -> bool:
        return self._thread.is_running and self._thread.stopping.is_set()

    def _indexed(self) -> KnowledgeIndex:
        """The index, finished or not."""
        if self._index is None:
            raise NotReadyError("the index is not loaded; call load_or_rebuild first")
        return self._index

    def _holds(self, ref: str, item: stored.StoredItem | None) -> bool:
        return self._holdings.get(ref) == (item.content_hash if item else None)

    def _save_quietly(self, folder: Path) -> None:
        """Save, but go on without a snapshot when the disk refuses: the store has everything."""
        try:
            self.save(folder)
        except OSError as error:
            self._unsaved = 0
            _log.error("index_not_saved", folder=str(folder), error=str(error))
