"""Commands that need a store alone: import, export, agents, settings; in a home that they make."""

import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.command_line.parts import Commands


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Two good articles and one that is no text."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "loud-pump.md").write_text("# The pump is loud\n\nFill the tank up to the line.\n")
    (folder / "skip-a-box.md").write_text("# Skip a box\n\nOpen Plan and tap Skip.\n")
    return folder


def test_imported_articles_are_counted_and_an_import_again_changes_nothing(
    firstlast: Commands, articles: Path
) -> None:
    expected = {"added": 2, "changed": 0, "unchanged": 0, "moved": 0, "retired": 0, "kept": 0, "refused": []}
    expected |= {
        "held_back": [],
        "passed_over": {},
        "holes": [],
        "missing_files": [],
        "renamed": {},
        "same_as": {},
    }
    expected |= {"source": "articles", "read": {".md": 2}, "passages": None}
    first = firstlast("import", articles, "--json")
    assert (first.status, first.result) == (0, expected)
    again = firstlast("import", articles, "--json")
    assert again.result == expected | {"added": 0, "unchanged": 2}


def test_an_import_with_refusals_ends_with_one_and_lists_them(firstlast: Commands, articles: Path) -> None:
    (articles / "broken.md").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rnothing to read")
    (articles / "empty.md").write_text("")
    got = firstlast("import", articles, "--json")
    assert got.status == 1
    assert got.result["added"] == 2
    refused = {Path(one["path"]).name: one["reason"] for one in got.result["refused"]}
    assert sorted(refused) == ["broken.md", "empty.md"]
    assert all(refused.values())
    assert "broken.md" in got.stderr


def test_an_import_that_is_killed_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "help"
    folder.mkdir()
    command = [sys.executable, "-m", "firstlast", "import", str(folder), "--home", str(home), "--json"]

    def write(version: str) -> None:
        for number in range(150):
            (folder / f"page-{number}.md").write_text(f"# Page {number}\n\n{version}")

    def versions() -> Counter[str]:
        with closing(sqlite3.connect(home / "firstlast.db")) as store:
            return Counter(body.splitlines()[-1] for (body,) in store.execute("SELECT body FROM articles"))

    write("first")
    started = time.perf_counter()
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    seconds = time.perf_counter() - started
    before = versions()
    assert before == {"first": 150}
    for share in (0.75, 0.9):  # before, its modules are loaded
        write(f"after {share}")
        process = subprocess.Popen(
            command, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        time.sleep(share * seconds)
        process.kill()
        process.wait()
        assert versions() in [before, {f"after {share}": 150}]
        before = versions()
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert versions() == {"after 0.9": 150}


def test_what_an_import_leaves_out_is_said(firstlast: Commands, articles: Path) -> None:
    (articles / "soon.md").write_text("---\ndraft: true\n---\nSoon.")
    (articles / "price.md").write_text("It costs {{ site.price }}.\n\nAsk us.\n\n![Box](box.png)")
    (articles / "theme.scss").write_text("x")
    (articles / "node_modules").mkdir()
    got = firstlast("import", articles)
    assert got.status == 0
    lines = [" ".join(line.split()) for line in got.stderr.splitlines()]
    assert lines == [
        "held back node_modules/: internal",
        "held back soon.md: draft",
        "passed over 1 .scss: not read",
        "hole {{ site.price }} in price.md: sentences with it are not shown",
        "missing box.png in price.md: the picture is left out",
    ]
    assert got.stdout == (
        "added 3, changed 0, unchanged 0, moved 0, retired 0, held back 2, passed over 1, refused 0\n"
    )


def test_another_checkout_is_the_same_source_and_pictures_come_along(
    firstlast: Commands, tmp_path: Path
) -> None:
    for checkout in ("one", "two"):
        folder = tmp_path / checkout / "help"
        folder.mkdir(parents=True)
        (folder / "box.png").write_bytes(b"picture")
        (folder / "a.md").write_text("Open it. ![Box](box.png)")
        (folder / "b.md").write_text("Close it.")
    (tmp_path / "two" / "help" / "b.md").write_text("Close it well.")
    assert firstlast("import", tmp_path / "one" / "help", "--json").result["added"] == 2
    got = firstlast("import", tmp_path / "two" / "help", "--json").result
    assert (got["source"], got["changed"], got["unchanged"], got["refused"]) == ("help", 1, 1, [])
    assert [path.read_bytes() for path in (firstlast.home / "files").iterdir()] == [b"picture"]
    side = firstlast("import", tmp_path / "two" / "help", "--source", "other", "--json").result
    assert (side["source"], side["unchanged"]) == ("other", 2)


def test_an_import_that_would_retire_much_waits_for_a_yes(firstlast: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "help"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.md").write_text(f"# Question {number}\n\nAnswer {number}.")
    firstlast("import", folder)
    for number in range(3):
        (folder / f"{number}.md").unlink()
    got = firstlast("import", folder, "--json")
    assert (got.status, got.stdout) == (1, "")
    assert "3 of 6 articles and answers of this source would be retired" in " ".join(got.stderr.split())
    assert "--yes" in got.stderr
    assert firstlast("import", folder, "--yes", "--json").result["retired"] == 3


def test_an_import_is_undone_by_the_name_of_its_source_once_somebody_says_so(
    firstlast: Commands, articles: Path
) -> None:
    firstlast("import", articles)
    (listed,) = firstlast("sources", "list", "--json").result["sources"]
    name = listed["name"]
    assert (listed["articles"], listed["learned_answers"]) == (2, 0)
    asked = firstlast("sources", "retire", name)
    assert (asked.status, asked.stdout) == (1, "")
    assert "nothing is retired yet: 2 articles and 0 learned answers" in asked.stderr
    assert firstlast("sources", "retire", name, "--yes", "--json").result["retired"] == 2
    assert firstlast("sources", "list").stdout.startswith(f"{name}: 0 articles and 0 learned answers in use")
    assert firstlast("import", articles, "--json").result["changed"] == 2
    unknown = firstlast("sources", "retire", "nowhere", "--yes")
    assert unknown.status == 1
    assert "no source 'nowhere' was imported" in unknown.stderr


def test_an_import_of_nothing_says_what_was_wrong(firstlast: Commands, tmp_path: Path) -> None:
    got = firstlast("import", tmp_path / "gone", "--json")
    assert (got.status, got.stdout) == (1, "")
    assert "gone" in got.stderr


def test_exported_knowledge_imports_as_the_same(firstlast: Commands, articles: Path, tmp_path: Path) -> None:
    firstlast("import", articles)
    out = tmp_path / "out"
    got = firstlast("export", out, "--json")
    exported = {"folder": str(out), "articles": 2, "learned_answers": 0, "attachments": 0}
    assert (got.status, got.result) == (0, exported)
    other = Commands(tmp_path / "other")
    assert other("import", out, "--json").result["added"] == 2


def test_an_agent_is_added_once(firstlast: Commands) -> None:
    first = firstlast("agents", "add", "ada@shop.example", "--role", "editor", "--json")
    assert first.status == 0
    assert {"email": "ada@shop.example", "role": "editor"}.items() <= first.result.items()
    assert len(first.result["password"]) >= 12
    again = firstlast("agents", "add", "ADA@shop.example", "--json")
    assert (again.status, again.stdout) == (1, "")
    assert "ada@shop.example" in again.stderr


def test_a_password_from_a_file_is_not_printed(firstlast: Commands) -> None:
    got = firstlast(
        "agents", "add", "bo@shop.example", "--password-file", "-", "--json", stdin="correct horse battery\n"
    )
    assert got.status == 0
    assert "password" not in got.result


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-address"],
        ["x@shop.example", "--role", "king"],
        ["x@shop.example", "--team", "nowhere"],
    ],
    ids=["no address", "unknown role", "unknown team"],
)
def test_an_agent_that_cannot_be_is_refused_in_words(firstlast: Commands, arguments: list[str]) -> None:
    got = firstlast("agents", "add", *arguments, "--json")
    assert (got.status, got.stdout) == (1, "")
    assert got.stderr.startswith("error: ")
    assert "Traceback" not in got.stderr


