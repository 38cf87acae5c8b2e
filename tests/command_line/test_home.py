"""Commands that need a store alone: import, export, agents, settings; in a home that they make."""

import json
from pathlib import Path

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
    expected = {"added": 2, "changed": 0, "unchanged": 0, "retired": 0, "kept": 0, "refused": []}
    first = firstlast("import", articles, "--json")
    assert (first.status, first.result) == (0, expected)
    again = firstlast("import", articles, "--json")
    assert again.result == expected | {"added": 0, "unchanged": 2}


def test_an_import_with_refusals_ends_with_one_and_lists_them(firstlast: Commands, articles: Path) -> None:
    (articles / "broken.md").write_bytes(b"\xff\xfe\x00nothing to read")
    (articles / "empty.md").write_text("")
    got = firstlast("import", articles, "--json")
    assert got.status == 1
    assert got.result["added"] == 2
    refused = {Path(one["path"]).name: one["reason"] for one in got.result["refused"]}
    assert sorted(refused) == ["broken.md", "empty.md"]
    assert all(refused.values())
    assert "broken.md" in got.stderr


def test_an_import_of_nothing_says_what_was_wrong(firstlast: Commands, tmp_path: Path) -> None:
    got = firstlast("import", tmp_path / "gone", "--json")
    assert (got.status, got.stdout) == (1, "")
    assert "gone" in got.stderr


def test_exported_knowledge_imports_as_the_same(firstlast: Commands, articles: Path, tmp_path: Path) -> None:
    firstlast("import", articles)
    out = tmp_path / "out"
    got = firstlast("export", out, "--json")
    assert (got.status, got.result) == (0, {"folder": str(out), "articles": 2, "learned_answers": 0})
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
