"""What a crawl fetches from a real server on this machine, what it leaves alone, and how it asks."""

import gzip
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from knowledge.importing.source import read_source
from knowledge.importing.web import crawl as crawling
from knowledge.importing.web.crawl import CrawlError, CrawlReport, crawl
from knowledge.importing.web.folder import STATE_FILE
from knowledge.importing.web.host import Host, WebError
from model.errors import DataError


@dataclass
class Site:
    """What the server answers, by path, and what it was asked for."""

    pages: dict[str, str | bytes] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    sent: int = 0
    address: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    disable_nagle_algorithm = True

    def __init__(self, site: Site, *args: object) -> None:
        self.site = site
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        self.site.agents.add(self.headers["User-Agent"])
        status, headers = self.site.answers.get(self.path, (200, {}))
        content = self.site.pages.get(self.path)
        if content is None and status == 200:
            status = 404
        data = content.encode() if isinstance(content, str) else content or b""
        etag = f'"{hash(data)}"'
        if status == 200 and self.headers["If-None-Match"] == etag:
            status, data = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status == 200:
            self.send_header("Content-Type", self.site.kinds.get(self.path, "text/html; charset=utf-8"))
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.site.sent += len(data)

    def log_message(self, *args: object) -> None:
        """Keeps the server silent."""


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, found))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def page(text: str, *links: str) -> str:
    return f"<html><head><title>{text}</title></head><p>{text}</p>" + "".join(
        f'<a href="{link}">x</a>' for link in links
    )


def run(site: Site, folder: Path, path: str = "/", **settings: int) -> CrawlReport:
    return crawl(f"{site.address}{path}", folder, pause_seconds=0, allow_private=True, **settings)


def paths(site: Site, addresses: tuple[str, ...]) -> list[str]:
    return [address.removeprefix(site.address) for address in addresses]


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.htm*"))


def test_links_are_followed_breadth_first_and_pages_are_written_by_their_path(
    site: Site, tmp_path: Path
) -> None:
    site.pages = {
        "/": page("home", "/b", "/a/", "/b?x=1", "/b#y"),
        "/b": page("b", "deep/c.html", "https://other.example/d", "mailto:x@y.example", "/manual.pdf"),
        "/a/": page("a", ".."),
        "/deep/c.html": page("c"),
    }
    report = run(site, tmp_path)
    assert paths(site, report.fetched) == ["/", "/b", "/a/", "/deep/c.html"]
    assert files(tmp_path) == ["a/index.html", "b.html", "deep/c.html", "index.html"]
    assert report.errors == ()
    assert site.agents == {f"firstlast/{version('firstlast')} (+help centre import)"}


def test_what_was_fetched_is_imported_with_its_address(site: Site, tmp_path: Path) -> None:
    site.pages = {"/help/": page("Fees", "moving"), "/help/moving": page("Moving")}
    run(site, tmp_path, "/help/")
    articles = read_source(tmp_path).articles
    assert articles[0].body == f"Fees\n\n[x]({site.address}/help/moving)"
    assert [(article.slug, article.title, article.url) for article in articles] == [
        ("help/index", "Fees", f"{site.address}/help/"),
        ("help/moving", "Moving", f"{site.address}/help/moving"),
    ]


def test_the_sitemap_comes_before_links(site: Site, tmp_path: Path) -> None:
    index = "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>{0}/one.xml.gz</loc></sitemap></sitemapindex>"
    urls = "<urlset><url><loc>{0}/hc/a</loc></url><url><loc>{0}/blog/b</loc></url><url><loc>https://o.example/c</loc></url></urlset>"
    site.pages = {
        "/robots.txt": f"User-agent: *\nDisallow: /hc/secret\nSitemap: {site.address}/map.xml",
        "/map.xml": index.format(site.address),
        "/one.xml.gz": gzip.compress(urls.format(site.address).encode()),
        "/hc": page("home", "/hc/not-listed"),
        "/hc/a": page("a"),
        "/hc/not-listed": page("x"),
        "/blog/b": page("b"),
    }
    assert paths(site, run(site, tmp_path, "/hc").fetched) == ["/hc", "/hc/a"]
    assert site.asked == ["/robots.txt", "/map.xml", "/one.xml.gz", "/hc", "/hc/a"]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("/en/articles/one", ["/en/articles/one", "/en/articles/two"]),
        ("/en", ["/en", "/en/articles/one", "/en/articles/two"]),
        ("/en/", ["/en/", "/en/articles/one", "/en/articles/two"]),
    ],
)
def test_nothing_outside_the_folder_of_the_address_is_fetched(
    site: Site, tmp_path: Path, start: str, expected: list[str]
) -> None:
    links = ("/en/articles/one", "/en/articles/two", "/de/articles/eins", "/shop")
    for path in (*links, "/en", "/en/"):
        site.pages[path] = page(path, *links)
    assert paths(site, run(site, tmp_path, start).fetched) == expected