def test_an_unknown_setting_is_named_with_the_one_meant(firstlast: Commands) -> None:
    assert firstlast.home is not None
    firstlast.home.mkdir()
    (firstlast.home / "firstlast.toml").write_text("risk_buget = 0.1\n")
    got = firstlast("ask", "where is my box", "--json")
    assert (got.status, got.stdout) == (1, "")
    assert "unknown setting 'risk_buget'" in got.stderr
    assert "did you mean 'risk_budget'" in got.stderr


def test_an_unknown_setting_of_the_environment_is_named(
    firstlast: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTLAST_RISK", "0.1")
    got = firstlast("models", "list", "--json")
    assert got.status == 1
    assert "'FIRSTLAST_RISK'" in got.stderr


def test_a_home_without_an_encoder_says_what_to_run(firstlast: Commands) -> None:
    for command in (["ask", "where is my box"], ["search", "box"], ["bench", "answer"], ["bench", "index"]):
        got = firstlast(*command, "--json")
        assert (got.status, got.stdout) == (1, "")
        assert "run: firstlast init" in got.stderr


def test_a_home_without_training_has_no_models(firstlast: Commands) -> None:
    got = firstlast("models", "list", "--json")
    assert (got.status, got.result) == (0, {"models": []})
    assert "run: firstlast train heads" in firstlast("models", "list").stdout


def test_a_file_that_is_no_jsonl_is_refused_with_its_line(firstlast: Commands, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"question": "a?", "answer": "b"}) + "\nnot json\n")
    got = firstlast("import", path, "--json")
    assert got.status == 1
    assert [one["path"].rpartition(":")[2] for one in got.result["refused"]] == ["2"]


def test_a_help_centre_is_imported_by_its_address(firstlast: Commands, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for name, words in (("index", "Start here."), ("pay", "Pay by card."), ("late", "Within 3 days.")):
        links = '<a href="/pay.html">Pay</a> <a href="/late.html">Late</a>'
        (site / f"{name}.html").write_text(
            f"<title>{name} | Acorn</title><nav>{links}</nav><main><h1>About {name}</h1><p>{words}</p></main>"
        )
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, serving(server):
        address = f"http://127.0.0.1:{server.server_port}/"
        refused = firstlast("import", address, "--json")
        (firstlast.home / "firstlast.toml").write_text("crawl_private_hosts = true\n")
        got = firstlast("import", address, "--json")
        (site / "pay.html").write_text("<main><h1>About pay</h1><p>Pay by invoice.</p></main>")
        again = firstlast("import", address, "--json")
    assert (refused.status, refused.stdout) == (1, "")
    assert "crawl_private_hosts" in refused.stderr or "private" in refused.stderr
    assert (got.status, got.result["added"], got.result["source"]) == (
        0,
        3,
        f"127.0.0.1:{server.server_port}",
    )
    assert (again.result["changed"], again.result["unchanged"], again.result["retired"]) == (1, 2, 0)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
