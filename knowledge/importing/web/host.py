"""Asks one host for pages, slowly and over one connection; connects to no address that is not a public one.

With the standard library's client: the address that is checked must be the one that is connected to, so that
no name server can change its mind in between, and requests and httpx resolve names deep inside.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote, urljoin, urlsplit

from model.errors import DataError

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_BUSY = frozenset((429, 503))
_MAX_WAIT_SECONDS = 60
_CHUNK_BYTES = 65_536
_SAFE = "/?%:@!$&'()*+,;=~"
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class WebError(DataError):
    """A page cannot be had; the message is the plain reason."""


class UnreachableError(WebError):
    """The host does not answer, so that no other page can be had either."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host said. `path` is where redirects led; the body is empty for kinds that were not wanted."""

    path: str
    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def kind(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class Host:
    """One host under one scheme and port, asked one thing after the other."""

    def __init__(
        self, address: str, *, pause_seconds: float, timeout_seconds: float, allow_private: bool
    ) -> None:
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise DataError(f"{address!r} is no web address: {error}") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise DataError(f"{address!r} is no web address; give one that begins with https:// or http://")
        self.scheme = parts.scheme
        self.name = parts.hostname
        self.port = port or _PORTS[parts.scheme]
        self._pause_seconds = pause_seconds
        self._timeout_seconds = timeout_seconds
        self._allow_private = allow_private
        self._connection: http.client.HTTPConnection | None = None
        self._next_at = 0.0

    def address(self, path: str) -> str:
        """The full web address of a path."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{self.scheme}://{name}{port}{path}"

    def path_of(self, address: str) -> str | None:
        """The path of an address on this host, with its query; `None` for another host."""
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme not in _PORTS or parts.hostname != self.name:
            return None
        default = port is None and self.port in _PORTS.values()
        if not default and (port or _PORTS[parts.scheme]) != self.port:
            return None
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def slow_down(self, pause_seconds: float) -> None:
        """Waits at least so long between two requests from now on."""
        self._pause_seconds = max(self._pause_seconds, min(pause_seconds, _MAX_WAIT_SECONDS))

    def get(
        self,
        path: str,
        *,
        wanted: Callable[[str], bool],
        limit: int,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """What stands at the path, redirects within the host followed; raises `WebError`.

        Bodies are read for kinds of content that are `wanted`, up to `limit` bytes. A busy host is asked once
        more after the time that it names.
        """
        path, headers = quote(path, safe=_SAFE), headers or {}
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._once(path, wanted=wanted, limit=limit, headers=headers)
            if answer.status in _BUSY:
                self._next_at = time.monotonic() + _seconds(answer.headers.get("retry-after"))
                answer = self._once(path, wanted=wanted, limit=limit, headers=headers)
            if answer.status not in _REDIRECTS:
                return answer
            path = quote(self._redirected(path, answer.headers.get("location", "")), safe=_SAFE)
            headers = {}  # conditions were those of the first path
        raise WebError(f"leads on more than {_MAX_REDIRECTS} times")

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _redirected(self, path: str, location: str) -> str:
        try:
            target = urljoin(self.address(path), location)
        except ValueError as error:
            raise WebError(f"leads to {location!r}, which is no address") from error
        found = self.path_of(target)
        if found is None:
            raise WebError(f"leads to another host, {target[:200]}; import that address if it is yours")
        if self.scheme == "http" and target.startswith("https:") and self.port == _PORTS["http"]:
            self.close()
            self.scheme, self.port = "https", _PORTS["https"]
        return found

    def _once(
        self, path: str, *, wanted: Callable[[str], bool], limit: int, headers: Mapping[str, str]
    ) -> Answer:
        """One request; a connection that the host had closed meanwhile is made anew once."""
        reused = self._connection is not None
        try:
            return self._request(path, wanted=wanted, limit=limit, headers=headers)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if not reused:
                raise UnreachableError(f"{self.name} does not answer: {_plain(error)}") from error
        try:
            return self._request(path, wanted=wanted, limit=limit, headers=headers)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise UnreachableError(f"{self.name} does not answer: {_plain(error)}") from error

    def _request(
        self, path: str, *, wanted: Callable[[str], bool], limit: int, headers: Mapping[str, str]
    ) -> Answer:
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        if self._connection is None:
            self._connection = self._connected()
        self._connection.request("GET", path, headers={**_OWN_HEADERS, **headers})
        with self._connection.getresponse() as response:
            fields = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(path, response.status, fields, b"")
            if response.status == 200 and wanted(answer.kind):
                answer = Answer(path, 200, fields, self._body(response, limit))
            elif response.status != 304:
                self.close()  # rather than read what nobody wants
        self._next_at = max(self._next_at, time.monotonic() + self._pause_seconds)
        return answer

    def _body(self, response: http.client.HTTPResponse, limit: int) -> bytes:
        parts: list[bytes] = []
        size, until = 0, time.monotonic() + 3 * self._timeout_seconds
        while part := response.read1(_CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > limit:
                self.close()
                raise WebError(f"has more than {limit} bytes")
            if time.monotonic() > until:
                self.close()
                raise WebError(f"takes longer than {3 * self._timeout_seconds:g} seconds")
        return b"".join(parts)

    def _connected(self) -> http.client.HTTPConnection:
        """A connection to an address that was checked; request and certificate keep the name."""
        found = socket.getaddrinfo(self.name, self.port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        allowed = [address for address in addresses if self._allow_private or _is_public(address)]
        if not allowed:
            raise WebError(
                f"{self.name} stands at {', '.join(dict.fromkeys(addresses))}, which is not a public "
                "address; set crawl_private_hosts where that is meant"
            )
        plain = socket.create_connection((allowed[0], self.port), timeout=self._timeout_seconds)
        try:
            if self.scheme == "https":
                plain = ssl.create_default_context().wrap_socket(plain, server_hostname=self.name)
        except BaseException:
            plain.close()
            raise
        connection = http.client.HTTPConnection(self.name, self.port, timeout=self._timeout_seconds)
        connection.sock = plain
        # a connection that opened its socket itself would not be checked
        connection.auto_open = 0
        return connection


def _own_version() -> str:
    with suppress(PackageNotFoundError):
        return version("firstlast")
    return "0"


_OWN_HEADERS = {
    "User-Agent": f"firstlast/{_own_version()} (+help centre import)",
    "Accept": "text/html,application/xhtml+xml;q=0.9,application/xml;q=0.8",
    "Accept-Encoding": "identity",
}


def _is_public(address: str) -> bool:
    """Whether anybody on the internet could connect there, also by what a later version of IP wraps up."""
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        wrapped = found.ipv4_mapped or found.sixtofour
        if found in _TRANSLATED:
            wrapped = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if wrapped is not None:
            return _is_public(str(wrapped))
    return found.is_global and not found.is_multicast


def _seconds(text: str | None) -> float:
    """How long a busy host wants to be left alone."""
    return min(float(text), _MAX_WAIT_SECONDS) if text and text.isascii() and text.isdigit() else 5.0


def _plain(error: Exception) -> str:
    """What went wrong, in lower case."""
    if isinstance(error, TimeoutError):
        return "timed out"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
