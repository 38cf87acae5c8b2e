"""How articles and learned answers are cut into passages."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import HOLE, ArticleDocument
from knowledge.index.chunking import (
    MAX_WORDS,
    article_passages,
    count_words,
    learned_answer_passages,
    split_sentences,
)
from knowledge.markdown import plain_text
from model.types import Passage


def cut(body: str, title: str = "Title") -> list[Passage]:
    return article_passages(ArticleDocument(slug="s", title=title, body=body, url="https://h.example"))


def words(count: int, word: str = "word") -> str:
    return " ".join([word] * count)


def test_the_first_passage_is_the_title_which_says_nothing_itself() -> None:
    first, second = cut("Open **here**.")
    assert first == Passage(
        key="article:s#0",
        ref="article:s",
        kind="article",
        title="Title",
        heading_path=(),
        text="",
        search_text="Title",
        url="https://h.example",
    )
    assert (second.key, second.search_text) == ("article:s#1", "Title\nOpen here.")


def test_an_empty_body_yields_the_title_passage_alone() -> None:
    assert [(p.search_text, p.text) for p in cut("\n \n---\n")] == [("Title", "Title")]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("This article explains how to pay. Pay by card.", "Pay by card."),
        ("In this guide you will find all fees.\n\nPaying costs 2 euros.", "Paying costs 2 euros."),
        ("Pay by card. This article explains how.", "Pay by card. This article explains how."),
        ("This card expires in May.", "This card expires in May."),
    ],
)
def test_what_only_announces_the_article_is_searched_but_not_shown(body: str, shown: str) -> None:
    passage = cut(body)[1]
    assert passage.text == shown
    assert passage.search_text.split("\n", 1)[1].split() == body.split()


STEPS = "\n\n## Steps\n\n1. Open **Orders**.\n2. Choose the order."


@pytest.mark.parametrize(
    "introduction",
    [
        "This article explains how to send a parcel back.",
        "Here's how to send a parcel back.",
        "Here is what to do when a parcel is broken, step by step.",
        "Parcel broken, or the wrong size? Here is how to send it back.",
        "Follow the steps below to send a parcel back.",
        "To send a parcel back, please follow these simple steps.",
        "Here are the ways to send a parcel back:",
        "To send a parcel back:",
        "You'll learn how to send a parcel back and when the money comes.",
        "We show you how to send a parcel back.",
        "Everything you need to know about sending parcels back.",
        "How do you send a parcel back? A short guide.",
        "*Below you will find all that there is to know about parcels.*",
    ],
)
def test_an_introduction_alone_is_searched_but_not_shown_where_the_article_says_more(
    introduction: str,
) -> None:
    _, first, steps = cut(introduction + STEPS)
    assert (first.text, plain_text(introduction) in first.search_text) == ("", True)
    assert steps.text.startswith("1. Open")


@pytest.mark.parametrize(
    "says",
    [
        "Here's how: open **Orders** and tap the parcel.",
        "Here is our address: 5 Mill Lane, Ostwell.",
        "Enter the code in the field below.",
        "Bring the parcel to any shop.",
        "Can I send it back? Yes, within 30 days.",
        "May I send it back?",
        "The steps cost nothing.",
        "Sending back is free. Follow the steps below.",
        "Below 50 euros you pay the postage yourself.",
        "- Here's how to send it back.",
    ],
)
def test_a_short_text_that_says_something_is_shown(says: str) -> None:
    assert cut(says + STEPS)[1].text == says


def test_an_article_that_is_nothing_but_its_introduction_shows_that() -> None:
    assert [p.text for p in cut("This page explains how to pay.")] == ["", "This page explains how to pay."]
    body = "Here's how to pay.\n\n## By card\n\nFollow the steps below."
    assert [p.text for p in cut(body)] == ["", "Here's how to pay.", "Follow the steps below."]


def test_a_list_of_links_alone_is_not_searched() -> None:
    related = "## Related\n\n* [Refunds](/help/refunds)\n* [Prices](/help/prices)"
    texts = [p.text for p in cut(f"Pay by card.\n\n{related}")]
    assert texts == ["", "Pay by card."]
    told = "## Related\n\n* [Refunds](/help/refunds) take 5 days"
    assert cut(f"Pay by card.\n\n{told}")[-1].text.endswith("take 5 days")
    assert cut(related)[-1].heading_path == ("Related",)


def test_a_superseded_article_yields_nothing() -> None:
    assert article_passages(ArticleDocument("s", "t", "b", superseded_by="new")) == []


def test_passages_keep_their_headings_outermost_first() -> None:
    passages = cut("# Title\n\nA\n\n## One `x`\n\nB\n\n### Deep\n\nC\n\n## Two\n\nD")
    assert [(p.heading_path, p.text) for p in passages[1:]] == [
        ((), "A"),
        (("One x",), "B"),
        (("One x", "Deep"), "C"),
        (("Two",), "D"),
    ]
    assert passages[3].search_text == "Title\nOne x\nDeep\nC"


def test_a_heading_with_nothing_under_it_is_kept_as_text() -> None:
    assert [(p.heading_path, p.text) for p in cut("## A\n\n## B\n\nText\n\n## C")[1:]] == [
        ((), "## A"),
        (("B",), "Text"),
        ((), "## C"),
    ]


def test_a_long_section_is_cut_between_paragraphs_near_the_target() -> None:
    passages = cut("\n\n".join(words(50) for _ in range(6)))[1:]
    assert [count_words(p.text) for p in passages] == [150, 150]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    passages = cut(" ".join(f"{words(29)} end." for _ in range(10)))[1:]
    assert [count_words(p.text) for p in passages] == [120, 120, 60]
    assert all(p.text.endswith("end.") for p in passages)


def test_list_items_stay_whole_with_what_is_nested_under_them() -> None:
    item = f"- {words(60)}\n  - nested {words(60)}\n\n    more"
    passages = cut(f"{item}\n{item}")[1:]
    assert [p.text for p in passages] == [item, item]


def test_items_of_a_list_keep_their_spacing_and_numbers() -> None:
    assert cut("Do:\n\n1. one\n2. two\n3. three")[1].text == "Do:\n\n1. one\n2. two\n3. three"
    assert cut("1. one\n\n2. two")[1].text == "1. one\n\n2. two"


def test_what_introduces_a_list_goes_with_its_first_item() -> None:
    passages = cut(f"{words(100)}\n\nDo this:\n\n- {words(80)}")[1:]
    assert passages[1].text == f"Do this:\n\n- {words(80)}"


def test_code_is_never_split() -> None:
    code = "```\n" + "\n\n".join([words(30)] * 10) + "\n```"
    assert [p.text for p in cut(code)[1:]] == [code]


def test_a_long_table_is_cut_between_rows_and_every_part_has_the_header() -> None:
    header, row = "| a | b |\n|---|---|", f"| {words(49)} | x |"
    assert [p.text for p in cut("\n".join((header, *[row] * 7)))[1:]] == [
        "\n".join((header, *[row] * 3)),
        "\n".join((header, *[row] * 3)),
        "\n".join((header, row)),
    ]


def test_a_sentence_with_a_hole_is_never_shown() -> None:
    body = (
        f"Pausing is easy. It costs {HOLE} a month.\nYou may pause twice.\n\n{HOLE}\n\n"
        f"1. Open the plan.\n2. Pay {HOLE} here.\n3. Wait. Then call {HOLE}.\n\n"
        f"- Free\n- Only {HOLE}\n\n| plan | price |\n|---|---|\n| basic | 3 |\n| pro | {HOLE} |"
    )
    [passage] = cut(body)[1:]
    assert passage.text == (
        "Pausing is easy. You may pause twice.\n\n1. Open the plan.\n2. …\n3. Wait.\n\n- Free\n\n"
        "| plan | price |\n|---|---|\n| basic | 3 |"
    )
    assert HOLE not in passage.search_text
    assert passage.withheld == "It costs a month. Pay here. Then call . Only pro | |"


def test_a_piece_of_nothing_but_holes_says_nothing_and_is_found_by_its_words() -> None:
    _, price, terms = cut(f"## Price\n\nA *day* is {HOLE}.\n\n## Terms\n\nMonthly.")
    assert (price.text, price.search_text) == ("", "Title\nPrice\nA day is .")
    assert (price.withheld, terms.withheld) == ("A day is .", "")
    assert cut(f"It is {HOLE}.")[0].text == "Title"


@pytest.mark.parametrize(
    "line",
    [
        "Updated over a week ago",
        "*Last updated on 3 May 2025*",
        "Written by Mo. Updated this week",
        "5 min read",
        "Home > Billing > Invoices",
        "Table of contents",
    ],
)
def test_what_a_page_says_of_itself_begins_no_passage(line: str) -> None:
    assert [p.text for p in cut(f"{line}\n\nPress Export.")[1:]] == ["Press Export."]


def test_a_sentence_that_only_begins_like_a_date_line_stays() -> None:
    text = "Updated prices are charged from the next month on, and you will get a mail before that happens."
    assert [p.text for p in cut(text)[1:]] == [text]


def test_what_follows_an_empty_heading_belongs_to_the_section_around_it() -> None:
    body = "## Pausing\n\nOnce a year.\n\n### Web\n\nPress Pause.\n\n###\n\nIt costs nothing."
    assert [(p.heading_path, p.text) for p in cut(body)[1:]] == [
        (("Pausing",), "Once a year."),
        (("Pausing", "Web"), "Press Pause."),
        (("Pausing",), "It costs nothing."),
    ]


def test_reference_links_work_in_every_passage() -> None:
    passages = cut(
        f"See [the page][p]. {words(118)}.\n\n{words(100)} [the page][p].\n\n[p]: https://h.example/p"
    )
    assert [p.text.endswith("\n\n[P]: <https://h.example/p>") for p in passages[1:]] == [True, True]
    assert "[" not in passages[1].search_text


def test_markup_is_not_searched() -> None:
    body = "A [link](https://h.example/x) **bold** `code` ![photo](i.png) <b>tag</b> &amp; ~~gone~~"
    assert plain_text(body) == "A link bold code photo tag & gone"


def test_sentences_end_where_a_reader_would_end_them() -> None:
    text = "Use 2.4 GHz, e.g. at home. See [a. b](x.y). **Stop. Now.** Order no. 5! 你好。再见。"
    assert split_sentences(text) == [
        "Use 2.4 GHz, e.g. at home.",
        "See [a. b](x.y).",
        "**Stop. Now.**",
        "Order no. 5!",
        "你好。",
        "再见。",
    ]


def test_scripts_without_spaces_are_cut_by_characters() -> None:
    passages = cut("这是一个句子。" * 60)[1:]
    assert all(count_words(p.text) <= MAX_WORDS for p in passages)
    assert "".join(p.text for p in passages) == "这是一个句子。" * 60


def test_a_word_of_100_000_letters_and_unclosed_markup_take_no_time() -> None:
    start = time.process_time()
    assert len(cut("x" * 100_000)) == 2
    assert len(cut("[ ( ` " + "Word word. " * 20_000)) > 200
    assert len(cut(words(50_000))) > 200
    assert time.process_time() - start < 60  # of the processor; what doubles back takes hours


def test_carriage_returns_and_odd_line_breaks_do_not_shift_lines() -> None:
    assert [p.text for p in cut("A\x0bB\u2028C\r\n\r\n## H\r\n\r\nD")[1:]] == ["A\x0bB\u2028C", "D"]


def test_a_learned_answer_has_one_passage_a_way_to_ask() -> None:
    passages = learned_answer_passages(7, "How?", "**So.**", ["how?", "  In what way? ", "", "HOW?"])
    assert [(p.key, p.search_text, p.text, p.title) for p in passages] == [
        ("learned_answer:7#0", "How?", "**So.**", "How?"),
        ("learned_answer:7#1", "In what way?", "**So.**", "How?"),
    ]
    assert {p.ref for p in passages} == {"learned_answer:7"}


_word = st.text("abcdefgéß漢字ж", min_size=1, max_size=8)
_paragraph = st.lists(_word, min_size=1, max_size=60).map(lambda ws: " ".join(ws) + ".")
_item = st.tuples(_word, st.integers(1, 90)).map(lambda t: f"- {words(t[1], t[0])}\n  - nested {t[0]}")
_block = st.one_of(
    _paragraph,
    st.lists(_item, min_size=1, max_size=4).map("\n".join),
    _word.map(lambda w: f"## {w}"),
    _word.map(lambda w: f"```\n{w}\n\n{w}\n```"),
)


@settings(max_examples=60)
@given(st.lists(_block, max_size=12))
def test_no_word_is_lost_and_list_items_and_code_stay_whole(blocks: list[str]) -> None:
    body = "\n\n".join(blocks)
    passages = cut(body)
    kept = "\n".join(text for p in passages[1:] for text in (*p.heading_path, p.text))
    assert set(re.findall(r"\w+", body)) == set(re.findall(r"\w+", kept)) or not body
    assert sum(count_words(p.text) for p in passages[1:]) <= count_words(body)
    for block in blocks:
        whole = re.split(r"\n(?=- )", block) if block.startswith("- ") else [block]
        if not block.endswith("."):
            wanted = [part.removeprefix("## ") for part in whole]
            assert all(any(part in "\n".join((*p.heading_path, p.text)) for p in passages) for part in wanted)
    assert cut(body) == passages


def test_a_list_that_no_announcement_begins_keeps_its_lines() -> None:
    text = "* Open the settings (see below).\n* Press Off."
    assert cut(text)[1].text == text
    assert cut(f"This page explains how. It is free.\n\n{text}")[1].text == f"It is free.\n\n{text}"
