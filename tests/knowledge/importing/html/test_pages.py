"""What becomes of HTML: which text counts as such, and the Markdown of fragments and of whole pages."""

import codecs
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.documents import ArticleDocument, HeldBack, HeldBackReason, Refusal
from knowledge.importing.files import RefusedError
from knowledge.importing.html.pages import html_article, html_to_markdown, looks_like_html
from knowledge.importing.languages import language_tag
from knowledge.importing.source import read_source
from tests.knowledge.importing.html.helpdesk_pages import ADDRESS, PAGES

BODIES = {
    "steps": (
        "<p>Tell us <b>two weeks</b> before you move.</p><ol><li>Open <em>Account</em>.</li><li>Press "
        "<strong>Move</strong>.<ul><li>Pick a day</li><li>Pick an hour</li></ul></li>"
        "<li>Wait for our letter.</li></ol>",
        "Tell us **two weeks** before you move.\n\n1. Open *Account*.\n2. Press **Move**.\n   - Pick a day\n"
        "   - Pick an hour\n3. Wait for our letter.",
    ),
    "headings": (
        '<h2 id="h_1">Before you move</h2><p>Read both meters.</p><h3>Gas</h3><p>Photograph the dial.</p>'
        "<h2>After</h2><p>Read them again.</p>",
        "## Before you move\n\nRead both meters.\n\n### Gas\n\nPhotograph the dial.\n\n## After\n\n"
        "Read them again.",
    ),
    "a table": (
        "<p>What a move costs:</p><table><tbody><tr><td>Plan</td><td>Fee</td></tr><tr><td><p>Basic</p></td>"
        "<td><p>9 €</p><p>once</p></td></tr><tr><td>Plus</td><td>a | b</td></tr></tbody></table>",
        "What a move costs:\n\n| Plan | Fee |\n| --- | --- |\n| Basic | 9 € once |\n| Plus | a \\| b |",
    ),
    "one sentence": ("<p>Yes, free of charge.</p>", "Yes, free of charge."),
    "links, an image, code": (
        '<p>See <a href="https://acme.example/fees">our fees</a>, <a href="javascript:void(0)">or ask</a>.'
        '<br>Call 030&nbsp;1234.</p><p><img src="https://acme.example/map.png" alt="Map of the shop"></p>'
        '<pre><code>move --to "Bonn"\n</code></pre>',
        "See [our fees](https://acme.example/fees), or ask.  \nCall 030 1234.\n\n"
        '![Map of the shop](https://acme.example/map.png)\n\n```\nmove --to "Bonn"\n```',
    ),
    "folded sections, a quote": (
        "<p>Two things are asked often.</p><details><summary>Can I keep my number?</summary>"
        "<p>Yes, within one town.</p></details><details><summary>Who pays the fitter?</summary>"
        "<p>We do.</p></details>"
        "<h2>More</h2><blockquote><p>Moves take a day.</p></blockquote>",
        "Two things are asked often.\n\n## Can I keep my number?\n\nYes, within one town.\n\n"
        "## Who pays the fitter?\n\nWe do.\n\n## More\n\n> Moves take a day.",
    ),
}

SAMPLES = [page("Move house", html) for page in PAGES for html, _ in BODIES.values()]


@pytest.mark.parametrize(
    "text", ["<p>Hi</p>", "one<br>two", "one<BR />two", 'See <a href="/x">this</a>', "<ul><li>x", "</p>"]
)
def test_a_text_with_a_real_tag_looks_like_html(text: str) -> None:
    assert looks_like_html(text)


@pytest.mark.parametrize(
    "text", ["", "I <3 it", "Dear <your name>", "a < b > c", "<your a>", "<a1>", "<pin>"]
)
def test_a_text_without_a_real_tag_does_not_look_like_html(text: str) -> None:
    assert not looks_like_html(text)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.__name__) for page in PAGES])
