"""Answer lists and tables of articles, as people and programs write them; a bad row costs itself alone."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.documents import (
    ArticleDocument,
    HeldBack,
    HeldBackReason,
    ImportResult,
    QuestionAnswer,
    Refusal,
)
from knowledge.importing.files import NotKnowledgeError
from knowledge.importing.source import read_source
from knowledge.importing.tables.rows import json_rows


def read(folder: Path, content: str | bytes, name: str = "a.csv") -> ImportResult:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_source(path)


def pairs(result: ImportResult) -> list[tuple[str, str]]:
    return [(pair.question, pair.answer) for pair in result.question_answers]


def refused(result: ImportResult) -> list[tuple[str, str]]:
    return [(refusal.path, refusal.reason) for refusal in result.refusals]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "question;answer\r\nHow much?;9,99 € a month\r\n".encode("cp1252")),
        ("a.csv", "question\tanswer\r\nHow much?\t9,99 € a month\r\n".encode("utf-16")),
        ("a.csv", "sep=;\r\nquestion;answer\r\nHow much?;9,99 € a month\r\n".encode()),
        ("a.csv", '\ufeff"question";"answer"\n"How much?";"9,99 € a month"\n'.encode()),
        ("a.csv", "question;answer\rHow much?;9,99 € a month\r".encode()),
        ("a.csv", 'question;answer;"note, or two, or more"\nHow much?;9,99 € a month;'.encode()),
        ("a.csv", "Q|A\nHow much?|9,99 € a month".encode()),
        ("a.csv", 'A ,Q \n"9,99 € a month",How much?\n\n'.encode()),
        ("a.csv", "FRAGE;Antwort;Notiz\nHow much?;9,99 € a month;x".encode()),
        ("a.csv", "question;answer;;\nHow much?;9,99 € a month;;;;".encode()),
        ("a.tsv", "question\tanswer\nHow much?\t9,99 € a month\n".encode()),
    ],
)
def test_a_pair_is_read_from_what_excel_and_others_save(tmp_path: Path, name: str, content: bytes) -> None:
    result = read(tmp_path, content, name)
    assert (pairs(result), refused(result)) == ([("How much?", "9,99 € a month")], [])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('q2,"open', "no CSV row: unexpected end of data; check its quotes"),
        ('q2,"He said "no" to it"', "no CSV row: ',' expected after '\"'; check its quotes"),
        ('"q2","a2" x', "no CSV row: ',' expected after '\"'; check its quotes"),
        ("q2", "answer is empty"),
        ("q2,a2,extra", "3 cells for 2 columns; put texts with separators in quotes"),
    ],
)
def test_a_row_with_stray_quotes_or_cells_costs_itself_alone(tmp_path: Path, bad: str, reason: str) -> None:
    rows = f"question,answer\nq1,a1\n{bad}\nq3,a3\nq4,5 inch wide\nq5,a5\n"
    result = read(tmp_path, rows)
    assert pairs(result) == [("q1", "a1"), ("q3", "a3"), ("q4", "5 inch wide"), ("q5", "a5")]
    assert refused(result) == [("a.csv:3", reason)]


def test_a_stray_quote_is_found_out_by_the_next_quote(tmp_path: Path) -> None:
    result = read(tmp_path, 'question,answer\nq1,"open\nq2,a2\nq3,"a3\nover two lines"\nq4,a4\n')
    assert pairs(result) == [("q2", "a2"), ("q3", "a3\nover two lines"), ("q4", "a4")]
    assert [path for path, _ in refused(result)] == ["a.csv:2"]


def test_quotes_and_line_breaks_within_quoted_cells_stay(tmp_path: Path) -> None:
    result = read(tmp_path, 'question,answer\nq1,"Say ""yes"",\r\n\r\nthen wait"\nq2,5" pipe\nq3,x\n')
    assert pairs(result) == [("q1", 'Say "yes",\r\n\r\nthen wait'), ("q2", '5" pipe'), ("q3", "x")]


def test_a_row_is_refused_by_its_first_line(tmp_path: Path) -> None:
    result = read(tmp_path, 'question,answer\nq1,"a\nb"\n"q\n2",\n')
    assert refused(result) == [("a.csv:4", "answer is empty")]


def test_rows_with_title_and_body_are_articles(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "Subject,Content,Section,HTML URL,Locale,Valid until\n"
        '"Pay by card","<p>Open <b>Billing</b>.</p><ul><li>Visa</li><li>Mastercard</li></ul>",Money,'
        "https://h.example/pay,en_US,2030-01-01\n",
    )
    assert result.articles == (
        ArticleDocument(
            slug="pay-by-card",
            title="Pay by card",
            body="Open **Billing**.\n\n- Visa\n- Mastercard",
            category="Money",
            url="https://h.example/pay",
            language="en-US",
            valid_until=datetime(2030, 1, 1, tzinfo=UTC),
            path="a.csv#pay-by-card",
        ),
    )


def test_an_article_is_named_by_its_slug_or_id_before_its_title(tmp_path: Path) -> None:
    result = read(tmp_path, "id,slug,title,body\n7,,Seven,x\n8,eight,Acht,y\n,,Ü & ä?,z\n,,?!,w\n")
    assert [(one.slug, one.path) for one in result.articles] == [
        ("7", "a.csv#7"),
        ("eight", "a.csv#eight"),
        ("ü-ä", "a.csv#ü-ä"),
    ]
    assert refused(result) == [("a.csv:5", "it has no title, slug or id to be named by; give it one")]


@pytest.mark.parametrize(
    ("answer", "markdown"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("See <a href='https://h.example/x'>here</a>", "See [here](https://h.example/x)"),
        ("a < b and <your name> <3", "a < b and <your name> <3"),
        ("**Bold**\n\n- one\n- two", "**Bold**\n\n- one\n- two"),
        ("Fish & chips", "Fish & chips"),
    ],
)
def test_html_in_an_answer_becomes_markdown_and_anything_else_stays(
    tmp_path: Path, answer: str, markdown: str
) -> None:
    result = read(tmp_path, json.dumps({"question": "q", "answer": answer}), "a.jsonl")
    assert pairs(result) == [("q", markdown)]


def test_line_breaks_of_an_answer_with_a_tag_or_two_stay(tmp_path: Path) -> None:
    result = read(tmp_path, 'question,answer\nq,"Press <b>OK</b>.\nThen wait."\n')
    assert [line.strip() for line in pairs(result)[0][1].split("\n")] == ["Press **OK**.", "Then wait."]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Draft", "TRUE", HeldBackReason.DRAFT),
        ("draft", "x", HeldBackReason.DRAFT),
        ("Published", "no", HeldBackReason.UNPUBLISHED),
        ("published", "2999-01-01", HeldBackReason.NOT_YET),
        ("Status", "In Review", HeldBackReason.DRAFT),
        ("status", "archived", HeldBackReason.UNPUBLISHED),
        ("Visibility", "internal", HeldBackReason.INTERNAL),
    ],
)
def test_rows_that_are_not_for_customers_are_held_back(
    tmp_path: Path, column: str, value: str, reason: HeldBackReason
) -> None:
    result = read(tmp_path, f"id,question,answer,{column}\n1,q,a,{value}\n2,r,b,\n")
    assert [pair.key for pair in result.question_answers] == ["2"]
    assert result.held_back == (HeldBack("a.csv#1", reason),)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("status", "Sent to Ann", "status is 'Sent to Ann'; write published or draft"),
        ("draft", "perhaps", "draft is 'perhaps'; write yes or no"),
        ("published", "soon", "published is 'soon'; write yes or no"),
        ("valid_until", "May", "valid_until is 'May'; write it as 2026-12-31T00:00:00Z"),
        ("language", "English", "language is 'English'; write a tag such as en or pt-BR"),
    ],
)
def test_a_state_that_cannot_be_understood_is_refused_rather_than_published(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    result = read(tmp_path, f"title,body,{column}\nA,b,{value}\nC,d,\n")
    assert [article.slug for article in result.articles] == ["c"]
    assert refused(result) == [("a.csv:2", reason)]


@pytest.mark.parametrize("value", ["published", "Live", "Approved", "done", ""])
def test_published_rows_are_read(tmp_path: Path, value: str) -> None:
    assert pairs(read(tmp_path, f"question,answer,status\nq,a,{value}\n")) == [("q", "a")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        ("\r\n\r\n", "the file is empty"),
        ("question,answer\n", "the table has no row below its header; add one"),
        ("sep=;\n", "the file has no line below sep=; the next one must name question and answer"),
        (
            "What is it?,A thing\nWhere?,Here\n",
            "no column question and no column answer; the first line must name question and answer, or title "
            "and body, it names: what is it, a thing",
        ),
        ('"question,answer\n', "the first line is no CSV row: unexpected end of data; check its quotes"),
    ],
)
def test_a_table_that_holds_nothing_says_why(tmp_path: Path, content: str, reason: str) -> None:
    assert refused(read(tmp_path, content)) == [("a.csv", reason)]


def test_a_list_of_json_objects_is_read_like_a_table() -> None:
    rows = [
        {"Question": "q", "answer": "a", "phrasings": ["p"], "released": True},
        {"title": "Hours", "html_url": "https://h.example/h", "Body": "<p>From 9 to 5</p>", "draft": False},
        {"title": "Later", "body": "x", "draft": True},
        {"question": "r"},
        3,
    ]
    expected = [
        QuestionAnswer("8e35c2cd3bf6641b", "q", "a", ("p",), released=True),
        ArticleDocument("hours", "Hours", "From 9 to 5", url="https://h.example/h", path="faq.json#hours"),
        HeldBack("faq.json#later", HeldBackReason.DRAFT),
        Refusal("faq.json:4", "needs question and answer (or _id, title and text); has 'question'"),
        Refusal("faq.json:5", "a JSON int, not an object with question and answer"),
    ]
    assert list(json_rows(rows, "faq.json")) == expected
    assert list(json_rows({"version": 2, "faq": rows}, "faq.json")) == expected


@pytest.mark.parametrize("value", [[], {}, None, "x", [1], [{"name": "x"}], {"a": {"question": "q"}}, [[]]])
def test_json_without_pairs_or_articles_is_no_knowledge(value: object) -> None:
    with pytest.raises(NotKnowledgeError):
        list(json_rows(value, "a.json"))


def test_a_json_file_that_is_no_export_of_a_helpdesk_is_read_as_a_list(tmp_path: Path) -> None:
    rows = [{"question": "How to pay?", "answer": "By card"}, {"question": "When?"}]
    result = read(tmp_path, json.dumps({"faq": rows}), "faq.json")
    assert pairs(result) == [("How to pay?", "By card")]
    assert [path for path, _ in refused(result)] == ["faq.json:2"]


def test_other_json_is_refused_with_what_it_has(tmp_path: Path) -> None:
    ((path, reason),) = refused(read(tmp_path, '{"name": "x", "scripts": {}}', "package.json"))
    assert path == "package.json"
    assert reason.endswith("and no list of objects with question and answer, or title and body")
