"""What is read from the exports of helpdesks, what is held back, and what a broken article costs."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import (
    ArticleDocument,
    HeldBack,
    HeldBackReason,
    ImportResult,
    PassedOver,
    QuestionAnswer,
    Refusal,
)
from knowledge.importing.files import RefusedError, SourceFile
from knowledge.importing.helpdesk_exports import helpdesk_export
from knowledge.importing.source import read_source

DRAFT, INTERNAL, UNPUBLISHED = HeldBackReason.DRAFT, HeldBackReason.INTERNAL, HeldBackReason.UNPUBLISHED

ZENDESK: dict[str, Any] = {
    "id": 3600,
    "url": "https://acme.zendesk.com/api/v2/help_center/en-us/articles/3600.json",
    "html_url": "https://help.acme.example/hc/en-us/articles/3600-Move-house",
    "title": "Move house",
    "body": "<p>Tell us <b>early</b>.</p><ul><li>Meter</li></ul>",
    "draft": False,
    "locale": "en-us",
    "source_locale": "en-us",
    "section_id": 7,
    "user_segment_id": None,
}
INTERCOM: dict[str, Any] = {
    "type": "article",
    "id": "12",
    "workspace_id": "w",
    "title": "Move house",
    "description": "",
    "body": '<p class="no-margin">Tell us <b>early</b>.</p>',
    "state": "published",
    "url": "http://help.acme.example/en/articles/12-move-house",
    "parent_id": 125,
    "parent_type": "collection",
}
FRESHDESK: dict[str, Any] = {
    "id": 4,
    "type": 1,
    "category_id": 3,
    "folder_id": 5,
    "hierarchy": [
        {"level": 0, "type": "category", "data": {"id": 3, "name": "General", "language": "en"}},
        {"level": 1, "type": "folder", "data": {"id": 5, "name": "Moving", "language": "en"}},
    ],
    "title": "Move house",
    "description": "<p>Tell us <b>early</b>.</p>",
    "description_text": "Tell us early.",
    "status": 2,
}
HELP_SCOUT: dict[str, Any] = {
    "id": "5214c8",
    "number": 23,
    "collectionId": "5214c7",
    "slug": "move-house",
    "status": "published",
    "hasDraft": False,
    "name": "Move house",
    "text": "Tell us <b>early</b>.",
    "categories": ["c1", "c2"],
    "publicUrl": "https://docs.acme.example/article/23-move-house",
}
CRISP: dict[str, Any] = {
    "article_id": "3a1d",
    "title": "Move house",
    "content": "Tell us **early**.",
    "status": "published",
    "visibility": "visible",
    "url": "https://help.acme.example/en/article/move-house-1x2y3z/",
    "category": {"category_id": "k", "name": "Moving"},
}


def imported(folder: Path, value: object, name: str = "export.json") -> ImportResult:
    (folder / name).write_text(json.dumps(value), encoding="utf-8")
    (folder / "other.md").write_text("# Other\n\nText", encoding="utf-8")
    return read_source(folder)


def only_article(result: ImportResult) -> ArticleDocument:
    articles = [article for article in result.articles if article.slug != "other"]
    assert (len(articles), result.refusals, result.held_back) == (1, (), ())
    return articles[0]


@pytest.mark.parametrize(
    ("value", "article"),
    [
        pytest.param(
            {"count": 1, "next_page": None, "articles": [ZENDESK], "sections": [{"id": 7, "name": "Moving"}]},
            ArticleDocument(
                slug="move-house",
                title="Move house",
                body="Tell us **early**.\n\n- Meter",
                category="Moving",
                url="https://help.acme.example/hc/en-us/articles/3600-Move-house",
                language="en-US",
                translation_key="zendesk:3600",
                path="export.json#3600",
            ),
            id="zendesk",
        ),
        pytest.param(
            {"type": "list", "data": [INTERCOM], "total_count": 1, "pages": {"type": "pages", "page": 1}},
            ArticleDocument(
                slug="move-house",
                title="Move house",
                body="Tell us **early**.",
                url="http://help.acme.example/en/articles/12-move-house",
                path="export.json#12",
            ),
            id="intercom",
        ),
        pytest.param(
            [FRESHDESK],
            ArticleDocument(
                slug="move-house",
                title="Move house",
                body="Tell us **early**.",
                category="Moving",
                path="export.json#4",
            ),
            id="freshdesk",
        ),
        pytest.param(
            {"articles": {"page": 1, "pages": 1, "count": 1, "items": [HELP_SCOUT]}},
            ArticleDocument(
                slug="move-house",
                title="Move house",
                body="Tell us **early**.",
                url="https://docs.acme.example/article/23-move-house",
                path="export.json#5214c8",
            ),
            id="help scout",
        ),
        pytest.param(
            {"error": False, "reason": "listed", "data": [CRISP]},
            ArticleDocument(
                slug="move-house-1x2y3z",
                title="Move house",
                body="Tell us **early**.",
                category="Moving",
                url="https://help.acme.example/en/article/move-house-1x2y3z/",
                path="export.json#3a1d",
            ),
            id="crisp",
        ),
    ],
)
def test_the_articles_of_each_helpdesk_are_read(
    tmp_path: Path, value: object, article: ArticleDocument
) -> None:
    assert only_article(imported(tmp_path, value)) == article


@pytest.mark.parametrize(
    "value",
    [
        {"article": ZENDESK},
        ZENDESK,
        [{"articles": [ZENDESK]}, {"articles": []}],
        {"article": INTERCOM},
        INTERCOM,
        {"articles": [FRESHDESK]},
        FRESHDESK,
        {"article": HELP_SCOUT},
        [HELP_SCOUT],
        {"error": False, "reason": "resolved", "data": CRISP},
        [{"data": [CRISP]}],
        {"articles": [ZENDESK, ZENDESK]},
    ],
)
def test_one_article_several_answers_and_overlapping_pages_are_read_alike(
    tmp_path: Path, value: object
) -> None:
    assert only_article(imported(tmp_path, value)).title == "Move house"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (ZENDESK | {"draft": True}, DRAFT),
        (ZENDESK | {"user_segment_id": 99}, INTERNAL),
        (ZENDESK | {"user_segment_ids": [99]}, INTERNAL),
        (INTERCOM | {"state": "draft"}, DRAFT),
        (FRESHDESK | {"status": 1}, DRAFT),
        (FRESHDESK | {"status": 3}, UNPUBLISHED),
        (FRESHDESK | {"folder_visibility": 3}, INTERNAL),
        (HELP_SCOUT | {"status": "notpublished"}, UNPUBLISHED),
        (HELP_SCOUT | {"visibility": "private"}, INTERNAL),
        (CRISP | {"status": "draft"}, DRAFT),
        (CRISP | {"visibility": "hidden"}, INTERNAL),
    ],
)
def test_drafts_and_what_is_not_for_everybody_are_held_back(
    tmp_path: Path, record: dict[str, Any], reason: HeldBackReason
) -> None:
    result = imported(tmp_path, [record])
    identifier = record.get("article_id", record.get("id"))
    assert result.held_back == (HeldBack(f"export.json#{identifier}", reason),)
    assert [article.slug for article in result.articles] == ["other"]


@pytest.mark.parametrize(
    ("record", "name", "groups"),
    [
        (ZENDESK, "sections.json", {"sections": [{"id": 7, "name": "Moving"}]}),
        (INTERCOM, "collections.json", {"type": "list", "data": [{"id": "125", "name": "Moving"}]}),
        (
            {name: value for name, value in FRESHDESK.items() if name != "hierarchy"},
            "folders.json",
            [{"id": 5, "name": "Moving", "visibility": 1}],
        ),
        (HELP_SCOUT, "categories.json", {"categories": {"items": [{"id": "c1", "name": "Moving"}]}}),
        (CRISP | {"category": "k"}, "categories.json", {"data": [{"category_id": "k", "name": "Moving"}]}),
    ],
)
def test_names_of_groups_are_found_in_the_file_beside(
    tmp_path: Path, record: dict[str, Any], name: str, groups: object
) -> None:
    (tmp_path / name).write_text(json.dumps(groups), encoding="utf-8")
    result = imported(tmp_path, [record])
    assert only_article(result).category == "Moving"
    assert result.passed_over == (PassedOver(name),)


@pytest.mark.parametrize(
    ("record", "name", "groups"),
    [
        (FRESHDESK, "folders.json", [{"id": 5, "name": "For agents", "visibility": 3}]),
        (
            HELP_SCOUT,
            "collections.json",
            {"collections": {"items": [{"id": "5214c7", "visibility": "private"}]}},
        ),
    ],
)
def test_what_stands_in_a_group_for_agents_is_held_back(
    tmp_path: Path, record: dict[str, Any], name: str, groups: object
) -> None:
    (tmp_path / name).write_text(json.dumps(groups), encoding="utf-8")
    result = imported(tmp_path, [record])
    assert result.held_back == (HeldBack(f"export.json#{record['id']}", INTERNAL),)


def test_translations_of_zendesk_belong_together(tmp_path: Path) -> None:
    german = {
        "id": 91,
        "source_id": 3600,
        "source_type": "Article",
        "locale": "de",
        "title": "Umziehen",
        "body": "<p>Früh melden.</p>",
        "html_url": "https://help.acme.example/hc/de/articles/3600-Umziehen",
        "draft": False,
    }
    french = german | {"id": 92, "locale": "fr", "title": "Déménager", "draft": True}
    english = german | {"id": 90, "locale": "en-us", "title": "Move house", "body": ZENDESK["body"]}
    expected = [
        ("move-house", "en-US", "zendesk:3600", "export.json#3600"),
        ("umziehen", "de", "zendesk:3600", "export.json#3600:de"),
    ]
    for number, value in enumerate(
        (
            {"articles": [ZENDESK | {"translations": [english, german, french]}]},
            [ZENDESK, english, german, french],
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        result = imported(folder, value)
        assert [
            (article.slug, article.language, article.translation_key, article.path)
            for article in result.articles
            if article.slug != "other"
        ] == expected
        assert (result.held_back, result.refusals) == ((HeldBack("export.json#3600:fr", DRAFT),), ())


def test_translations_of_an_article_for_agents_are_held_back_with_it(tmp_path: Path) -> None:
    german = {"locale": "de", "title": "Umziehen", "body": "<p>Früh melden.</p>"}
    result = imported(tmp_path, [ZENDESK | {"user_segment_id": 9, "translations": [german]}])
    assert result.held_back == (
        HeldBack("export.json#3600", INTERNAL),
        HeldBack("export.json#3600:de", INTERNAL),
    )


def test_translations_of_intercom_belong_together(tmp_path: Path) -> None:
    content = {"type": "article_content", "state": "published"}
    translated = {
        "type": "article_translated_content",
        "en": content | {"title": "Move house", "body": INTERCOM["body"]},
        "pt-BR": content
        | {"title": "Mudança", "body": "<p>Avise cedo.</p>", "url": "https://h.example/pt-BR/12-mudanca"},
        "fr": content | {"title": "Déménager", "body": "<p>Tôt.</p>", "state": "draft"},
        "de": None,
    }
    result = imported(tmp_path, {"type": "list", "data": [INTERCOM | {"translated_content": translated}]})
    assert [
        (article.slug, article.language, article.translation_key, article.path)
        for article in result.articles
        if article.slug != "other"
    ] == [
        ("move-house", "en", "intercom:12", "export.json#12"),
        ("mudanca", "pt-BR", "intercom:12", "export.json#12:pt-BR"),
    ]
    assert result.held_back == (HeldBack("export.json#12:fr", DRAFT),)


@pytest.mark.parametrize(
    ("broken", "refusal"),
    [
        (ZENDESK | {"title": ""}, Refusal("export.json#3600", "the article has no title")),
        (ZENDESK | {"body": None}, Refusal("export.json#3600", "the article has no text")),
        (ZENDESK | {"body": "<p> </p>"}, Refusal("export.json#3600", "the article has no text")),
        (ZENDESK | {"body": ["x"]}, Refusal("export.json#3600", "body is a JSON list, not a text")),
        (
            ZENDESK | {"title": "a\ud800"},
            Refusal("export.json#3600", "title holds half a character at 1; save the export anew"),
        ),
        (
            ZENDESK | {"body": "<div>" * 300 + "x"},
            Refusal("export.json#3600", "the page is nested too deeply to be read; simplify it"),
        ),
        (
            {"id": 1, "surname": "x"},
            Refusal(
                "export.json#1",
                "no article of the helpdesk whose export this is; it has the keys 'id', 'surname'",
            ),
        ),
        (
            None,
            Refusal(
                "export.json#1", "no article of the helpdesk whose export this is; it has a JSON NoneType"
            ),
        ),
        (
            {name: value for name, value in HELP_SCOUT.items() if name != "text"},
            Refusal(
                "export.json#5214c8", "lists of Help Scout hold no text; save each article, /v1/articles/ID"
            ),
        ),
        (
            {name: value for name, value in CRISP.items() if name != "content"},
            Refusal("export.json#3a1d", "lists of Crisp hold no text; save each article, …/article/ID"),
        ),
    ],
)
def test_a_broken_article_costs_only_itself(tmp_path: Path, broken: object, refusal: Refusal) -> None:
    result = imported(tmp_path, {"articles": [broken, FRESHDESK]})
    assert result.refusals == (refusal,)
    assert sorted(article.slug for article in result.articles) == ["move-house", "other"]


def test_two_articles_with_one_id_are_told(tmp_path: Path) -> None:
    result = imported(tmp_path, [FRESHDESK, FRESHDESK | {"description": "<p>Other</p>"}])
    assert [refusal.reason for refusal in result.refusals] == [
        "another article of the file has this id and language; remove one of the two"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"articles": [', "not JSON: Expecting value: line 1 column 15 (char 14)"),
        (b"\xff\xfe\xff", "not JSON: 'utf-16-le' codec can't decode byte 0xff in position 2: truncated data"),
        (b"[" * 100_000, "not JSON that can be read: nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "export.json").write_bytes(content)
    assert read_source(tmp_path).refusals == (Refusal("export.json", reason),)


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "site", "version": "1"}',
        "[]",
        "[1, 2]",
        "null",
        '// settings\n{"compilerOptions": {}}',
        '{"data": {}}',
    ],
)
def test_settings_of_a_site_are_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "tsconfig.json").write_text(content, encoding="utf-8")
    (tmp_path / "other.md").write_text("# Other\n\nText", encoding="utf-8")
    assert read_source(tmp_path).passed_over == (PassedOver("tsconfig.json"),)


def test_an_export_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "export.json").write_bytes(b"\xef\xbb\xbf" + json.dumps([ZENDESK]).encode())
    assert read_source(tmp_path).articles[0].title == "Move house"


@pytest.mark.parametrize(
    ("address", "title", "slug"),
    [
        ("https://h.example/hc/en-us/articles/360-Change-Plan/", "x", "change-plan"),
        ("https://h.example/hc/en-us/articles/360", "Change your plan!", "change-your-plan"),
        ("https://h.example/hc/ru/articles/360-%D0%A6%D0%B5%D0%BD%D1%8B", "x", "цены"),
        ("", "???", "3600"),
    ],
)
def test_slugs_are_of_the_address_else_of_the_title(
    tmp_path: Path, address: str, title: str, slug: str
) -> None:
    assert only_article(imported(tmp_path, [ZENDESK | {"html_url": address, "title": title}])).slug == slug


def test_what_crisp_adds_to_markdown_is_taken_back(tmp_path: Path) -> None:
    content = (
        "| Mind the *gap*\n\n||| Careful\n\n${youtube}[How to](abc)\n\nA ++marked++ word.\n\n![Map](https://c.example/m.png"
        " =300x200)\n\n| a | b |\n| --- | --- |\n\n```\n| kept ++as++ is\n```"
    )
    path = tmp_path / "export.json"
    path.write_text(json.dumps(CRISP | {"content": content}), encoding="utf-8")
    (article,) = helpdesk_export(SourceFile(path, path.name))
    assert isinstance(article, ArticleDocument)
    assert article.body == (
        "> Mind the *gap*\n\n> Careful\n\n\n\nA marked word.\n\n![Map](https://c.example/m.png)"
        "\n\n| a | b |\n| --- | --- |\n\n```\n| kept ++as++ is\n```"
    )


def test_plain_text_of_help_scout_keeps_its_lines(tmp_path: Path) -> None:
    assert (
        only_article(imported(tmp_path, [HELP_SCOUT | {"text": "One &amp; two\n\n- <3"}])).body
        == "One & two\n\n- <3"
    )


_HELPDESKS = (ZENDESK, INTERCOM, FRESHDESK, HELP_SCOUT, CRISP)
_NAMES = st.sampled_from(
    sorted(
        {"translations", "translated_content", "source_id", "source_type", "articles", "data"}.union(
            *_HELPDESKS
        )
    )
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.sampled_from(_HELPDESKS), st.dictionaries(_NAMES, _VALUES, max_size=4), _VALUES)
def test_whatever_an_export_holds_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any], odd: dict[str, Any], more: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.json"
    path.write_text(json.dumps([record | odd, more]), encoding="utf-8")
    try:
        items = list(helpdesk_export(SourceFile(path, path.name)))
    except RefusedError:
        return
    assert all(not isinstance(item, QuestionAnswer) for item in items)