@pytest.mark.parametrize(
    ("html", "markdown"), [pytest.param(*body, id=name) for name, body in BODIES.items()]
)
def test_of_a_page_the_article_alone_is_read(
    page: Callable[[str, str], str], html: str, markdown: str
) -> None:
    article = html_article(page("Move house", html), slug="move", path="move.html")
    assert article == ArticleDocument(
        slug="move",
        title="Move house",
        body=markdown,
        url=ADDRESS,
        language={"zendesk": "en-US", "by_hand": ""}.get(page.__name__, "en"),
        path="move.html",
    )


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (
            '<div class="intercom-interblocks-callout"><p>It takes a <b>day</b>.</p></div>',
            "> It takes a **day**.",
        ),
        ('<div class="wysiwyg-callout note"><p>One</p><p>Two</p></div>', "> One\n>\n> Two"),
        ("<aside><p>By the way</p></aside>", "> By the way"),
        (
            '<figure class="block-color-gray callout"><div>Keep the receipt.</div></figure>',
            "> Keep the receipt.",
        ),
        ('<div class="hint bg-info"><svg></svg><div><p>Save first</p></div></div>', "> Save first"),
        (
            '<div class="theme-admonition theme-admonition-tip alert alert--success">'
            '<div class="admonitionHeading_x">tip</div><div class="admonitionContent_x">Be early.</div>',
            "> tip\n>\n> Be early.",
        ),
        (
            '<p><span class="csh-markdown csh-markdown-emphasis csh-markdown-emphasis-info">Mind it</span>',
            "> Mind it",
        ),
    ],
)
def test_notes_beside_the_text_are_quoted(html: str, markdown: str) -> None:
    assert html_to_markdown(html) == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (
            "<UL><LI>one<LI>two<UL><LI>two a</UL><LI>three</UL><P>next",
            "- one\n- two\n  - two a\n- three\n\nnext",
        ),
        ("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"),
        ('<ol start="9"><li>i</li><li><p>j</p><p>more</p></li></ol>', "9. i\n10. j\n\n    more"),
        ("<ul><li></li><li><p> x </p></li></ul>", "- x"),
        ("<ul></ul>", ""),
    ],
)
def test_lists_keep_their_order_and_nesting(html: str, markdown: str) -> None:
    assert html_to_markdown(html) == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (
            "<table><thead><tr><th>Size<th colspan=2>Price</thead>"
            "<tbody><tr><td rowspan=2>S<td>1<td>2<tr><td>3<td>4</table>",
            "| Size | Price |  |\n| --- | --- | --- |\n| S | 1 | 2 |\n| S | 3 | 4 |",
        ),
        ("<table><tr><td>A frame around <b>text</b><p>two</p></table>", "A frame around **text**\n\ntwo"),
        (
            "<table><tr><td>Do<td>With<tr><td>x<br>y<td><ul><li>a<li>b</ul></table>",
            "| Do | With |\n| --- | --- |\n| x y | • a • b |",
        ),
        ("<table><tr><td></td><td></td></tr></table>", ""),
        ("<table><tr><td><table><tr><td>a<td>b</table><td>c</table>", "| a | b |\n| --- | --- |\n\nc"),
        ("<table><caption>Fees</caption><tr><td>a<td>b</table>", "Fees\n\n| a | b |\n| --- | --- |"),
    ],
)
def test_tables_have_a_header_and_one_line_a_row(html: str, markdown: str) -> None:
    assert html_to_markdown(html) == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (
            "<dl><dt>Kilo<dd>A thousand<dt>Mega<dd><p>A million</dl>",
            "- **Kilo**: A thousand\n- **Mega**: A million",
        ),
        ("<dl><dt>Why?<dd><p>So.</p><p>And so.</p></dl>", "**Why?**\n\nSo.\n\nAnd so."),
        ("<details><summary>Q</summary>A</details><p>behind</p>", "**Q**\n\nA\n\nbehind"),
        (
            '<h3><button aria-expanded="false" aria-controls="c1">How?</button></h3><p id="c1" hidden>So.',
            "### How?\n\nSo.",
        ),
        (
            '<ul role="tablist"><li role="tab">npm</li><li role="tab">yarn</li></ul>'
            '<div role="tabpanel">Use npm</div><div role="tabpanel" hidden=""><p>Use yarn</p></div>',
            "**npm**\n\nUse npm\n\n**yarn**\n\nUse yarn",
        ),
        (
            '<div role="tablist"><button role="tab" id="t1">Mac</button></div>'
            '<div role="tabpanel" aria-labelledby="t1"><p>Press it</p></div>',
            "**Mac**\n\nPress it",
        ),
    ],
)
def test_what_unfolds_or_is_switched_is_read_below_its_name(html: str, markdown: str) -> None:
    assert html_to_markdown(html) == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>Install<a href='#i' class='hash-link'>\u200b</a></h2>", "## Install"),
        ("<h3><b>Go</b><a href='#go'>¶</a></h3>", "### Go"),
        ("<p>x<a href='/y'></a> <a href='#'>top</a></p>", "x top"),
        ("<p>a<!-- staff code 12 -->b</p>", "ab"),
        ("<p>a</p><div style='display: none'>b</div><span class='sr-only'>c</span><p hidden>d</p>", "a"),
        (
            "<p>a</p><iframe src='https://v.example'>b</iframe><form>c<input></form><noscript>d</noscript>",
            "a",
        ),
        ("<script>x()</script><style>p{}</style><p>a</p>", "a"),
        ("<img src='t.gif' width=1 height=1><img data-src='/r.png' src='data:x' alt='R'>", "![R](/r.png)"),
        (
            "<a href='https://a.example/x y(1)'>this <b>one</b></a>",
            "[this **one**](<https://a.example/x y(1)>)",
        ),
        ("<a href='https://a.example'>https://a.example</a>", "<https://a.example>"),
        ("<a href='/c'><div>Card</div></a>", "[Card](/c)"),
        (
            "<p>m<sup>2</sup>, H<sub>2</sub>O, 1<sup>st</sup>, so<sup><a href='#n1'>1</a></sup></p>",
            "m², H₂O, 1st, so",
        ),
        ("<p><strong>a</strong><strong>b</strong><em> c </em>d</p>", "**ab** *c* d"),
        ("<p><strong>Note:</strong>now</p>", "Note:now"),
        ("<p>one<br><br>two<br>three</p>", "one\n\ntwo  \nthree"),
        ("plain &amp; simple", "plain & simple"),
        ("", ""),
        ("<!-- only this -->", ""),
    ],
)
def test_what_is_not_text_goes_and_the_rest_reads_well(html: str, markdown: str) -> None:
    assert html_to_markdown(html) == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Dear &lt;your name&gt;, 1 &lt; 2</p>", r"Dear \<your name>, 1 < 2"),
        ("<p>order_id _x_ 2*3 and 2 * 3</p>", r"order_id \_x\_ 2\*3 and 2 * 3"),
        ("<p># five</p><p>&gt; six</p><p>---</p>", "\\# five\n\n\\> six\n\n\\---"),
        ("<p>[a](b) `c` &amp;lt;</p>", r"[a\](b) \`c\` \&lt;"),
        ("<pre class='language-sh'>a_b *c* <b>&lt;d&gt;</b></pre>", "```sh\na_b *c* <d>\n```"),
        ("<code>x`y</code>", "`` x`y ``"),
    ],
)
def test_text_that_looks_like_markdown_stays_text(html: str, markdown: str) -> None:
    assert html_to_markdown(html) == markdown


