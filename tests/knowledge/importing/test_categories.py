"""The category of articles that name none."""

from pathlib import Path

import pytest

from knowledge.importing.source import read_source


def categories(folder: Path, files: dict[str, str]) -> dict[str, str]:
    """The category of each article, by path."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {article.path: article.category for article in read_source(folder).articles}


def test_an_article_is_in_the_category_of_its_folder(tmp_path: Path) -> None:
    got = categories(
        tmp_path,
        {
            "hello.md": "Hi.",
            "02-billing/pay.md": "Pay.",
            "billing/cards/lost.md": "Lost.",
            "2fa/app.md": "App.",
        },
    )
    assert got == {
        "hello.md": "",
        "02-billing/pay.md": "billing",
        "billing/cards/lost.md": "billing / cards",
        "2fa/app.md": "2fa",
    }


def test_the_articles_own_category_comes_first(tmp_path: Path) -> None:
    got = categories(tmp_path, {"a/pay.md": "---\ncategory: Money\n---\nPay.", "b/go.md": "Go."})
    assert got == {"a/pay.md": "Money", "b/go.md": "b"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("start/_category_.json", '{"label": "Getting started", "position": 2}'),
        ("start/_category_.yml", "label: Getting started\nposition: 2"),
        ("start/_index.md", "---\ntitle: Getting started\n---\nAll you need at first."),
        ("start/README.md", "# Getting started\n\nAll you need at first."),
    ],
)
def test_a_folder_says_its_title(tmp_path: Path, name: str, text: str) -> None:
    got = categories(tmp_path, {"pay.md": "Pay.", "start/install.md": "Install.", name: text})
    assert got["start/install.md"] == "Getting started"


def test_a_broken_category_file_costs_the_title_alone(tmp_path: Path) -> None:
    got = categories(tmp_path, {"pay.md": "Pay.", "start/go.md": "Go.", "start/_category_.json": "{label"})
    assert got == {"pay.md": "", "start/go.md": "start"}


def test_folders_around_all_pages_and_those_of_languages_are_no_category(tmp_path: Path) -> None:
    got = categories(
        tmp_path,
        {
            "handbook/docs/pay.md": "Pay.",
            "handbook/docs/cards/lost.md": "Lost.",
        },
    )
    assert got == {"handbook/docs/pay.md": "", "handbook/docs/cards/lost.md": "cards"}
    translated = categories(
        tmp_path / "two", {"en/cards/lost.md": "Lost.", "fr/cards/lost.md": "Perdu.", "en/a.md": "A."}
    )
    assert translated == {"en/cards/lost.md": "cards", "fr/cards/lost.md": "cards", "en/a.md": ""}
