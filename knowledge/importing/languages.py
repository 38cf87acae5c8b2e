"""The language of each article, and which articles are translations of each other."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from knowledge.documents import ArticleDocument
from knowledge.language import language_of
from knowledge.markdown import plain_text

_TAG = re.compile(r"\A[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}\Z")
# fmt: off
_LANGUAGES = frozenset({
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gl",
    "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "lt", "lv", "mk", "ms",
    "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "te", "th",
    "tr", "uk", "ur", "vi", "zh",
})
# fmt: on
UNDETERMINED = "und"
"""The tag of a page whose language nobody should guess (RFC 5646)."""
_FEWEST_CHARS = 200
"""Below this a language is not guessed from the words."""
_MOST_CHARS = 2_000
"""The beginning of an article says its language."""
_SURE = 0.95
_REGION_CHARS, _SCRIPT_CHARS = 2, 4
_SOURCE_FOLDERS = ("docusaurus-plugin-content-docs", "current", "content", "docs")
"""What Docusaurus puts between a language's folder and the page."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page's place in its source, with its language taken out of it."""

    key: str
    """Path without suffix, language and the folders that sites put around all their pages."""
    language: str
    """BCP 47 tag; empty when the place says none."""


def with_languages(articles: Sequence[ArticleDocument]) -> tuple[ArticleDocument, ...]:
    """The articles with their language, and a key that translations of each other share.

    A page says its language itself, or its folder (`es/`, `i18n/es/`) or name (`pay.es.md`) does where
    the same page stands in another language too; else it is noticed by its words, when there are enough.
    """
    places = [place_of(article.path) for article in articles]
    languages_of: defaultdict[str, set[str]] = defaultdict(set)
    for place in places:
        languages_of[place.key].add(place.language)
    translated = {key for key, languages in languages_of.items() if len(languages) > 1}
    return tuple(
        _with_language(article, place if place.key in translated else None)
        for article, place in zip(articles, places, strict=True)
    )


def _with_language(article: ArticleDocument, place: Place | None) -> ArticleDocument:
    said = language_tag(article.language)
    language = said or (place.language if place else "") or _noticed(article.body)
    return replace(
        article,
        language="" if said == UNDETERMINED else language,
        translation_key=article.translation_key or (place.key if place else ""),
    )


def language_tag(text: str) -> str:
    """The language as a BCP 47 tag, `en_us` as `en-US`; empty when it is none."""
    if not _TAG.match(text.strip()):
        return ""
    first, *others = re.split("[-_]", text.strip())
    return "-".join([first.lower(), *(_subtag(part) for part in others)])


def canonical_tag(name: str) -> str:
    """The tag that a folder or file is named by; empty when the name is not a usual language's."""
    tag = language_tag(name)
    return tag if tag.partition("-")[0] in _LANGUAGES else ""


def place_of(path_in_source: str) -> Place:
    """The place of the page with this path."""
    path = PurePosixPath(path_in_source.partition("#")[0]).with_suffix("")
    parts = list(path.parts)
    language = ""
    if len(parts) > 1 and parts[0] == "i18n" and canonical_tag(parts[1]):
        language = canonical_tag(parts[1])
        parts = [part for part in parts[2:] if part not in _SOURCE_FOLDERS]
    elif len(parts) > 1 and canonical_tag(parts[0]):
        language, parts = canonical_tag(parts[0]), parts[1:]
    elif canonical_tag(path.suffix[1:]):
        language, parts[-1] = canonical_tag(path.suffix[1:]), parts[-1].removesuffix(path.suffix)
    while parts[:1] and parts[0] in _SOURCE_FOLDERS:
        parts = parts[1:]
    return Place("/".join(parts), language)


def _subtag(part: str) -> str:
    if len(part) == _REGION_CHARS and part.isalpha():
        return part.upper()
    return part.title() if len(part) == _SCRIPT_CHARS and part.isalpha() else part.lower()


def _noticed(body: str) -> str:
    """The language of the words; empty when they are few or leave doubt."""
    words = plain_text(body[:_MOST_CHARS])
    if len(words) < _FEWEST_CHARS:
        return ""
    language = language_of(words)
    return language.tag if language.probability >= _SURE else ""