@pytest.mark.parametrize(
    "line",
    [
        "Updated over a week ago",
        "Last updated on May 3, 2023",
        "Written by Mona Field",
        "Mis à jour il y a plus d'une semaine",
        "Zuletzt aktualisiert am 3. Mai 2023",
        "Was this article helpful?",
        "War dieser Artikel hilfreich?",
        "Did this answer your question? 😞 😐 😃",
        "12 out of 15 found this helpful",
        "Modified on: Tue, 2 May, 2023 at 10:33 AM",
        "Actualizado hace más de una semana",
        "Bijgewerkt op 3 mei",
        "Isto respondeu à sua pergunta?",
        "¿Ha quedado contestada tu pregunta?",
        "Is je vraag beantwoord?",
        "Cet article vous a-t-il été utile ? Oui Non",
        "Did you find it helpful? Yes No",
        "Yes / No",
        "Have more questions? Submit a request",
        "Powered by Intercom",
        "© 2023 Birch Ltd.",
    ],
)
def test_lines_that_every_page_of_a_site_has_are_left_out(line: str) -> None:
    page = f"<h1>Fees</h1><p>{line}</p><p>It is free.</p><div><span>{line}</span></div>"
    assert html_article(page, slug="a", path="a.html").body == "It is free."


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Share</h2><p>Press the arrow.</p>",
        "<p>Updated prices take effect at once.</p>",
        "<p>Created invoices: at most 3 a month.</p>",
        "<h3>Can I leave early?</h3><p>Yes.</p><h3>Is there a fee?</h3><p>No</p>",
        "<h3>Does this solve the problem with taxes?</h3><p>It does.</p>",
        "<p>Aktualisiert wird täglich um acht.</p>",
        "<h2>¿Cómo cambio mi página?</h2><p>En Ajustes.</p><h2>¿Es útil tener dos cuentas?</h2><p>No.</p>",
        "<p>Is this included in Basic? Yes.</p>",
        "<table><tr><td>Plan</td><td>Free</td></tr><tr><td>Chat</td><td>Yes</td></tr></table>",
        "<h2>Contents</h2><p>The box holds a router and a cable.</p>",
        '<section id="share-your-calendar"><h2>Calendar</h2><p>Press Share.</p></section>',
        '<div class="exchange-rate"><p>We pay the rate of the day, less one percent.</p></div>',
        '<div class="has-sidebar"><article><p>Text of the article.</p></article></div>',
    ],
)
def test_an_article_may_speak_of_sharing_updates_and_contents(html: str) -> None:
    expected = html_to_markdown(html)
    assert html_article(f"<h1>Title</h1>{html}", slug="a", path="a.html").body == expected