def test_a_second_crawl_fetches_only_what_has_changed(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home", "/a", "/b"), "/a": page("a"), "/b": page("b", "/c"), "/c": page("c")}
    run(site, tmp_path)
    site.sent = 0
    site.pages["/a"] = page("a, but new")
    report = run(site, tmp_path)
    assert paths(site, report.fetched) == ["/a"]
    assert paths(site, report.unchanged) == ["/", "/b", "/c"]
    assert site.sent == len(site.pages["/a"])
    assert "a, but new" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_pages_that_are_gone_are_removed_also_when_no_link_leads_there_any_more(
    site: Site, tmp_path: Path
) -> None:
    site.pages = {"/": page("home", "/a", "/b", "/c"), "/a": page("a"), "/b": page("b"), "/c": page("c")}
    run(site, tmp_path)
    del site.pages["/a"]
    site.pages["/"] = page("home", "/a", "/c")
    site.answers["/b"] = (410, {})
    report = run(site, tmp_path)
    assert paths(site, report.removed) == ["/a", "/b"]
    assert (files(tmp_path), report.errors) == (["c.html", "index.html"], ())


def test_a_page_that_fails_is_named_and_what_was_fetched_of_it_stays(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home", "/a", "/b"), "/a": page("a"), "/b": page("b")}
    run(site, tmp_path)
    site.answers["/a"] = (500, {})
    report = run(site, tmp_path)
    assert report.errors == (CrawlError(f"{site.address}/a", "the host answers 500"),)
    assert files(tmp_path) == ["a.html", "b.html", "index.html"]


def test_a_page_whose_file_cannot_be_written_costs_only_itself(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home", "/a.html", "/a.html/b", "/c")}
    site.pages |= {path: page(path) for path in ("/a.html", "/a.html/b", "/c")}
    report = run(site, tmp_path)
    assert paths(site, report.fetched) == ["/", "/a.html", "/c"]
    assert [error.address for error in report.errors] == [f"{site.address}/a.html/b"]


def test_redirects_are_followed_within_the_host_alone(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home", "/old", "/away", "/circle", "/local"), "/new": page("new")}
    site.answers = {
        "/old": (301, {"Location": "/new?from=old"}),
        "/new?from=old": (302, {"Location": "/new"}),
        "/away": (302, {"Location": "http://other.example/x"}),
        "/circle": (302, {"Location": "/circle"}),
        "/local": (302, {"Location": "http://localhost/x"}),
    }
    report = run(site, tmp_path)
    assert paths(site, report.fetched) == ["/", "/new"]
    assert [error.reason for error in report.errors] == [
        "leads to another host, http://other.example/x; import that address if it is yours",
        "leads on more than 5 times",
        "leads to another host, http://localhost/x; import that address if it is yours",
    ]


def test_a_page_that_moved_leaves_no_second_copy(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home", "/old"), "/old": page("text")}
    run(site, tmp_path)
    site.pages = {"/": page("home", "/old"), "/new": page("text")}
    site.answers["/old"] = (301, {"Location": "/new"})
    report = run(site, tmp_path)
    assert paths(site, report.removed) == ["/old"]
    assert files(tmp_path) == ["index.html", "new.html"]


def test_robots_txt_is_obeyed(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/robots.txt": "User-agent: *\nDisallow: /private\n",
        "/": page("home", "/private/a", "/b"),
        "/private/a": page("a"),
        "/b": page("b"),
    }
    report = run(site, tmp_path)
    assert (paths(site, report.fetched), paths(site, report.disallowed)) == (["/", "/b"], ["/private/a"])
    site.pages["/robots.txt"] = "User-agent: firstlast\nDisallow: /\n"
    with pytest.raises(DataError, match=r"robots\.txt of 127\.0\.0\.1 forbids"):
        run(site, tmp_path)


def test_a_host_that_gives_no_robots_txt_for_errors_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.answers["/robots.txt"] = (500, {})
    with pytest.raises(DataError, match=r"127\.0\.0\.1 answers 500 for robots\.txt"):
        run(site, tmp_path)
    assert site.asked == ["/robots.txt"]


def test_the_page_limit_says_how_many_pages_are_left(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home", *(f"/{number}" for number in range(9)))}
    site.pages |= {f"/{number}": page(str(number)) for number in range(9)}
    report = run(site, tmp_path, max_pages=4)
    assert (len(report.fetched), report.left) == (4, 6)


def test_what_is_not_html_or_too_big_is_not_kept(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling, "MAX_FILE_BYTES", 1000)
    site.pages = {"/": page("home", "/data", "/big"), "/data": "{}", "/big": page("x" * 2000)}
    site.kinds["/data"] = "application/json"
    report = run(site, tmp_path)
    assert paths(site, report.passed_over) == ["/data"]
    assert report.errors == (CrawlError(f"{site.address}/big", "has more than 1000 bytes"),)
    assert files(tmp_path) == ["index.html"]


def test_a_host_that_falls_silent_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home", *(f"/{number}" for number in range(20)))}
    site.answers = {f"/{number}": (503, {"Retry-After": "0"}) for number in range(20)}
    report = run(site, tmp_path)
    assert (len(report.errors), report.left) == (5, 15)


def test_the_charset_of_the_header_is_not_lost(site: Site, tmp_path: Path) -> None:
    site.pages["/"] = "<html><head></head><p>Le thé coûte 4 €.</p>".encode("cp1252")
    site.kinds["/"] = "text/html; charset=windows-1252"
    run(site, tmp_path)
    assert read_source(tmp_path).articles[0].body == "Le thé coûte 4 €."


@pytest.mark.parametrize(
    "content",
    [
        b"<urlset><url>",
        b"\x1f\x8bnothing",
        b'<!DOCTYPE x [<!ENTITY a "b">]><urlset>&a;</urlset>',
        b"<html></html>",
    ],
)
def test_where_the_sitemap_is_broken_links_are_followed(site: Site, tmp_path: Path, content: bytes) -> None:
    site.pages = {"/": page("home", "/a"), "/a": page("a"), "/sitemap.xml": content}
    assert paths(site, run(site, tmp_path).fetched) == ["/", "/a"]


def test_paths_cannot_leave_the_folder(site: Site, tmp_path: Path) -> None:
    odd = ["/..%2f..%2fx", "/a%00b", "/c:d", f"/{'l' * 300}", "/a/../../e", "/%D0%A6", "/b.html", "/b"]
    site.pages = {"/": page("home", *odd)} | {path: page(path) for path in odd}
    site.pages |= {"/../../x": page("x"), "/c:d": page("c"), "/e": page("e")}
    folder = tmp_path / "folder"
    report = run(site, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert all(path.resolve().is_relative_to(folder) for path in folder.rglob("*"))
    assert {"Ц.html", "b.html", "b-2.html", "c-d.html"} <= set(files(folder))
    assert len(files(folder)) == len(report.fetched)


def test_a_folder_belongs_to_one_host(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("home")}
    run(site, tmp_path)
    with pytest.raises(DataError, match=r"holds pages of 127\.0\.0\.1"):
        crawl("https://help.acme.example", tmp_path)
    (tmp_path / STATE_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="is damaged; delete it"):
        run(site, tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9",
        "http://[::1]:9",
        "http://10.1.2.3",
        "http://192.168.0.1",
        "http://169.254.169.254/latest",
        "http://[fe80::1]",
        "http://[::ffff:10.0.0.1]",
        "http://[64:ff9b::a00:1]",
        "http://0.0.0.0",
        "http://localhost:9",
        "http://2130706433",
    ],
)
def test_no_private_address_is_connected_to(tmp_path: Path, address: str) -> None:
    with pytest.raises(
        WebError, match="which is not a public address; set crawl_private_hosts where that is meant"
    ):
        crawl(address, tmp_path)


@pytest.mark.parametrize(
    "address", ["ftp://a.example", "help.acme.example", "http://", "http://a.example:x", ""]
)
def test_what_is_no_web_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(DataError, match="is no web address"):
        crawl(address, tmp_path)


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(site: Site) -> None:
    port = int(site.address.rsplit(":", 1)[1])
    site.pages["/"] = "hello"
    host = Host(f"http://localhost:{port}", pause_seconds=0, timeout_seconds=5, allow_private=True)
    assert host.get("/", wanted=lambda _: True, limit=99).body == b"hello"
    host.close()
    checked = Host(f"http://localhost:{port}", pause_seconds=0, timeout_seconds=5, allow_private=False)
    with pytest.raises(WebError, match="not a public address"):
        checked.get("/", wanted=lambda _: True, limit=99)
    assert site.asked == ["/"]


def test_https_asks_by_name_and_checks_the_certificate(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "localhost.pem"
    certificate.write_bytes(_certificate_for("localhost"))
    asked_for: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, site))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        site.pages["/"] = page("safe")
        address = f"https://localhost:{server.server_port}/"
        with pytest.raises(DataError, match="certificate verify failed"):
            crawl(address, tmp_path / "a", pause_seconds=0, allow_private=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert crawl(address, tmp_path / "a", pause_seconds=0, allow_private=True).fetched == (address,)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert set(asked_for) == {"localhost"}


def _certificate_for(name: str) -> bytes:
    """A key with a certificate that it signed itself, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_a_host_that_nobody_answers_at_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not answer: connection refused"):
        crawl("http://127.0.0.1:1", tmp_path, allow_private=True)
