"""reStructuredText pages, Sphinx's too, come out as readers see them; what stands elsewhere is a hole."""

from hashlib import sha256
from pathlib import Path

import pytest
from docutils.parsers.rst import directives, roles

from knowledge.documents import HOLE, ArticleDocument, HeldBack, HeldBackReason, PassedOver
from knowledge.importing.source import read_source


def article(folder: Path, text: str) -> ArticleDocument:
    (folder / "how-to-pay.rst").write_text(text)
    result = read_source(folder / "how-to-pay.rst")
    assert result.refusals == ()
    return result.articles[0]


def body(folder: Path, text: str) -> str:
    return article(folder, f"Title\n=====\n\n{text}\n").body


def test_the_first_heading_is_the_title_and_others_stay_in_their_order(tmp_path: Path) -> None:
    top = ":orphan:\n\n.. _pay:\n\n======\nPaying\n======\n\nBy card."
    found = article(tmp_path, f"{top}\n\nCards\n-----\n\nVisa\n~~~~\n\nx\n\nCash\n----\n\ny")
    assert (found.slug, found.title, found.path) == ("how-to-pay", "Paying", "how-to-pay.rst")
    assert found.body == "By card.\n\n## Cards\n\n### Visa\n\nx\n\n## Cash\n\ny"


def test_without_a_heading_the_file_name_is_the_title(tmp_path: Path) -> None:
    found = article(tmp_path, "By card.")
    assert (found.title, found.body) == ("How to pay", "By card.")


def test_fields_at_the_top_name_the_article_and_hold_a_draft_back(tmp_path: Path) -> None:
    fields = ":slug: pay\n:category: Money\n:lang: pt_BR\n:Author: Ann\n"
    found = article(tmp_path, f"{fields}\nPaying\n======\n\nBy card.")
    assert (found.slug, found.category, found.language, found.body) == ("pay", "Money", "pt-BR", "By card.")
    (tmp_path / "a.rst").write_text(f"{fields}:status: draft\n\nPaying\n======\n\nBy card.")
    assert read_source(tmp_path / "a.rst").held_back == (HeldBack("a.rst", HeldBackReason.DRAFT),)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("*a* **b** ``c_d`` 5 * 3 <x>", "*a* **b** `c_d` 5 * 3 \\<x>"),
        (
            "`Docs <https://h.example/x>`_ and https://h.example",
            "[Docs](https://h.example/x) and https://h.example",
        ),
        (":doc:`/guides/opening-hours`, :doc:`ours <hours>`", "Opening hours, ours"),
        (":ref:`our prices <prices>`, :ref:`price-list`", "our prices, Price list"),
        (":guilabel:`&Save`, :menuselection:`File --> Save`", "**Save**, File → Save"),
        (":kbd:`Ctrl+C` :py:func:`~a.b` :term:`plan`", "`Ctrl+C` a.b plan"),
        ("|name| costs |price|\n\n.. |name| replace:: Basic", f"Basic costs {HOLE}"),
        ("See nowhere_.", "See nowhere."),
        ("Note [1]_.\n\n.. [1] It is.", "Note \\[1\\].\n\n\\[1\\] It is."),
        ("# no heading\n\n\\1. no list", "\\# no heading\n\n1\\. no list"),
        ("H\\ :sub:`2`\\ O", "H2O"),
    ],
)
def test_words_and_roles_read_as_they_are_meant(tmp_path: Path, text: str, markdown: str) -> None:
    assert body(tmp_path, text) == markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("- a\n\n  - b\n  - c\n- d", "- a\n  - b\n  - c\n- d"),
        ("3. a\n#. b", "3. a\n4. b"),
        ("- a\n\n  more\n\n- b", "- a\n\n  more\n\n- b"),
        ("plan\n  What you pay for.", "- **plan**: What you pay for."),
        ("Code::\n\n  pay --now\n", "Code:\n\n```\npay --now\n```"),
        (".. code-block:: bash\n   :linenos:\n\n   pay ```", "````bash\npay ```\n````"),
        ("| Example Ltd\n| London", "Example Ltd  \nLondon"),
        ("A:\n\n   quoted", "A:\n\n> quoted"),
        ("== ==\na  b\n== ==\n1  2\n== ==", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        (
            ".. list-table:: Prices\n   :header-rows: 1\n\n   * - Plan\n     - Fee\n   * - Basic\n     - 3|4",
            "**Prices**\n\n| Plan | Fee |\n| --- | --- |\n| Basic | 3\\|4 |",
        ),
        (".. note:: Not on *Sundays*.\n\n   Really.", "> **Note:** Not on *Sundays*.\n>\n> Really."),
        (".. warning::\n\n   - a\n   - b", "> **Warning:**\n>\n> - a\n> - b"),
        (".. admonition:: By the way\n\n   It is.", "> **By the way:** It is."),
        (".. seealso:: :doc:`prices`", "> **See also:** Prices"),
        (".. versionadded:: 2.1 Refunds.", "New in version 2.1. Refunds."),
        (
            ".. tab-set::\n\n   .. tab-item:: Phone\n      :sync: p\n\n      Tap.\n\n"
            "   .. tab-item:: Web\n\n      Click.",
            "**Phone**\n\nTap.\n\n**Web**\n\nClick.",
        ),
        (".. whatever:: x y\n   :strange: 1\n\n   It *stays*.", "It *stays*."),
        (".. only:: html\n\n   Shown.\n\n.. only:: not html\n\n   No.", "Shown."),
        ("x\n\n.. toctree::\n   :maxdepth: 2\n\n   a\n   b\n\n.. todo:: Ask Ann\n\n.. no comment", "x"),
    ],
)
def test_blocks_and_directives_read_as_they_are_meant(tmp_path: Path, text: str, markdown: str) -> None:
    assert body(tmp_path, text) == markdown


def test_a_reference_without_words_gets_those_of_the_heading_it_leads_to(tmp_path: Path) -> None:
    assert body(tmp_path, "See :ref:`x1`.\n\n.. _x1:\n\nAll our prices\n--------------\n\ny").startswith(
        "See All our prices."
    )


def test_what_stands_elsewhere_is_a_hole_with_its_name(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    found = article(
        tmp_path,
        f"|release| it is.\n\n.. include:: {secret}\n\n.. csv-table:: Fees\n   :file: {secret}\n\n"
        ".. raw:: html\n\n   <b>x</b>\n\n.. literalinclude:: a.py\n\n|release| again\n",
    )
    assert found.body == f"{HOLE} it is.\n\n{HOLE}\n\n{HOLE}\n\n{HOLE}\n\n{HOLE}\n\n{HOLE} again"
    assert found.holes == (
        "|release|",
        f".. include:: {secret}",
        ".. csv-table:: Fees",
        ".. raw:: html",
        ".. literalinclude:: a.py",
    )


def test_a_page_of_links_alone_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "index.rst").write_text("Help\n====\n\n.. toctree::\n\n   a\n")
    (tmp_path / "a.rst").write_text("Text")
    assert read_source(tmp_path).passed_over == (PassedOver("index.rst"),)


def test_other_users_of_docutils_find_it_as_it_was(tmp_path: Path) -> None:
    before = directives.directive, roles.role, dict(roles._roles)
    assert body(tmp_path, ".. role:: loud(strong)\n\n:loud:`x`") == "**x**"
    assert before == (directives.directive, roles.role, dict(roles._roles))


def test_a_picture_is_kept_under_its_alternative_text(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    name = f"{sha256(b'picture').hexdigest()}.png"
    assert body(tmp_path, ".. image:: a.png\n   :alt: A card") == f"![A card](/files/{name})"