def test_a_table_of_contents_and_related_links_are_left_out() -> None:
    page = (
        "<h1>Fees</h1><p><b>In this article</b></p><ul><li><a href='#a'>A</a><li><a href='#b'>B</a></ul>"
        "<h2 id=a>A</h2><p>one</p><h2 id=b>B</h2><p>two</p><div><h3>Related articles</h3></div>"
        "<ul><li><a href='/x'>X</a></li></ul>"
    )
    assert html_article(page, slug="a", path="a.html").body == "## A\n\none\n\n## B\n\ntwo"


def test_the_menu_beside_the_text_of_an_old_page_is_left_out() -> None:
    page = (
        "<TITLE>Returns</TITLE><TABLE><TR><TD><A HREF=a>Home</A><BR><A HREF=b>Shop</A><BR><A HREF=c>Help</A>"
        "<TD><P>You have 14 days.<OL><LI>Pack it<LI>Send it</OL></TABLE>"
    )
    article = html_article(page, slug="a", path="a.html")
    assert (article.title, article.body) == ("Returns", "You have 14 days.\n\n1. Pack it\n2. Send it")


def test_headings_that_the_author_made_as_big_as_the_title_stay() -> None:
    page = PAGES[0]("Move house", "<h1>Before</h1><p>Pack.</p><h1>After</h1><p>Unpack.</p>")
    article = html_article(page, slug="a", path="a.html")
    assert (article.title, article.body) == ("Move house", "# Before\n\nPack.\n\n# After\n\nUnpack.")


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Fees | Birch Help Center</title>", "Fees"),
        ("<title>Fees - monthly - Birch</title>", "Fees - monthly"),
        ("<title>Fees</title>", "Fees"),
        ('<title>x</title><meta property="og:title" content="Fees - monthly">', "Fees - monthly"),
        (
            '<meta property="og:title" content="Fees - Birch"><meta property="og:site_name" content="Birch">',
            "Fees",
        ),
        ("", "My page"),
    ],
)
def test_without_a_top_heading_the_title_is_what_the_page_calls_itself(head: str, title: str) -> None:
    page = f"<html><head>{head}</head><body><p>Text</p></body></html>"
    assert html_article(page, slug="help/my-page", path="p.html").title == title


