"""Homes, stores and options that cannot be used: one sentence on standard error and the right exit status."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line.parts import Commands, Outcome
from tests.plain_user import as_a_plain_user

NEEDING_A_STORE = (
    ("init",),
    ("demo", "--prepare-only"),
    ("serve", "--port", "0"),
    ("import", "articles"),
    ("export", "out"),
    ("ask", "where is my box"),
    ("search", "box"),
    ("agents", "add", "ada@shop.example"),
    ("train", "heads", "--from-store"),
    ("train", "answering", "--from-experience"),
    ("data", "build", "set", "--from-store"),
    ("eval", "answers"),
    ("bench", "answer"),
    ("bench", "classify"),
    ("retrain", "--dry-run"),
    ("drift",),
)
TAKING_A_HOME = (
    *NEEDING_A_STORE,
    ("models", "list"),
    ("models", "clean"),
    ("models", "compare"),
    ("models", "rollback"),
    ("bench", "index"),
    ("train", "encoder"),
    ("eval", "report"),
    ("data", "noise", "rows.jsonl"),
)


def name_of(command: tuple[str, ...]) -> str:
    return " ".join(command)


def assert_one_sentence(got: Outcome, *, begins: str) -> None:
    """Nothing on standard output, and one line on standard error, after lines that tell of progress."""
    assert got.stdout == ""
    *said, last = got.stderr.splitlines()
    assert last.startswith(begins), got.stderr
    assert all(line.startswith("preparing ") for line in said), got.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run: with a page to import, and rows to look at."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "box.md").write_text("# Box\n\nIt comes on Monday.\n")
    (tmp_path / "rows.jsonl").write_text('{"text": "where is my box", "label": "delivery"}\n' * 2)
    return tmp_path


@pytest.fixture
def read_only_home(demo_home: Path) -> Iterator[Path]:
    """A home with everything in it, of which nothing may be changed."""
    inside = [path for path in demo_home.rglob("*") if not path.is_symlink()]
    modes = {path: path.stat().st_mode for path in (demo_home, *inside)}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    with as_a_plain_user():
        with pytest.raises(PermissionError):
            (demo_home / "firstlast.db").open("ab")
        yield demo_home
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.parametrize("command", TAKING_A_HOME, ids=name_of)
@pytest.mark.parametrize("below", ["", "sub/home"])
def test_a_home_that_is_a_file_is_bad_usage(folder: Path, command: tuple[str, ...], below: str) -> None:
    (folder / "notes.txt").write_text("not a home")
    got = Commands(folder / "notes.txt" / below)(*command)
    assert got.status == 2
    assert_one_sentence(got, begins="usage: --home ")
    assert "notes.txt is a file; name a folder" in got.stderr


def test_a_default_home_that_is_a_file_is_told(folder: Path) -> None:
    (folder / ".firstlast").write_text("not a home")
    got = Commands(None)("ask", "where is my box")
    assert got.status == 1
    assert_one_sentence(got, begins=f"error: the home {folder}/.firstlast cannot be used (")


@pytest.mark.timeout(600)  # the first may have to train the sample company's models
@pytest.mark.parametrize("command", NEEDING_A_STORE, ids=name_of)
def test_a_home_that_may_not_be_written_is_told(
    folder: Path, read_only_home: Path, command: tuple[str, ...]
) -> None:
    got = Commands(read_only_home)(*command)
    assert got.status == 1
    assert_one_sentence(got, begins="error: ")
    assert str(read_only_home) in got.stderr


def test_a_new_home_where_nothing_may_be_written_is_told(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o555)
    with as_a_plain_user():
        got = Commands(folder / "closed" / "home")("agents", "add", "ada@shop.example")
    assert got.status == 1
    assert_one_sentence(
        got, begins=f"error: the home {folder}/closed/home cannot be used (permission denied)"
    )


@pytest.mark.parametrize("command", NEEDING_A_STORE, ids=name_of)
def test_a_damaged_store_is_told(folder: Path, demo_home: Path, command: tuple[str, ...]) -> None:
    for path in demo_home.glob("firstlast.db-*"):
        path.unlink()
    (demo_home / "firstlast.db").write_bytes(b"this was a database once " * 1000)
    got = Commands(demo_home)(*command)
    assert got.status == 1
    assert_one_sentence(got, begins="error: ")
    assert f"{demo_home}/firstlast.db: the store cannot be used (file is not a database)" in got.stderr


def test_a_store_of_a_newer_version_is_told(folder: Path, demo_home: Path) -> None:
    connection = sqlite3.connect(demo_home / "firstlast.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    got = Commands(demo_home)("ask", "where is my box")
    assert got.status == 1
    assert_one_sentence(got, begins="error: ")
    assert "was made by another version of firstlast" in got.stderr
    assert "'9999'" in got.stderr


def test_a_damaged_secret_is_told(firstlast: Commands) -> None:
    assert firstlast.home is not None
    firstlast.home.mkdir()
    (firstlast.home / "secret").write_bytes(b"\xff" * 48)
    got = firstlast("ask", "where is my box")
    assert got.status == 1
    assert_one_sentence(got, begins=f"error: {firstlast.home}/secret is damaged; delete it")


def test_a_file_in_the_place_of_a_folder_is_told(firstlast: Commands, folder: Path) -> None:
    (folder / "out").write_text("not a folder")
    got = firstlast("export", folder / "out")
    assert got.status == 1
    assert_one_sentence(got, begins=f"error: {folder}/out")


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_cannot_be_is_bad_usage(firstlast: Commands, command: str, port: str) -> None:
    got = firstlast(command, "--port", port)
    assert (got.status, got.stdout) == (2, "")
    assert "'--port'" in got.stderr
    assert "Traceback" not in got.stderr


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_empty_host_is_refused_and_does_not_mean_every_address(demo_home: Path, command: str) -> None:
    got = Commands(demo_home)(command, "--host", "")
    assert got.status == 1
    assert "error: setting 'host': String should have at least 1 character" in got.stderr


def test_the_home_may_be_named_before_the_command(firstlast: Commands, tmp_path: Path) -> None:
    home = tmp_path / "before"
    got = firstlast("--home", home, "agents", "add", "ada@shop.example", "--json", with_home=False)
    assert got.status == 0, got.stderr
    assert (home / "firstlast.db").is_file()


def test_the_home_named_after_the_command_counts_most_and_that_of_the_environment_least(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTLAST_HOME", str(folder / "environment"))
    add, run = ("agents", "add", "ada@shop.example", "--json"), Commands(None)
    before = ("--home", folder / "before")
    made = []
    for arguments in ((*before, *add, "--home", folder / "after"), (*before, *add), add):
        assert run(*arguments).status == 0
        made.append(sorted(path.parent.name for path in folder.glob("*/firstlast.db")))
    assert made == [["after"], ["after", "before"], ["after", "before", "environment"]]
