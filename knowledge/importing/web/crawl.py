"""Fetches the pages of a help centre into a folder to import them from; asks politely, and one host only."""

import re
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree.ElementTree import Element, ParseError

import structlog
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from knowledge.importing.files import MAX_FILE_BYTES, RefusedError
from knowledge.importing.html.cleaning import parse_html
from knowledge.importing.html.pages import page_text
from knowledge.importing.web.folder import CrawlFolder, KnownPage, write_whole
from knowledge.importing.web.host import Answer, Host, UnreachableError, WebError
from model.errors import DataError

MAX_PAGES = 2_000
PAUSE_SECONDS = 0.2
TIMEOUT_SECONDS = 20.0

_AGENT = "firstlast"
_MAX_SITEMAPS = 50
_MAX_FAILURES = 5
"""So often in a row the host may not answer before it is left alone."""
_SAVE_EVERY = 50
_HTML = frozenset(("text/html", "application/xhtml+xml"))
_NO_PAGES = re.compile(
    r"\.(?:avif|css|csv|docx?|eot|gif|gz|ico|jpe?g|js|json|m4a|map|mov|mp[34]|pdf|png|pptx?|rss|svg|tar|ttf|txt|webm|"
    r"webp|woff2?|xlsx?|xml|zip)\Z",
    re.IGNORECASE,
)
_BEGINNING_BYTES = 200_000
_HEAD = re.compile(rb"<head(?:\s[^>]{0,500})?>", re.IGNORECASE)
_HAS_BASE = re.compile(rb"<base\s", re.IGNORECASE)
_NAMES_ITSELF = re.compile(rb"rel\s?=\s?[\"']?canonical|og:url", re.IGNORECASE)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CrawlError:
    """A page that could not be had, and why; what was fetched of it before is kept."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What a crawl found, each as full addresses in the order in which they were asked for."""

    fetched: tuple[str, ...] = ()
    """New or changed, and written to the folder."""
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Gone from the host, and so from the folder."""
    disallowed: tuple[str, ...] = ()
    """Not asked for, since the host's robots.txt says so."""
    passed_over: tuple[str, ...] = ()
    """Not HTML."""
    errors: tuple[CrawlError, ...] = ()
    left: int = 0
    """Pages that are known and were not asked for, since the limit was reached or the host fell silent."""


@dataclass(slots=True)
class _Found:
    """The report while it is made."""

    fetched: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    disallowed: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    errors: list[CrawlError] = field(default_factory=list)


def crawl(
    address: str,
    folder: Path,
    *,
    max_pages: int = MAX_PAGES,
    pause_seconds: float = PAUSE_SECONDS,
    timeout_seconds: float = TIMEOUT_SECONDS,
    allow_private: bool = False,
    progress: Callable[[str], None] | None = None,
) -> CrawlReport:
    """Fetches the pages at and below an address into the folder, and says what became of each.

    Asked for are the pages of the host's sitemap, or where it has none for this place, those that links lead
    to. The next time, pages that have not changed are not sent anew, and pages that are gone (404 or 410) are
    removed. Nothing outside the folder of the address is fetched, no other host, and no host at a private
    address unless `allow_private`. `progress` is told each address before it is asked for.

    Raises `DataError` when the address is none, when its host cannot be reached or forbids it, and when the
    folder holds pages of another host.
    """
    host = Host(
        address, pause_seconds=pause_seconds, timeout_seconds=timeout_seconds, allow_private=allow_private
    )
    state = CrawlFolder.read(folder, host)
    try:
        own = _Crawl(host, folder, state, max_pages, progress or _ignore)
        return own.run(_clean_path(urlsplit(address).path))
    finally:
        host.close()
        state.write(folder)