def test_the_address_is_a_full_one_canonical_before_open_graph() -> None:
    graph = '<meta property="og:url" content="https://a.example/og">'
    canonical = '<link rel="canonical" href="/p">'
    assert html_article(graph + "<p>x", slug="a", path="a").url == "https://a.example/og"
    assert html_article(canonical + graph + "<p>x", slug="a", path="a").url == "https://a.example/og"
    assert html_article(canonical + "<p>x", slug="a", path="a").url == ""


def test_links_are_full_addresses_where_the_page_says_where_it_stands() -> None:
    body = (
        "<p><a href='/fees'>a</a> <a href='b.html#c'>b</a> <a href='#d'>d</a> <a href='m.pdf'>m</a>"
        "<img src='i.png'>"
    )
    graph = '<meta property="og:url" content="https://a.example/en/p">'
    assert html_article(graph + body, slug="a", path="a").body == (
        "[a](https://a.example/fees) [b](https://a.example/en/b.html#c) [d](#d) [m](m.pdf)![](i.png)"
    )
    base = '<base href="https://b.example/x/">'
    assert html_article(base + body, slug="a", path="a").body == (
        "[a](https://b.example/fees) [b](https://b.example/x/b.html#c) [d](#d) "
        "[m](https://b.example/x/m.pdf)![](https://b.example/x/i.png)"
    )
    assert (
        html_article(body, slug="a", path="a").body == "[a](/fees) [b](b.html#c) [d](#d) [m](m.pdf)![](i.png)"
    )


@pytest.mark.parametrize(
    ("written", "tag"),
    [("en_us", "en-US"), ("pt-br", "pt-BR"), ("zh-hans-cn", "zh-Hans-CN"), ("DE", "de"), ("x!", "")],
)
def test_languages_are_written_as_bcp_47_does(written: str, tag: str) -> None:
    assert language_tag(written) == tag


@pytest.mark.parametrize(
    "data",
    [
        '<meta charset="windows-1252"><p>Le thé coûte 4 €.</p>'.encode("cp1252"),
        "<meta http-equiv='Content-Type' content='text/html; charset=iso-8859-1'>Le thé coûte 4 €.".encode(
            "cp1252"
        ),
        b'<?xml version="1.0" encoding="iso-8859-15"?>' + "<p>Le thé coûte 4 €.</p>".encode("iso-8859-15"),
        "<p>Le thé coûte 4 €.</p>".encode(),
        codecs.BOM_UTF8 + "<p>Le thé coûte 4 €.</p>".encode(),
        "<p>Le thé coûte 4 €.</p>".encode("utf-16"),
        '<meta charset="windows-1252"><p>Le thé coûte 4 €.</p>'.encode(),
        '<meta charset="klingon"><p>Le thé coûte 4 €.</p>'.encode(),
    ],
)
def test_a_page_is_read_in_the_charset_that_it_declares_or_was_written_in(
    tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "p.html").write_bytes(data)
    assert read_source(tmp_path).articles[0].body == "Le thé coûte 4 €."


def test_a_page_in_another_charset_that_declares_none_is_read_as_it_looks(tmp_path: Path) -> None:
    words = "Чтобы вернуть товар, напишите нам и приложите чек. Деньги придут за три дня."
    (tmp_path / "p.html").write_bytes(f"<p>{words}</p>".encode("cp1251"))
    assert read_source(tmp_path).articles[0].body == words


