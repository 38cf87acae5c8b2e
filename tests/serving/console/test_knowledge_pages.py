"""Learned answers and articles: agents read and search, editors change, without script."""

from pathlib import Path

from fastapi.testclient import TestClient

from knowledge.importing.source import read_source
from serving.app import create_app
from serving.runtime.assembly import Runtime
from serving.transfer.article_import import import_source
from tests.serving.console.sample import add_learned_answer


def learn(runtime: Runtime, question: str, answer: str, **changes: object) -> int:
    with runtime.database.session() as session:
        return add_learned_answer(session, question, answer, **changes).id


def test_learned_answers_are_found_by_every_word_in_any_part(runtime: Runtime, agent: TestClient) -> None:
    learn(runtime, "Is dill safe for cats?", "Ask your vet first.")

    assert "Is dill safe for cats?" in agent.get("/learned-answers?q=DILL+vet").text
    assert "Is dill safe for cats?" in agent.get("/learned-answers?q=own+cats").text
    assert "Is dill safe for cats?" not in agent.get("/learned-answers?q=dill+tractor").text
    assert "No learned answer matches this search." in agent.get("/learned-answers?q=100%25").text


def test_agents_read_learned_answers_but_cannot_change_them(runtime: Runtime, agent: TestClient) -> None:
    row = learn(runtime, "Read only?", "Yes <b>really</b>.")

    page = agent.get(f"/learned-answers/{row}").text
    refused = agent.post(f"/learned-answers/{row}", data={"question": "q", "answer": "Lost words?"})

    assert "Yes &lt;b&gt;really&lt;/b&gt;." in page
    assert "<summary>Edit</summary>" not in page
    assert refused.status_code == 403
    assert "Lost words?</textarea>" in refused.text
    assert agent.post(f"/learned-answers/{row}/retire").status_code == 403


def test_editors_edit_retire_and_bring_back(runtime: Runtime, editor: TestClient) -> None:
    row = learn(runtime, "Edit me?", "Old.")
    fields = {"question": "Edited?", "answer": "New.", "phrasings": "first way\nsecond way"}

    saved = editor.post(f"/learned-answers/{row}", data=fields)
    page = editor.get(saved.headers["location"]).text
    assert "Saved. The bot uses it from now on." in page
    assert "<h1>Edited?</h1>" in page
    assert "second way" in page
    assert "Edith Reed" in page

    editor.post(f"/learned-answers/{row}/retire")
    assert "Edited?" not in editor.get("/learned-answers").text
    assert "Edited?" in editor.get("/learned-answers?status=retired").text
    editor.post(f"/learned-answers/{row}/restore")
    assert "Edited?" in editor.get("/learned-answers").text


def test_a_refused_edit_keeps_the_words(runtime: Runtime, editor: TestClient) -> None:
    row = learn(runtime, "Refuse me?", "Old.")

    response = editor.post(
        f"/learned-answers/{row}", data={"question": "Kept question", "answer": "", "phrasings": "a\nb"}
    )

    assert response.status_code == 422
    assert "Answer is empty" in response.text
    assert "Kept question</textarea>" in response.text


def test_agents_read_articles_but_cannot_change_them(agent: TestClient) -> None:
    assert "<strong>Box &gt; Swap</strong>" in agent.get("/articles/swap-pods").text
    assert "New article" not in agent.get("/articles").text
    for path in ("/new-article", "/articles/swap-pods?edit=true"):
        assert agent.get(path).status_code == 403
    for path in ("/new-article", "/articles/swap-pods"):
        refused = agent.post(path, data={"title": "T", "body": "Lost words?"})
        assert refused.status_code == 403
        assert "Lost words?</textarea>" in refused.text


def test_editors_write_change_and_retire_articles(editor: TestClient) -> None:
    fields = {"slug": "care/lamps", "title": "Lamps", "body": "Clean them.\r\nGently.", "category": "care"}

    created = editor.post("/new-article", data=fields)
    assert created.headers["location"] == "/articles/care/lamps?done=created"
    assert "<p>Clean them.\nGently.</p>" in editor.get("/articles/care/lamps").text
    assert "Lamps" in editor.get("/articles?q=gently").text

    editor.post("/articles/care/lamps", data={**fields, "title": "Lamp care"})
    assert "<h1>Lamp care</h1>" in editor.get("/articles/care/lamps").text
    assert 'value="Lamp care"' in editor.get("/articles/care/lamps?edit=true").text

    editor.post("/articles/care/lamps", data={"action": "retire"})
    assert "Lamp care" not in editor.get("/articles?q=lamp").text
    assert "Lamp care" in editor.get("/articles?q=lamp&status=retired").text


def test_a_refused_article_keeps_what_was_written(editor: TestClient) -> None:
    taken = editor.post("/new-article", data={"slug": "swap-pods", "title": "Mine", "body": "Long text."})
    empty = editor.post("/articles/swap-pods", data={"title": "", "body": "Other long text."})

    assert (taken.status_code, empty.status_code) == (409, 422)
    assert "There is already an article" in taken.text
    assert "Long text.</textarea>" in taken.text
    assert 'name="slug" value="swap-pods"' in taken.text
    assert "Other long text.</textarea>" in empty.text


