"""Markdown becomes HTML that is safe to show."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.rendering import clean_html, render_markdown


def test_markdown_becomes_html() -> None:
    assert render_markdown("Tap **Skip**.\n\n1. One\n2. Two") == (
        "<p>Tap <strong>Skip</strong>.</p>\n<ol>\n<li>One</li>\n<li>Two</li>\n</ol>"
    )


def test_empty_text_gives_nothing() -> None:
    assert render_markdown("") == ""


def test_raw_html_is_shown_as_text() -> None:
    assert render_markdown("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert render_markdown("a <img src=x onerror=y>") == "<p>a &lt;img src=x onerror=y&gt;</p>"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,hi", "vbscript:x", "file:///etc/passwd"]
)
def test_a_dangerous_address_is_no_link(address: str) -> None:
    assert "href" not in render_markdown(f"[x]({address})")
    assert "href" not in clean_html(f'<a href="{address}">x</a>')


def test_a_link_tells_nothing_to_the_page_it_opens() -> None:
    assert render_markdown("[x](https://tuckleaf.example)") == (
        '<p><a href="https://tuckleaf.example" rel="noopener noreferrer">x</a></p>'
    )


@pytest.mark.parametrize(
    ("written", "leads_to"),
    [
        ("../deliveries/skip-a-box.md", "/help/skip-a-box"),
        ("plant-food.md", "/help/plant-food"),
        ("plant-food.mdx", "/help/plant-food"),
        ("./plant-food.md#dose", "/help/plant-food#dose"),
        ("https://tuckleaf.example/a.md", "https://tuckleaf.example/a.md"),
        ("/files/a.md", "/files/a.md"),
        ("mailto:help@tuckleaf.example", "mailto:help@tuckleaf.example"),
    ],
)
def test_a_link_to_another_articles_file_leads_to_its_page(written: str, leads_to: str) -> None:
    assert f'href="{leads_to}"' in render_markdown(f"[x]({written})")


def test_line_ends_are_kept_only_when_asked() -> None:
    assert render_markdown("a\nb") == "<p>a\nb</p>"
    assert render_markdown("a\nb", line_breaks=True) == "<p>a<br>\nb</p>"


def test_a_table_is_a_table() -> None:
    assert "<td>$12</td>" in render_markdown("| Plan | Price |\n|---|---|\n| Seedling | $12 |")


def test_many_threads_get_the_same_html() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(render_markdown, ["*a* [b](c.md)"] * 200)) == {
            '<p><em>a</em> <a href="/help/c" rel="noopener noreferrer">b</a></p>'
        }


def test_pictures_come_from_this_server_only() -> None:
    assert 'src="/files/a.png"' in render_markdown("![x](/files/a.png)")
    for address in ("https://h.example/a.png", "//h.example/a.png", "data:image/png;base64,eA=="):
        assert "src" not in render_markdown(f"![x]({address})")


def test_a_hole_is_shown_as_one_and_an_empty_heading_is_not() -> None:
    assert render_markdown("## Pay\n\nIt costs \ufffc.\n\n##\n\nMore.") == (
        "<h2>Pay</h2>\n<p>It costs […].</p>\n<p>More.</p>"
    )