class _Crawl:
    """One crawl: what is still to be asked for, and what was found so far."""

    def __init__(
        self, host: Host, folder: Path, state: CrawlFolder, max_pages: int, progress: Callable[[str], None]
    ) -> None:
        self._host = host
        self._folder = folder
        self._state = state
        self._max_pages = max_pages
        self._progress = progress
        self._robots = RobotFileParser()
        self._found = _Found()
        self._asked: set[str] = set()
        self._taken = 0
        self._scope = "/"

    def run(self, start: str) -> CrawlReport:
        sitemaps = self._read_robots()
        if not self._is_allowed(start):
            raise DataError(f"robots.txt of {self._host.name} forbids {self._host.address(start)}")
        listed = [path for path in self._listed(sitemaps) if not _NO_PAGES.search(path)]
        links = self._first(start)
        self._scope = _scope(start, [*listed, *links])
        listed = [path for path in listed if path.startswith(self._scope)]
        pending = deque(listed or links)
        left = self._follow(pending, follow_links=not listed)
        if not left:  # what neither sitemap nor link leads to any more: is it still there?
            left = self._follow(deque(self._state.pages), follow_links=False)
        return self._report(left)

    def _report(self, left: int) -> CrawlReport:
        found = self._found
        _log.info(
            "help_centre_crawled",
            host=self._host.name,
            fetched=len(found.fetched),
            unchanged=len(found.unchanged),
            removed=len(found.removed),
            errors=len(found.errors),
        )
        return CrawlReport(
            fetched=tuple(found.fetched),
            unchanged=tuple(found.unchanged),
            removed=tuple(found.removed),
            disallowed=tuple(found.disallowed),
            passed_over=tuple(found.passed_over),
            errors=tuple(found.errors),
            left=left,
        )

    def _read_robots(self) -> list[str]:
        """Reads what the host allows, and where it says that its sitemaps stand."""
        answer = self._host.get("/robots.txt", wanted=_any_kind, limit=MAX_FILE_BYTES)
        if answer.status >= 500 or answer.status in (401, 403, 429):
            reason = f"{self._host.name} answers {answer.status} for robots.txt"
            raise DataError(f"{reason}, so nothing is asked for; try later")
        lines = answer.body.decode("utf-8", "replace").splitlines() if answer.status == 200 else []
        self._robots.parse(lines)
        delay = self._robots.crawl_delay(_AGENT)
        if delay is not None:
            self._host.slow_down(float(delay))
        return self._robots.site_maps() or []

    def _is_allowed(self, path: str) -> bool:
        return self._robots.can_fetch(_AGENT, path)

    def _listed(self, sitemaps: Iterable[str]) -> Iterator[str]:
        """The paths of the host's sitemaps, in their order."""
        own = [path for path in map(self._host.path_of, sitemaps) if path is not None]
        pending = deque(own or ["/sitemap.xml"])
        read: set[str] = set()
        seen: set[str] = set()
        while pending and len(read) < _MAX_SITEMAPS:
            sitemap = pending.popleft()
            if sitemap in read:
                continue
            read.add(sitemap)
            for kind, address in self._sitemap_entries(sitemap, is_announced=bool(own)):
                path = self._host.path_of(address)
                if path is None:
                    continue
                if kind == "sitemap":
                    pending.append(path)
                elif (clean := _clean_path(path)) not in seen:
                    seen.add(clean)
                    yield clean

    def _sitemap_entries(self, path: str, *, is_announced: bool) -> list[tuple[str, str]]:
        """`url` or `sitemap` and its address for each entry; an announced sitemap that fails is told."""
        try:
            answer = self._host.get(path, wanted=_any_kind, limit=MAX_FILE_BYTES)
            if answer.status != 200:
                raise WebError(f"the sitemap is answered with {answer.status}")
            root: Element = fromstring(_unpacked(answer.body))
        except UnreachableError:
            raise
        except (WebError, ParseError, DefusedXmlException, ValueError, LookupError) as error:
            if is_announced:
                reason = str(error) if isinstance(error, WebError) else f"the sitemap is no XML: {error}"
                self._found.errors.append(CrawlError(self._host.address(path), reason))
            return []
        entries = []
        for entry in root:
            kind = str(entry.tag).rsplit("}", 1)[-1]
            for part in entry:
                if str(part.tag).rsplit("}", 1)[-1] == "loc" and part.text and kind in ("url", "sitemap"):
                    entries.append((kind, part.text.strip()))
        return entries

    def _first(self, start: str) -> list[str]:
        """Asks for the page that was given; the links on it."""
        self._asked.add(start)
        self._progress(self._host.address(start))
        try:
            return self._take(start)
        except UnreachableError:
            raise
        except WebError as error:
            self._found.errors.append(CrawlError(self._host.address(start), str(error)))
            return []

    def _follow(self, pending: deque[str], *, follow_links: bool) -> int:
        """Asks for the pages, and with `follow_links` for those that they lead to; how many were left."""
        failures = 0
        while pending:
            path = pending.popleft()
            if path in self._asked or not path.startswith(self._scope) or _NO_PAGES.search(path):
                continue
            if self._taken >= self._max_pages or failures >= _MAX_FAILURES:
                unasked = {path, *pending} - self._asked
                return sum(path.startswith(self._scope) and not _NO_PAGES.search(path) for path in unasked)
            self._asked.add(path)
            address = self._host.address(path)
            if not self._is_allowed(path):
                self._found.disallowed.append(address)
                continue
            self._progress(address)
            try:
                links = self._take(path)
                failures = 0
            except DataError as error:
                failures += isinstance(error, UnreachableError)
                self._found.errors.append(CrawlError(address, str(error)))
                continue
            if follow_links:
                pending.extend(links)
            if self._taken % _SAVE_EVERY == 0:
                self._state.write(self._folder)
        return 0

    def _take(self, path: str) -> list[str]:
        """Asks for one page and keeps what has changed; the links on it."""
        self._taken += 1
        known = self._state.pages.get(path)
        is_kept = known is not None and (self._folder / known.file).is_file()
        headers = _conditions(known) if known is not None and is_kept else {}
        answer = self._host.get(path, wanted=_HTML.__contains__, limit=MAX_FILE_BYTES, headers=headers)
        landed = _clean_path(answer.path)
        if landed != path and not landed.startswith(self._scope):
            raise WebError(f"leads out of {self._scope}, to {landed}")
        address = self._host.address(landed)
        if answer.status == 304 and known is not None:
            self._found.unchanged.append(address)
            return self._links((self._folder / known.file).read_bytes(), landed)
        if answer.status in (404, 410) or landed != path:
            if self._forget(path):
                self._found.removed.append(self._host.address(path))
            elif landed == path:
                raise WebError(f"the page is not there ({answer.status})")
        if answer.status in (404, 410) or (landed != path and landed in self._asked):
            return []
        if answer.status in (429, 503):
            raise UnreachableError(f"the host answers {answer.status}, it has too much to do")
        if answer.status != 200:
            raise WebError(f"the host answers {answer.status}")
        self._asked.add(landed)
        if answer.kind not in _HTML:
            self._found.passed_over.append(address)
            return []
        self._keep(landed, answer)
        return self._links(answer.body, landed)

    def _keep(self, path: str, answer: Answer) -> None:
        """Writes the page to its file, with its address in it."""
        address = self._host.address(path)
        name = self._state.file_for(path)
        data = _with_address(_as_utf8(answer), address)
        file = self._folder / name
        known = self._state.pages.get(path)
        is_same = known is not None and file.is_file() and file.read_bytes() == data
        if not is_same:
            write_whole(file, data)
        self._state.pages[path] = KnownPage(
            name, answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        )
        (self._found.unchanged if is_same else self._found.fetched).append(address)

    def _forget(self, path: str) -> bool:
        """Removes the page from the folder; whether it was there."""
        known = self._state.pages.pop(path, None)
        if known is not None:
            (self._folder / known.file).unlink(missing_ok=True)
        return known is not None

    def _links(self, data: bytes, path: str) -> list[str]:
        """The paths on this host that the page leads to, in its order."""
        try:
            root = parse_html(page_text(data))
        except RefusedError:
            return []
        base = next((found.get("href", "") for found in root.iter("base")), "")
        here = self._host.address(path)
        links: list[str] = []
        for link in root.iter("a", "area"):
            if "nofollow" in link.get("rel", "") or not link.get("href"):
                continue
            try:
                found = self._host.path_of(urljoin(urljoin(here, base), link.get("href").strip()))
            except ValueError:
                continue
            if found is not None:
                links.append(_clean_path(found))
        return links