def test_an_address_that_is_no_web_address_never_becomes_a_link(runtime: Runtime, editor: TestClient) -> None:
    fields = {
        "slug": "tricky",
        "title": "T",
        "body": "[x](javascript:alert(1))",
        "url": "javascript:alert(1)",
    }
    refused = editor.post("/new-article", data=fields)
    editor.post("/new-article", data={**fields, "url": ""})

    assert refused.status_code == 422
    assert 'href="javascript' not in editor.get("/articles/tricky").text


def test_lists_are_the_same_fragments_as_in_their_pages(agent: TestClient) -> None:
    for path, element_id in (("/learned-answers", "learned-answers"), ("/articles", "articles")):
        page = agent.get(path).text
        fragment = agent.get(path, headers={"X-Fragment": element_id}).text
        assert fragment.strip() in page
        assert "<html" not in fragment


def test_editors_see_tick_and_untick_that_an_answer_is_released(runtime: Runtime, editor: TestClient) -> None:
    row = learn(runtime, "Released?", "Old.")
    fields = {"question": "Released?", "answer": "Old."}
    words = "given to this question even where only people handle the matter"

    editor.post(f"/learned-answers/{row}", data={**fields, "released": "yes"})
    page = editor.get(f"/learned-answers/{row}").text
    assert words in page
    assert 'name="released" value="yes" checked' in page

    editor.post(f"/learned-answers/{row}", data=fields)
    assert words not in editor.get(f"/learned-answers/{row}").text


def write_pages(folder: Path, **pages: str) -> Path:
    folder.mkdir()
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text)
    return folder


def test_imports_are_shown_with_what_they_left_out(
    runtime: Runtime, agent: TestClient, tmp_path: Path
) -> None:
    pages = tmp_path / "centre"
    pages.mkdir()
    (pages / "pay.md").write_text("It costs {{ site.fee }}. ![card](card.png)")
    (pages / "new.md").write_text("---\ndraft: true\n---\nSoon.")
    (pages / "theme.scss").write_text("x")
    (pages / "bad.md").write_text("---\ntitle: [\n---\nText.")
    with runtime.database.session() as session:
        import_source(session, read_source(pages), source="<centre>")

    page = agent.get("/imports").text
    shown = agent.get("/v1/imports").json()["imports"][0]

    for line in (
        "&lt;centre&gt;",
        "1 added",
        "new.md: draft",
        "1 .scss",
        "{{ site.fee }} in 1 article: pay.md",
        "card.png in pay.md",
        "bad.md: the front matter is no YAML",
    ):
        assert line in page
    assert (shown["source"], shown["report"]["added"], shown["report"]["read"]) == ("<centre>", 1, {".md": 1})
    assert shown["report"]["holes"] == [{"name": "{{ site.fee }}", "articles": 1, "paths": ["pay.md"]}]
    assert 'href="/imports"' in agent.get("/articles").text


def test_an_editor_undoes_an_import_on_its_page(
    runtime: Runtime, agent: TestClient, editor: TestClient, tmp_path: Path
) -> None:
    with runtime.database.session() as session:
        import_source(session, read_source(write_pages(tmp_path / "ours", pay="Pay by card.")), source="ours")
        import_source(session, read_source(write_pages(tmp_path / "more", ship="We ship.")), source="a/b & c")

    assert "Retire all of it" not in agent.get("/imports").text
    assert agent.post("/imports", data={"source": "ours"}).status_code == 403
    page = editor.get(editor.post("/imports", data={"source": "a/b & c"}).headers["location"]).text

    assert "importing it again brings it back" in page
    assert 'value="ours"' in page
    assert 'value="a/b &amp; c"' not in page
    assert "We ship." not in editor.get("/articles").text
    in_use = {one["name"]: one["articles"] for one in agent.get("/v1/sources").json()["sources"]}
    assert (in_use["a/b & c"], in_use["ours"]) == (0, 1)


def test_a_source_is_retired_by_its_name_over_the_api(
    runtime: Runtime, agent: TestClient, editor: TestClient, tmp_path: Path
) -> None:
    with runtime.database.session() as session:
        import_source(
            session,
            read_source(write_pages(tmp_path / "ours", pay="Pay.", ship="We ship.")),
            source="x.org/en",
        )

    assert agent.delete("/v1/sources/x.org/en").status_code == 403
    assert editor.delete("/v1/sources/x.org/en").json() == {"name": "x.org/en", "retired": 2}
    assert editor.delete("/v1/sources/x.org/en").json()["retired"] == 0
    unknown = editor.delete("/v1/sources/y.org")
    assert (unknown.status_code, "'x.org/en'" in unknown.json()["detail"]) == (404, True)


def test_strangers_see_no_imports(runtime: Runtime) -> None:
    stranger = TestClient(create_app(runtime), follow_redirects=False)
    assert stranger.get("/imports").headers["location"].startswith("/login")
    assert stranger.get("/v1/imports").status_code == 401
