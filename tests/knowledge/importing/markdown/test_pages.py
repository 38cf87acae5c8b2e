"""Markdown of site generators: what stays, what becomes plain Markdown, and what is missing."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import HOLE, ArticleDocument, HeldBackReason
from knowledge.importing.source import read_source
from knowledge.index.chunking import article_passages


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def article_of(folder: Path, text: str, name: str = "page.md") -> ArticleDocument:
    """The article of a page in this folder, whatever else is there."""
    write(folder, name, text)
    articles = {article.path: article for article in read_source(folder).articles}
    return articles[name]


def body_of(folder: Path, text: str, name: str = "page.md") -> str:
    return article_of(folder, text, name).body


# front matter


@pytest.mark.parametrize(
    ("front_matter", "reason"),
    [
        ("---\ndraft: true\n---\n", HeldBackReason.DRAFT),
        ("+++\ndraft = true\n+++\n", HeldBackReason.DRAFT),
        ('{"draft": true}\n', HeldBackReason.DRAFT),
        ("---\npublished: false\n---\n", HeldBackReason.UNPUBLISHED),
        ('---\nstatus: "Draft"\n---\n', HeldBackReason.DRAFT),
        ("---\nexpiryDate: 2021-05-31\n---\n", HeldBackReason.EXPIRED),
        ("---\nexpiry_date: '2021-05-31T10:00:00Z'\n---\n", HeldBackReason.EXPIRED),
        ("+++\npublishDate = 2999-01-01\n+++\n", HeldBackReason.NOT_YET),
    ],
)
def test_a_page_that_is_not_for_customers_is_held_back(
    tmp_path: Path, front_matter: str, reason: HeldBackReason
) -> None:
    write(tmp_path, "page.md", f"{front_matter}Ten percent off with the code.")
    result = read_source(tmp_path)
    assert result.articles == ()
    assert [(held.path, held.reason) for held in result.held_back] == [("page.md", reason)]


@pytest.mark.parametrize(
    "front_matter", ["draft: false", "published: true", "publishDate: 2021-01-01", "expiryDate: 2999-01-01"]
)
def test_a_page_that_is_for_customers_is_read(tmp_path: Path, front_matter: str) -> None:
    assert body_of(tmp_path, f"---\n{front_matter}\n---\nText.") == "Text."


def test_front_matter_of_every_form_gives_the_fields(tmp_path: Path) -> None:
    toml = article_of(tmp_path, '+++\ntitle = "Moving"\ncategories = ["home", "x"]\n+++\nText.', "a.md")
    json = article_of(tmp_path, '{"title": "Moving", "category": "home"}\n\nText.', "b.md")
    yaml = article_of(
        tmp_path,
        "---\ntitle: Moving\ncategory: {a: 1}\nlang: pt-BR\nvalid_until: 2999-01-01\n"
        "canonical_url: https://h.example/m\npermalink: /m/\n---\nText.",
        "c.md",
    )
    assert (toml.title, toml.category, toml.body) == ("Moving", "home", "Text.")
    assert (json.title, json.category, json.body) == ("Moving", "home", "Text.")
    assert (yaml.title, yaml.category, yaml.language, yaml.url) == (
        "Moving",
        "",
        "pt-BR",
        "https://h.example/m",
    )
    assert yaml.valid_until == datetime(2999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "---\n\n# After a rule\n\nText.\n\n---\n\nEnd.",
        "---\nText right below a rule.\n---\nMore.",
        "{name} is not front matter.",
    ],
)
def test_a_page_that_only_looks_as_if_it_had_front_matter_is_read_whole(tmp_path: Path, text: str) -> None:
    assert "Text" in body_of(tmp_path, text) or body_of(tmp_path, text) == text


# comments and code


@pytest.mark.parametrize(
    "comment",
    [
        "<!-- staff: the code is 4711 -->",
        "<!--\nstaff:\n\nthe code is 4711\n-->",
        "{/* the code is 4711 */}",
        "[//]: # (the code is 4711)",
        "{% comment %} the code is 4711 {% endcomment %}",
        "{{/* the code is 4711 */}}",
        "{{< comment >}}the code is 4711{{< /comment >}}",
        "<!-- never closed: the code is 4711",
    ],
)
def test_a_comment_reaches_nobody(tmp_path: Path, comment: str) -> None:
    body = body_of(tmp_path, f"Press Stop.\n\n{comment}\n")
    assert "4711" not in body
    assert body.startswith("Press Stop.")


def test_what_stands_in_code_is_content(tmp_path: Path) -> None:
    text = (
        "Write `{% if x %}` and `<!-- y -->` or ``a ` {{ b }}``.\n\n"
        "    {% assign y = 2 %}\n    :::note\n\n"
        "```md\n:::tip\nimport X from 'y'\n<Price/> {{ x }} <!-- z -->\n```\n\n"
        "- item:\n\n  ~~~\n  {: .a}\n  ~~~"
    )
    assert body_of(tmp_path, text) == text


def test_code_in_a_remark_stays_in_its_quotation(tmp_path: Path) -> None:
    text = ":::tip\nRun:\n\n```sh\na\nb\n```\n:::"
    assert body_of(tmp_path, text) == "> Run:\n>\n> ```sh\n> a\n> b\n> ```"


def test_what_only_looks_like_a_tag_or_an_expression_stays(tmp_path: Path) -> None:
    text = "Write <your name> or {code}, 3 < 4 and 5 > 4, a<b, <YOUR_KEY_HERE x>, **bold**."
    assert body_of(tmp_path, text) == text


# remarks, tabs and details


@pytest.mark.parametrize(
    "text",
    [
        ":::tip[Only monthly]\n\nYearly plans stay.\n\n:::",
        "::: tip Only monthly\nYearly plans stay.\n:::",
        ':::tip{title="Only monthly"}\nYearly plans stay.\n:::',
        '!!! tip "Only monthly"\n\n    Yearly plans stay.',
        '{{< hint title="Only monthly" >}}\nYearly plans stay.\n{{< /hint >}}',
        '{{% notice tip "x" title="Only monthly" %}}\nYearly plans stay.\n{{% /notice %}}',
        '{% hint style="info" title="Only monthly" %}\nYearly plans stay.\n{% endhint %}',
        '<Note title="Only monthly">\n  Yearly plans stay.\n</Note>',
        '<Callout type="info" title="Only monthly">Yearly plans stay.</Callout>',
        "> [!TIP] Only monthly\n> Yearly plans stay.",
    ],
)
def test_a_remark_becomes_a_quotation_under_its_title(tmp_path: Path, text: str) -> None:
    body = body_of(tmp_path, f"Before.\n\n{text}\n\nAfter.")
    assert body == "Before.\n\n> **Only monthly**\n>\n> Yearly plans stay.\n\nAfter."


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (":::note\nA.\n:::", "> A."),
        (":::warning\nA.\n:::", "> **Warning**\n>\n> A."),
        ("!!! danger\n    A.\n\n    - b", "> **Danger**\n>\n> A.\n>\n> - b"),
        ("> [!CAUTION]\n> A.", "> **Caution**\n>\n> A."),
        (":::note\nA.\n\n::::tip\nB.\n::::\n\n:::", "> A.\n>\n> > B."),
        (":::note\nNever ended.", "> Never ended."),
        ("{% note %}\n\n**Note:** A.\n\n{% endnote %}", "> **Note:** A."),
    ],
)
def test_remarks_say_when_they_warn_and_may_hold_others(tmp_path: Path, text: str, body: str) -> None:
    assert body_of(tmp_path, text) == body


@pytest.mark.parametrize(
    "text",
    [
        '<Tabs>\n<TabItem value="web" label="Web">\n\nPress *Pause*.\n\n</TabItem>\n'
        '<TabItem value="ios" label="Phone">\n\nTap Plan.\n\n</TabItem>\n</Tabs>',
        '=== "Web"\n\n    Press *Pause*.\n\n=== "Phone"\n\n    Tap Plan.',
        '{{< tabs >}}{{< tab "Web" >}}\nPress *Pause*.\n{{< /tab >}}{{< tab "Phone" >}}\nTap Plan.\n'
        "{{< /tab >}}{{< /tabs >}}",
        '{% tabs %}\n{% tab title="Web" %}\nPress *Pause*.\n{% endtab %}\n{% tab title="Phone" %}\n'
        "Tap Plan.\n{% endtab %}\n{% endtabs %}",
        "<details><summary>Web</summary>\n\nPress *Pause*.\n\n</details>\n"
        "<details>\n<summary><b>Phone</b></summary>\nTap Plan.\n</details>",
        '??? note "Web"\n    Press *Pause*.\n\n???+ note "Phone"\n    Tap Plan.',
        "::: details Web\nPress *Pause*.\n:::\n\n::: details Phone\nTap Plan.\n:::",
        '<Accordion title="Web">Press *Pause*.</Accordion>\n<Accordion title="Phone">Tap Plan.</Accordion>',
    ],
)
def test_tabs_and_details_become_sections_that_end(tmp_path: Path, text: str) -> None:
    body = body_of(tmp_path, f"## Pausing\n\nHow:\n\n{text}\n\nIt is free.\n\n## Next\n\nText.")
    assert body == (
        "## Pausing\n\nHow:\n\n### Web\n\nPress *Pause*.\n\n### Phone\n\nTap Plan.\n\n###\n\nIt is free.\n\n"
        "## Next\n\nText."
    )


def test_steps_become_a_numbered_list(tmp_path: Path) -> None:
    text = (
        '<Steps>\n  <Step title="Open">\n    Open **Plan**.\n  </Step>\n'
        '  <Step title="Stop">Press it.</Step>\n</Steps>'
    )
    assert body_of(tmp_path, text) == "1. **Open**\n\n   Open **Plan**.\n\n2. **Stop**\n\n   Press it."


# modules and components


def test_imports_and_exports_of_a_module_go(tmp_path: Path) -> None:
    text = (
        "import A from '@theme/A';\nimport {\n  B,\n  C,\n} from './b'\nimport './style.css'\n"
        "export const price = {\n  a: 1,\n\n  b: 2,\n};\nexport default Layout\n\n"
        "Import your list from 'Contacts' in the menu.\n\nExports take a day."
    )
    assert body_of(tmp_path, text, "page.mdx") == (
        "Import your list from 'Contacts' in the menu.\n\nExports take a day."
    )


def test_components_with_text_keep_it_and_others_are_holes(tmp_path: Path) -> None:
    article = article_of(
        tmp_path,
        "import Fee from './f.js'\n\n<Lead>It costs <Fee plan={\"a\"} /> a *month*.</Lead>\n\n"
        '<Video id="7" />\n\n'
        "<Frame><p>Text</p></Frame>\n\nTotal: {props.total}.{' '}{'Fine'}.<CloseIcon/>\n\n"
        "## Prices <Fee/> {#prices}",
        "page.mdx",
    )
    assert article.body == (
        f"It costs {HOLE} a *month*.\n\n{HOLE}\n\nText\n\nTotal: {HOLE}. Fine.\n\n## Prices"
    )
    assert article.holes == ("<Fee />", "<Video />", "{props.total}")


def test_a_component_that_is_a_text_of_the_folder_is_filled_in(tmp_path: Path) -> None:
    write(tmp_path, "parts/_fee.mdx", "---\ntitle: x\n---\n9 euros {props.per}")
    write(tmp_path, "snippets/tax.mdx", "Prices are without tax.")
    article = article_of(
        tmp_path,
        "import Fee from './parts/_fee.mdx';\nimport Gone from './gone.mdx';\n\n"
        'It costs <Fee per="a month" />.\n\n<Snippet file="tax.mdx" />\n\nAnd <Gone />.',
        "page.mdx",
    )
    assert article.body == f"It costs 9 euros a month.\n\nPrices are without tax.\n\nAnd {HOLE}."
    assert article.holes == ("<Gone />",)


def test_html_becomes_markdown_with_the_marks_of_its_texts(tmp_path: Path) -> None:
    text = (
        '<div class="a"><h3>Cards</h3>\n<p>By <b>card</b> or <a href="/x">bank</a>, not <i>cash</i>.</p>\n'
        "<ul>\n<li>one **two**</li>\n<li><code>a_b</code></li>\n</ul>\n</div>\n\n"
        "<table><tr><th>Plan</th><th style={{width: '9px'}}>Price</th></tr>"
        "<tr><td>Pro_1</td><td>3 &lt; 4</td></tr></table>\n\n"
        '<img alt="Pause" src={useBaseUrl(\'img/p.png\')} /><script>let a = "<b>";</script>'
    )
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "p.png").write_bytes(b"picture")
    assert body_of(tmp_path, text) == (
        "### Cards\n\nBy **card** or [bank](/x), not *cash*.\n\n- one **two**\n- `a_b`\n\n"
        "| Plan | Price |\n| --- | --- |\n| Pro_1 | 3 < 4 |\n\n"
        f"![Pause](/files/{sha256(b'picture').hexdigest()}.png)"
    )


def test_anchors_attributes_and_marks_for_the_site_go(tmp_path: Path) -> None:
    text = (
        '# Title {#top .big}\n\n[TOC]\n\n<a name="x"></a>Press [it](y.md){ .button } :material-plus: now.\n'
        "{: .note #z }\n\n[[_TOC_]]"
    )
    assert body_of(tmp_path, text) == "# Title\n\nPress [it](y.md) now."


def test_a_table_without_a_line_of_dashes_gets_one(tmp_path: Path) -> None:
    dashed = "| a | b |\n|:--|---|\n| 1 | 2 |"
    text = f"{dashed}\n\n| Code | Do |\n|5  | Wait |\n| 6 | Call |\n\n| one row |"
    assert body_of(tmp_path, text) == (
        f"{dashed}\n\n| Code | Do |\n| --- | --- |\n|5  | Wait |\n| 6 | Call |\n\n| one row |"
    )


# templates


def test_variables_are_filled_in_where_the_site_says_them(tmp_path: Path) -> None:
    write(tmp_path, "_config.yml", "company: Acorn\nsupport: {mail: help@h.example}\n")
    write(tmp_path, "_data/prices.yml", "pro: 9\n")
    write(tmp_path, "mkdocs.yml", "extra:\n  phone: 12 34\nmarkdown_extensions:\n  - x: !!python/name:a.b\n")
    write(tmp_path, "hugo.toml", '[params]\nfee = "3 euros"\n')
    article = article_of(
        tmp_path,
        "---\ntitle: About {{ site.company }}\nregion: Europe\n---\n"
        "{{ site.company | upcase }}, {{site.support.mail}}, {{ site.data.prices.pro }}, {{ phone }}, "
        "{{ extra.phone }}, {{< param fee >}}, {{ .Site.Params.fee }}, {{ page.region }}, "
        '{{ x | default: "y" }}.',
    )
    assert article.title == "About Acorn"
    assert article.body == "ACORN, help@h.example, 9, 12 34, 12 34, 3 euros, 3 euros, Europe, y."
    assert article.holes == ()


def test_what_nobody_says_is_a_hole_and_named(tmp_path: Path) -> None:
    article = article_of(
        tmp_path,
        "Call {{ site.phone }}.\n\nPlans for {% data variables.shop.name %} apps.\n\n{{< youtube abc >}}\n\n"
        "{{< param fee >}} and {{ site.phone }}.\n\nSee [the page]({{ site.shop }}/x) and ![a]({{ x }}).",
    )
    assert article.body == (
        f"Call {HOLE}.\n\nPlans for {HOLE} apps.\n\n{HOLE}\n\n{HOLE} and {HOLE}.\n\nSee the page and ."
    )
    assert article.holes == (
        "{{ site.phone }}",
        "{% data variables.shop.name %}",
        "{{< youtube abc >}}",
        "{{< param fee >}}",
        "{{ site.shop }}",
        "{{ x }}",
    )


def test_includes_come_from_the_folder_with_their_arguments(tmp_path: Path) -> None:
    write(tmp_path, "_includes/note.html", "<div>Note: {{ include.content }}</div>")
    write(tmp_path, "parts/tax.md", "---\na: 1\n---\nWithout tax.\n")
    write(tmp_path, "data/reusables/pay/card.md", "By card.")
    write(tmp_path, "_includes/loop.md", "Again {% include loop.md %}")
    article = article_of(
        tmp_path,
        '{% include note.html content="Charged on day 5." %}\n\n<!--@include: ./parts/tax.md-->\n\n'
        '--8<-- "parts/tax.md"\n\n{% data reusables.pay.card %}\n\n'
        '{% include gone.html content="Still said." %}\n\n{% include gone.html %}',
    )
    assert article.body == (
        f"Note: Charged on day 5.\n\nWithout tax.\n\nWithout tax.\n\nBy card.\n\nStill said.\n\n{HOLE}"
    )
    assert article.holes == ("{% include gone.html %}",)
    assert article_of(tmp_path, "{% include loop.md %}", "b.md").holes == ("{% include loop.md %}",)


@pytest.mark.parametrize("path", ["../../secret.md", "/etc/hostname", "link.md"])
def test_nothing_is_included_from_outside_the_folder(tmp_path: Path, path: str) -> None:
    write(tmp_path, "secret.md", "The staff code.")
    centre = tmp_path / "site" / "docs"
    centre.mkdir(parents=True)
    (centre / "_includes").mkdir()
    (centre / "_includes" / "link.md").symlink_to(tmp_path / "secret.md")
    article = article_of(centre, f"A. {{% include {path} %}}")
    assert article.body == f"A. {HOLE}"


def test_of_a_condition_the_branch_that_holds_is_kept_and_none_where_nobody_knows(tmp_path: Path) -> None:
    write(tmp_path, "_config.yml", "plan: pro\n")
    article = article_of(
        tmp_path,
        '{% if site.plan == "pro" %}Nine.{% else %}Three.{% endif %} '
        '{% unless site.plan == "pro" %}A{% else %}B{% endunless %}. '
        '{% if page.tier == "x" %}Forty.{% else %}Ten.{% endif %}\n\n{% for a in b %}c{% endfor %}',
    )
    assert article.body == f"Nine. B. {HOLE}\n\n{HOLE}"
    assert article.holes == ('{% if page.tier == "x" %}', "{% for a in b %}")


def test_raw_text_is_kept_as_it_is_and_links_are_led_by_their_path(tmp_path: Path) -> None:
    text = (
        'Use {% raw %}{{ name }}{% endraw %}. See [here]({{< relref "fees" >}}) or '
        '{% octicon "x" %} [there]({% link docs/a.md %}).\n\n'
        "{% highlight sh %}\nrun {{ x }}\n{% endhighlight %}"
    )
    assert body_of(tmp_path, text) == (
        f"Use {{{{ name }}}}. See [here](fees) or  [there](docs/a.md).\n\n```sh\nrun {HOLE}\n```"
    )


def test_what_is_captured_or_listed_is_given_to_includes_by_its_name(tmp_path: Path) -> None:
    article = article_of(
        tmp_path,
        "---\nbring: [A passport, {text: A letter}]\n---\n"
        "{% capture warn %}\nNo *refunds*.\n{% endcapture %}\n"
        '{% include alert.html type="warning" content=warn %}\n\n{% include list.html items=page.bring %}\n\n'
        "{% include list.html items=page.gone %}",
    )
    assert article.body == f"> **Warning**\n>\n> No *refunds*.\n\n- A passport\n- A letter\n\n{HOLE}"
    assert article.holes == ("{% include list.html items=page.gone %}",)


def test_html_that_is_indented_for_its_writers_is_no_code(tmp_path: Path) -> None:
    text = (
        '<div>\n  <h3><button aria-expanded="false">Who may come?</button></h3>\n\n'
        "    <ul>\n      <li>You</li>\n      <li>They</li>\n    </ul>\n\n  </div>\n\n"
        "    real code\n\n<button>Copy</button>"
    )
    assert body_of(tmp_path, text) == "### Who may come?\n\n- You\n- They\n\n    real code"


def test_no_passage_holds_what_only_the_site_should_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "page.mdx",
        "---\ntitle: Everything\n---\nimport Fee from './fee.js'\nexport const a = 1;\n\n<!-- staff -->\n\n"
        ":::warning[Mind]\nIt is hot.\n:::\n\n<Tabs><TabItem label='Web'>\n\n"
        "Press <Fee/> *now*.\n\n</TabItem></Tabs>\n\n"
        "## Costs {#costs}\n\nIt is {props.fee}. You may pay later.\n\n"
        "<details><summary>Late?</summary>\n\nCall.\n\n</details>\n\n{/* staff */}\n\n"
        "| a | b |\n|---|---|\n| <Fee /> | 1 |\n| x | 2 |\n\n```js\nimport x from 'y'\n```",
    )
    write(
        tmp_path,
        "page.md",
        "+++\ntitle = 'More'\n+++\n{{< hint >}}\nFirst.\n{{< /hint >}}\n\n!!! danger\n    Never.\n\n"
        "{% include gone.md %}\n\nCall {{ site.phone }}. Or write.\n\n{: .note }\n\n<a id='x'></a>[TOC]\n\n"
        "<div class='a'><p>Said.</p></div>\n",
    )
    passages = [
        passage
        for article in read_source(tmp_path).articles
        for passage in article_passages(article)
        if passage.text
    ]
    left = re.compile(
        r"^import |^export |:::|!!!|\{\{|\{%|\{#|\{:|\{props|\{/\*|<!--|</?[A-Za-z]|staff|\ufffc",
        re.MULTILINE,
    )
    shown = [re.sub(r"```.*?```", "", passage.text, flags=re.DOTALL) for passage in passages]
    assert [left.findall(text) for text in shown] == [[]] * len(shown)
    assert "".join(shown).count("\n") > 10
    for words in (
        "It is hot.",
        "You may pay later.",
        "Call.",
        "| x | 2 |",
        "First.",
        "Never.",
        "Or write.",
        "Said.",
    ):
        assert any(words in text for text in shown), words


def test_many_tags_without_an_end_hide_no_tag_that_has_one(tmp_path: Path) -> None:
    write(tmp_path, "_config.yml", "plan: pro\nfee: 3\n")
    values = "{{< param fee >}} " * 50
    condition = '{% if site.plan == "pro" %}Nine.{% else %}Three.{% endif %}'
    fees = "<Fee>\n" * 70
    tab = '<Tabs><TabItem label="Web">\n\nPress it.\n\n</TabItem></Tabs>'
    assert body_of(tmp_path, f"{values}\n\n{condition}").endswith(f"{HOLE} \n\nNine.")
    assert body_of(tmp_path, f"{fees}\n\n{tab}").endswith("## Web\n\nPress it.")


# anything


MARKUP = (
    *(
        "---\n",
        "+++\n",
        "{% if a %}",
        "{% endif %}",
        "{{ x",
        "}}",
        "{{< tab >}}",
        "{{< /tab >}}",
        ":::note\n",
    ),
    *(
        ":::\n",
        "!!! tip\n",
        "    in\n",
        '=== "A"\n',
        "<Tabs>",
        "</Tabs>",
        "<div>",
        "</table>",
        "<table>",
        "<td>",
    ),
    *("<!--", "-->", "`", "```\n", "import a from 'b'\n", "export const a = {\n", "> [!NOTE]\n", "<Step>"),
    *("<Steps>", "{/*", "# H\n", "- i\n", "\n", " ", "text", "\ue0001\ue001", "\ufffc", '"', "é"),
)


@settings(max_examples=150, deadline=2_000)
@given(
    st.lists(
        st.sampled_from(MARKUP),
        max_size=40,
    ).map("".join)
)
def test_any_mixture_of_markup_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("mixture")
    write(folder, "a.md", f"Text {text}")
    result = read_source(folder)
    assert len(result.articles) + len(result.refusals) + len(result.held_back) == 1