@pytest.mark.parametrize(
    "html",
    [
        '<meta http-equiv="refresh" content="0; url=/new">',
        '<html><head><META HTTP-EQUIV="Refresh" CONTENT="0;URL=https://a.example"></head><h1>Redirecting…</h1>'
        '<a href="/new">Click here if you are not redirected.</a></html>',
    ],
)
def test_a_page_that_only_leads_elsewhere_is_held_back(tmp_path: Path, html: str) -> None:
    (tmp_path / "p.html").write_text(html, encoding="utf-8")
    (tmp_path / "q.html").write_text("<p>Text</p>", encoding="utf-8")
    assert read_source(tmp_path).held_back == (HeldBack("p.html", HeldBackReason.INTERNAL),)


def test_a_page_that_search_engines_shall_not_list_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text('<meta name="robots" content="noindex"><p>Text</p>', encoding="utf-8")
    assert read_source(tmp_path).articles[0].body == "Text"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><body><nav>Home</nav><p> </p></body></html>", "the page holds no text"),
        (b" \n", "the file is empty"),
        (b"<p>a\0b", "binary: a zero byte at offset 4; only text is imported"),
        (b"<div>" * 300 + b"x", "the page is nested too deeply to be read; simplify it"),
        (b"<br>" * 100_001, "the page has 100,003 elements, at most 100,000 are read; split it"),
    ],
)
def test_a_page_without_text_is_refused_with_the_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "p.html").write_bytes(data)
    assert read_source(tmp_path).refusals == (Refusal("p.html", reason),)


_TAGS = st.sampled_from(
    [
        "p",
        "div",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "a",
        "b",
        "i",
        "br",
        "img",
        "h1",
        "h2",
        "pre",
        "code",
        "details",
        "summary",
        "dl",
        "dt",
        "dd",
        "aside",
        "header",
        "main",
        "article",
        "form",
        "button",
        "section",
        "span",
        "sup",
        "title",
        "meta",
    ]
)
_ODD_PIECES = (
    "<", ">", "&", "<!--", "-->", '<a href="', "'", '"', "|", "*", "\n", "\0", "\ud800", "<td colspan=99999>",
    "<td rowspan=9999>", '<div role="tabpanel">', '<li role="tab">', '<div class="note">', "<![CDATA[",
    '<meta http-equiv="refresh" content="url=x">', "Updated 2 days ago", "text ",
)  # fmt: skip
_PIECES = st.one_of(
    _TAGS.map("<{}>".format), _TAGS.map("</{}>".format), st.sampled_from(_ODD_PIECES), st.text(max_size=8)
)


def _read_in_time(html: str) -> None:
    started = time.thread_time()
    for read in (html_to_markdown, lambda text: html_article(text, slug="a", path="a.html")):
        with suppress(RefusedError):
            read(html)
    assert time.thread_time() - started < 2


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(_PIECES, max_size=60).map("".join))
def test_a_soup_of_tags_is_read_or_refused(html: str) -> None:
    _read_in_time(html)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(SAMPLES), st.sampled_from(SAMPLES), st.integers(0, 6000), st.integers(0, 6000))
def test_pages_that_were_cut_and_put_together_are_read_or_refused(
    one: str, other: str, end: int, begin: int
) -> None:
    _read_in_time(one[:end] + other[begin:])


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "&a",
        "<!--",
        "<p>x",
        "<ul><li>x",
        "<b>",
        "<table><tr><td>",
        "<li>x</li>",
        "<br>",
        "a|b ",
        "<td>x",
        "** ",
    ],
)
def test_a_page_made_to_hold_its_reader_up_is_read_in_time(piece: str) -> None:
    _read_in_time(piece * (30_000 // len(piece)))


def test_a_page_without_tags_for_head_and_body_is_read(tmp_path: Path) -> None:
    page = tmp_path / "pay.html"
    page.write_text(
        "<title>Paying | Acorn</title><nav><a href=/a>Home</a></nav>"
        "<main><h1>Paying</h1><p>By card.</p></main>"
    )
    [article] = read_source(page).articles
    assert (article.title, article.body) == ("Paying", "By card.")
