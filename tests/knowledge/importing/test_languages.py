"""Which language an article has, and which articles are translations of each other."""

from pathlib import Path

import pytest

from knowledge.importing.languages import canonical_tag
from knowledge.importing.source import read_source
from tests.knowledge.importing.markdown.test_pages import write

ENGLISH = "Open the settings and choose the plan that you want. " * 6
SPANISH = "Abre la configuración y elige el plan que quieres tener. " * 6


def languages_of(folder: Path) -> dict[str, tuple[str, str]]:
    """Language and translation key of each article, by path."""
    articles = read_source(folder).articles
    return {article.path: (article.language, article.translation_key) for article in articles}


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("pay.md", "pay.es.md"),
        ("en/pay.md", "es/pay.md"),
        ("docs/pay.md", "i18n/es/docusaurus-plugin-content-docs/current/pay.md"),
        ("content/pay.md", "content/pay.es.md"),
    ],
)
def test_pages_of_one_name_in_two_languages_are_translations(
    tmp_path: Path, english: str, spanish: str
) -> None:
    write(tmp_path, english, ENGLISH)
    write(tmp_path, spanish, "Corto.")
    assert languages_of(tmp_path) == {english: ("en", "pay"), spanish: ("es", "pay")}


def test_a_folder_that_is_only_called_like_a_language_is_none(tmp_path: Path) -> None:
    write(tmp_path, "it/laptops.md", "Ask for one.")
    write(tmp_path, "no/returns.md", ENGLISH)
    assert languages_of(tmp_path) == {"it/laptops.md": ("", ""), "no/returns.md": ("en", "")}


def test_a_page_says_its_language_itself_or_by_its_words(tmp_path: Path) -> None:
    write(tmp_path, "a.md", f"---\nlang: pt_br\n---\n{ENGLISH}")
    write(tmp_path, "b.md", SPANISH)
    write(tmp_path, "c.md", "Short.")
    write(tmp_path, "e.md", f"---\nlang: fil\n---\n{ENGLISH}")
    write(tmp_path, "d.md", "---\nlocale: de\ntranslation_key: fees\n---\nGebühren.")
    assert languages_of(tmp_path) == {
        "a.md": ("pt-BR", ""),
        "b.md": ("es", ""),
        "c.md": ("", ""),
        "d.md": ("de", "fees"),
        "e.md": ("fil", ""),
    }


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [
        ("EN", "en"),
        ("pt_br", "pt-BR"),
        ("zh-hans", "zh-Hans"),
        ("xx", ""),
        ("english", ""),
        ("", ""),
        ("en-us", "en-US"),
    ],
)
def test_tags_are_written_as_bcp_47_writes_them(tag: str, canonical: str) -> None:
    assert canonical_tag(tag) == canonical
