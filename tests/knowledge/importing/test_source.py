"""What is read from help centres and answer lists, and what is refused with which reason."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.documents import ArticleDocument, HeldBackReason, PassedOver, QuestionAnswer, Refusal
from knowledge.importing.files import MAX_FILE_BYTES, MAX_LINE_BYTES
from knowledge.importing.source import read_source
from model.errors import DataError


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_page_takes_its_fields_from_the_front_matter_and_its_slug_from_its_path(tmp_path: Path) -> None:
    write(
        tmp_path,
        "sign-in/reset.md",
        "---\ntitle: Reset it\ncategory: accounts\nurl: https://h.example/r\n---\n\n"
        "Open [this](../x.md).\n\n- one\n",
    )
    assert read_source(tmp_path).articles == (
        ArticleDocument(
            slug="sign-in/reset",
            title="Reset it",
            body="Open [this](../x.md).\n\n- one",
            category="accounts",
            url="https://h.example/r",
            path="sign-in/reset.md",
        ),
    )


def test_the_slug_of_the_front_matter_wins_over_the_path(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\nslug: other\ntitle: 2024\n---\nText")
    article = read_source(tmp_path).articles[0]
    assert (article.slug, article.title) == ("other", "2024")


def test_flat_slugs_are_the_stems_of_the_files(tmp_path: Path) -> None:
    write(tmp_path, "billing/refunds.md", "# Refunds\n\nText")
    assert read_source(tmp_path, flat_slugs=True).articles[0].slug == "refunds"


def test_without_a_title_the_top_heading_or_the_words_of_the_slug_are_the_title(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "Intro\n\n# The *big* one\n\nText")
    write(tmp_path, "how-it-works.md", "Text")
    assert [article.title for article in read_source(tmp_path).articles] == ["The big one", "How it works"]


def test_a_successor_named_by_its_stem_becomes_the_one_slug_that_ends_in_it(tmp_path: Path) -> None:
    write(tmp_path, "old/a.md", "---\nsuperseded_by: new-a\n---\nOld")
    write(tmp_path, "new/new-a.md", "New")
    write(tmp_path, "old/b.md", "---\nsuperseded_by: elsewhere\n---\nOld")
    found = {article.slug: article.superseded_by for article in read_source(tmp_path).articles}
    assert found == {"new/new-a": None, "old/a": "new/new-a", "old/b": "elsewhere"}


def test_a_successor_that_two_slugs_end_in_stays_as_written(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\nsuperseded_by: x\n---\nOld")
    write(tmp_path, "one/x.md", "One")
    write(tmp_path, "two/x.md", "Two")
    assert read_source(tmp_path).articles[0].superseded_by == "x"


@pytest.mark.parametrize(("slug", "kept"), [("/", "start"), ("/guide/", "guide")])
def test_a_page_whose_slug_ends_in_a_slash_takes_no_other_pages_place(
    tmp_path: Path, slug: str, kept: str
) -> None:
    (tmp_path / "start.md").write_text(f"---\ntitle: Start\nslug: {slug}\n---\nBegin here.")
    (tmp_path / "refunds.md").write_text("# Refunds\n\nWithin 45 days.")
    (tmp_path / "old.md").write_text("---\ntitle: Old\nsuperseded_by: refunds\n---\nWithin 30 days.")
    assert [(one.slug, one.superseded_by) for one in read_source(tmp_path).articles] == [
        ("old", "refunds"),
        ("refunds", None),
        (kept, None),
    ]


def test_html_becomes_markdown_without_navigation_scripts_and_footer(tmp_path: Path) -> None:
    write(
        tmp_path,
        "p.html",
        "<html><head><title>Site - Page</title><link rel=canonical href=https://h.example/p></head><body>"
        "<nav>Home</nav><script>x()</script><style>p{}</style><main><h1>Reset</h1>"
        "<p>Go <a href=/a>here</a>.</p>"
        "<ul><li>one</li><li>two</li></ul></main><footer>Imprint</footer></body></html>",
    )
    article = read_source(tmp_path / "p.html").articles[0]
    assert (article.slug, article.title, article.url) == ("p", "Reset", "https://h.example/p")
    assert article.body == "Go [here](https://h.example/a).\n\n- one\n- two"


def test_attributes_of_site_generators_go_except_in_code(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "{: .list}\n\n1. one\n\n```\n{: .kept}\n```")
    assert read_source(tmp_path).articles[0].body == "1. one\n\n```\n{: .kept}\n```"


def test_csv_rows_become_pairs_whatever_the_separator(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", 'Question;ANSWER;phrasings\n"How; now?";"Line 1\nLine 2";a | b\n;;\n')
    assert read_source(path).question_answers == (
        QuestionAnswer(
            key="f9de5228f0f08d2c", question="How; now?", answer="Line 1\nLine 2", phrasings=("a", "b")
        ),
    )


def test_csv_without_the_columns_is_refused_with_what_it_has(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "Topic,answer\nx,y\n")
    reason = (
        "no column question; the first line must name question and answer, or title and body, it names: "
        "topic, answer"
    )
    assert read_source(path).refusals == (Refusal("a.csv", reason),)


def test_a_bad_csv_row_is_refused_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "question,answer\nq1,a1\nq2,\nq3,a3,extra\nq4,a4\n")
    result = read_source(path)
    assert [pair.question for pair in result.question_answers] == ["q1", "q4"]
    assert [(r.path, r.reason[:22]) for r in result.refusals] == [
        ("a.csv:3", "answer is empty"),
        ("a.csv:4", "3 cells for 2 columns;"),
    ]


def test_a_csv_quote_that_never_closes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", 'question,answer\nq1,a1\nq2,"open\n')
    result = read_source(path)
    assert [pair.question for pair in result.question_answers] == ["q1"]
    assert [r.path for r in result.refusals] == ["a.csv:3"]


def test_json_lines_become_pairs_and_articles_by_their_keys(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.jsonl",
        '\ufeff{"id": "7", "question": " q ", "answer": "a", "phrasings": ["p"], '
        '"valid_until": "2026-12-31", "released": "yes"}\n'
        '\n{"_id": "x/y", "title": "T", "text": "Body"}\n',
    )
    result = read_source(path)
    until = datetime(2026, 12, 31, tzinfo=UTC)
    assert result.question_answers == (QuestionAnswer("7", "q", "a", ("p",), until, released=True),)
    assert result.articles == (ArticleDocument(slug="x/y", title="T", body="Body", path="a.jsonl#x/y"),)
    assert result.refusals == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"question": "q"', "not JSON: Expecting"),
        ('["q", "a"]', "a JSON list, not an object"),
        ('{"question": "q"}', "needs question and answer (or _id, title and text); has 'question'"),
        ('{"question": "  ", "answer": "a"}', "question is empty"),
        ('{"question": {"a": 1}, "answer": "a"}', "question is a JSON dict, not a text"),
        ('{"question": "q", "answer": "a\\u0000"}', "answer holds a zero character"),
        ('{"question": "q\\ud800", "answer": "a"}', "question holds half a character"),
        ('{"question": "q", "answer": "a", "phrasings": "p"}', "phrasings is not a list of texts"),
        ('{"_id": "", "text": "t"}', "_id is empty"),
        ('{"question": "q", "answer": "a", "released": "maybe"}', "released is 'maybe'; write yes or no"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_json_line_is_refused_with_its_line_and_the_rest_is_read(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = write(tmp_path, "a.jsonl", f'{line}\n{{"question": "ok", "answer": "yes"}}\n')
    result = read_source(path)
    assert [pair.question for pair in result.question_answers] == ["ok"]
    assert len(result.refusals) == 1
    assert result.refusals[0].path == "a.jsonl:1"
    assert result.refusals[0].reason.startswith(reason)


def test_of_two_rows_with_one_id_the_first_stays_and_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.jsonl",
        '{"id": "1", "question": "q", "answer": "a"}\n{"id": "1", "question": "r", "answer": "b"}\n',
    )
    result = read_source(path)
    assert [pair.question for pair in result.question_answers] == ["q"]
    assert result.refusals == (Refusal("1", "id '1' appears twice; rename one of the two"),)


def test_of_pages_with_one_slug_the_first_by_path_keeps_it_and_the_others_are_numbered(
    tmp_path: Path,
) -> None:
    for name in ("a/x.md", "b/x.md", "c/x.md"):
        write(tmp_path, name, name)
    result = read_source(tmp_path, flat_slugs=True)
    assert [(article.slug, article.body) for article in result.articles] == [
        ("x", "a/x.md"),
        ("x-2", "b/x.md"),
        ("x-3", "c/x.md"),
    ]
    assert result.renamed == (("b/x.md", "x-2"), ("c/x.md", "x-3"))


def test_a_line_over_a_megabyte_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    long = b'{"question": "' + b"x" * MAX_LINE_BYTES + b'", "answer": "a"}'
    path = write(tmp_path, "a.jsonl", long + b'\n{"question": "q", "answer": "a"}\n')
    result = read_source(path)
    assert [pair.question for pair in result.question_answers] == ["q"]
    reason = "the line has 1000032 bytes, at most 1000000 are read"
    assert result.refusals == (Refusal("a.jsonl:1", reason),)


@pytest.mark.parametrize("name", ["a.md", "a.mdx", "a.rst", "a.txt"])
def test_a_page_that_would_take_long_to_read_is_refused(tmp_path: Path, name: str) -> None:
    result = read_source(write(tmp_path, name, b"x\n" * 250_001))
    reason = "the page has 500002 characters, at most 500000 are read; split it"
    assert result.refusals == (Refusal(name, reason),)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"ab\x00c", "binary: a zero byte at offset 2; only text is imported"),
        (b"caf\xc3\xa9\nor caf\xe9", "not UTF-8: byte 0xe9 at offset 12; save it as UTF-8"),
        (b"x" * (MAX_FILE_BYTES + 1), "the file has 10000001 bytes, at most 10000000 are read; split it"),
        (b"---\ntitle: [a\n---\nText", "the front matter is no YAML:"),
        (b"---\ntitle: a\nText", "the front matter is not closed; end it with a line ---"),
    ],
)
def test_a_bad_page_is_refused_with_a_plain_reason_and_the_rest_is_read(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    write(tmp_path, "bad.md", content)
    write(tmp_path, "good.md", b"\xef\xbb\xbfGood")
    result = read_source(tmp_path)
    assert [article.body for article in result.articles] == ["Good"]
    assert [refusal.path for refusal in result.refusals] == ["bad.md"]
    assert result.refusals[0].reason.startswith(reason)


def test_a_page_that_begins_with_a_rule_has_no_front_matter(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\nJust text below a rule.")
    assert read_source(tmp_path).articles[0].body == "---\nJust text below a rule."


def test_a_row_that_is_not_written_as_the_others_is_refused_with_the_offset_in_the_file(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "a.csv", b"question,answer\nq,\xc3\xa9\ncaf\xe9,b\nr,c\n")
    result = read_source(path)
    assert [(pair.question, pair.answer) for pair in result.question_answers] == [("q", "é"), ("r", "c")]
    assert result.refusals == (Refusal("a.csv:3", "not UTF-8: byte 0xe9 at offset 24; save it as UTF-8"),)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_page_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    locked = write(tmp_path, "locked.md", "Text")
    locked.chmod(0)
    write(tmp_path, "good.md", "Good")
    result = read_source(tmp_path)
    assert len(result.articles) == 1
    assert result.refusals == (Refusal("locked.md", "the file cannot be read: permission denied"),)


def test_link_loops_broken_links_hidden_files_and_pipes_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path, "in/a.md", "Text")
    write(tmp_path, ".hidden/b.md", "Secret")
    write(tmp_path, "in/.c.md", "Secret")
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.md").symlink_to(tmp_path / "nowhere.md")
    os.mkfifo(tmp_path / "pipe.md")
    result = read_source(tmp_path)
    assert [article.slug for article in result.articles] == ["in/a"]
    assert result.refusals == (
        Refusal("broken.md", "the file cannot be read: no such file or directory"),
        Refusal("pipe.md", "not a plain file"),
    )


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "home"
    write(outside, "secret.md", "The key is under the mat.")
    write(outside, "values.yml", "price: the key is under the mat")
    centre = tmp_path / "centre"
    write(centre, "pay.md", "It costs {{ site.data.values.price }}.")
    (centre / "_data").mkdir()
    (centre / "again.md").symlink_to(centre / "pay.md")
    (centre / "leak.md").symlink_to(outside / "secret.md")
    (centre / "all").symlink_to(outside)
    (centre / "_data" / "values.yml").symlink_to(outside / "values.yml")

    result = read_source(centre)

    assert "mat" not in " ".join(article.body for article in result.articles)
    assert [article.slug for article in result.articles] == ["again", "pay"]
    assert {held.path: held.reason for held in result.held_back} == {
        "_data/": HeldBackReason.INTERNAL,
        "all/": HeldBackReason.OUTSIDE,
        "leak.md": HeldBackReason.OUTSIDE,
    }


def test_a_title_that_no_store_keeps_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.md", f"---\ntitle: {'x' * 501}\n---\nText")
    assert read_source(tmp_path).refusals[0].reason == (
        "title has 501 characters, at most 500 are allowed; shorten it"
    )


def test_a_page_that_stands_too_deep_for_the_store_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "/".join(["d" * 200] * 6) + "/a.md", "---\nslug: a\n---\nText")
    write(tmp_path, "b.md", "Text")
    result = read_source(tmp_path)
    assert [article.slug for article in result.articles] == ["b"]
    assert result.refusals[0].reason.startswith("path has 1210 characters, at most 1000 are allowed")


def test_deeply_nested_html_is_refused_instead_of_crashing(tmp_path: Path) -> None:
    path = write(tmp_path, "a.html", "<div>" * 20_000 + "x")
    assert read_source(path).refusals == (
        Refusal("a.html", "the page is nested too deeply to be read; simplify it"),
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "missing does not exist; give a folder"),
        ("a.xyz", "a.xyz cannot be imported; give a folder"),
        ("folder", "folder holds nothing that can be imported, only 1 Makefile, 1 .xyz"),
    ],
)
def test_a_source_with_nothing_importable_is_an_error(tmp_path: Path, name: str, reason: str) -> None:
    write(tmp_path, "a.xyz", "x")
    write(tmp_path, "folder/a.xyz", "x")
    write(tmp_path, "folder/Makefile", "x")
    with pytest.raises(DataError, match=reason):
        read_source(tmp_path / name)


def test_pages_and_rows_of_a_folder_are_read_together_and_other_files_are_named(tmp_path: Path) -> None:
    write(tmp_path, "how-to.md", "Text")
    write(tmp_path, "answers/pay.csv", "id,question,answer\n1,How?,By card\n")
    write(tmp_path, "answers/prices.csv", "plan,price\nbasic,3\n")
    write(tmp_path, "theme.scss", "x")
    result = read_source(tmp_path)
    assert [article.path for article in result.articles] == ["how-to.md"]
    assert result.question_answers == (QuestionAnswer("answers/pay.csv#1", "How?", "By card"),)
    assert result.passed_over == (PassedOver("answers/prices.csv"), PassedOver("theme.scss"))
    assert result.refusals == ()


def test_what_belongs_to_the_site_or_is_ignored_is_held_back(tmp_path: Path) -> None:
    for name in ("a.md", "_index.md", "_fee.md", "_parts/b.md", "node_modules/x/c.md", "layouts/d.html"):
        write(tmp_path, name, "Text")
    for name in (
        "CONTRIBUTING.md",
        "LICENSE",
        "internal/e.md",
        "internal/f.md",
        "prices-old.md",
        ".git/x.md",
    ):
        write(tmp_path, name, "Text")
    write(tmp_path, ".firstlastignore", "# ours\ninternal/\n*-old.md\n")
    result = read_source(tmp_path)
    assert [article.path for article in result.articles] == ["_index.md", "a.md"]
    assert [(held.path, held.reason.value) for held in result.held_back] == [
        (".git/", "internal"),
        ("CONTRIBUTING.md", "internal"),
        ("LICENSE", "internal"),
        ("_fee.md", "internal"),
        ("_parts/", "internal"),
        ("internal/", "ignored"),
        ("layouts/", "internal"),
        ("node_modules/", "internal"),
        ("prices-old.md", "ignored"),
    ]


def test_the_same_folder_is_read_in_the_same_order(tmp_path: Path) -> None:
    for name in ("b/z.md", "a.md", "b.md", "b/a.md", "B.md"):
        write(tmp_path, name, "Text")
    assert [article.slug for article in read_source(tmp_path).articles] == ["B", "a", "b/a", "b/z", "b"]


def test_equal_documents_have_equal_hashes_and_every_field_counts() -> None:
    one = ArticleDocument("s", "t", "b")
    assert one.content_hash == ArticleDocument("s", "t", "b").content_hash
    others = [
        ArticleDocument("x", "t", "b"),
        ArticleDocument("s", "x", "b"),
        ArticleDocument("s", "t", "x"),
        ArticleDocument("s", "t", "b", category="x"),
        ArticleDocument("s", "t", "b", url="x"),
        ArticleDocument("s", "t", "b", superseded_by="x"),
    ]
    assert len({one.content_hash, *(other.content_hash for other in others)}) == 7
    assert QuestionAnswer("k", "q", "a").content_hash != QuestionAnswer("k", "q", "a", ("p",)).content_hash