def _scope(start: str, known: Iterable[str]) -> str:
    """The folder of the address: itself when pages stand below it, else the folder that it is in."""
    below = start.rstrip("/") + "/"
    if start.endswith("/") or any(path.startswith(below) for path in known):
        return below
    return start.rsplit("/", 1)[0] + "/"


def _clean_path(path: str) -> str:
    """The path as pages are told apart by: without query, and each character written in one way."""
    path = quote(unquote(path.split("?")[0].split("#")[0], errors="replace"), safe="/:@!$&'()*+,;=~")
    return path if path.startswith("/") else f"/{path}"


def _conditions(known: KnownPage) -> dict[str, str]:
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _as_utf8(answer: Answer) -> bytes:
    """The page in UTF-8, when the host names another charset: a file has no header to keep it in."""
    found = re.search(r"charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{1,40})", answer.headers.get("content-type", ""))
    if found is None or found[1].lower() in ("utf-8", "utf8"):
        return answer.body
    try:
        return answer.body.decode(found[1]).encode("utf-8-sig")
    except (UnicodeError, LookupError):
        return answer.body


def _with_address(data: bytes, address: str) -> bytes:
    """The page, told where it stands as far as it does not say so itself, since a file has no address."""
    beginning = data[:_BEGINNING_BYTES]
    head = _HEAD.search(beginning)
    if head is None:
        return data
    escaped = address.replace("&", "&amp;")
    told = "" if _HAS_BASE.search(beginning) else f'<base href="{escaped}">'
    told += "" if _NAMES_ITSELF.search(beginning) else f'<link rel="canonical" href="{escaped}">'
    return data[: head.end()] + told.encode("ascii", "ignore") + data[head.end() :]


def _unpacked(data: bytes) -> bytes:
    """The sitemap, unpacked when it is a `.gz`; raises `WebError` when that is too big or broken."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        unpacker = zlib.decompressobj(wbits=31)
        unpacked = unpacker.decompress(data, MAX_FILE_BYTES)
    except zlib.error as error:
        raise WebError(f"the sitemap cannot be unpacked: {error}") from error
    if unpacker.unconsumed_tail:
        raise WebError(f"the sitemap has more than {MAX_FILE_BYTES} bytes")
    return unpacked


def _any_kind(_kind: str) -> bool:
    return True


def _ignore(_address: str) -> None:
    """Tells nobody."""
