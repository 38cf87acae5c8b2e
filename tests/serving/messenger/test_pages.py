"""The public pages and the script, over HTTP, with a real store."""

import gzip
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from knowledge import DEMO_FOLDER
from serving.company.file import Company
from serving.company.service import apply_company
from serving.db.session import Database
from serving.db.tables import Article
from serving.messenger.assets import STATIC_FOLDER, messenger_script
from serving.messenger.help_centre import category_title
from serving.messenger.pages import router, show_missing
from serving.problems import install_problem_handlers
from serving.settings import Settings


@dataclass
class PublicRuntime:
    """The parts of the runtime that these pages read."""

    settings: Settings
    database: Database


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[PublicRuntime]:
    settings = Settings(home=tmp_path, secret_key=32 * "x")
    database = Database(settings.database_url)
    database.migrate()
    yield PublicRuntime(settings, database)
    database.close()


@pytest.fixture
def client(runtime: PublicRuntime) -> TestClient:
    app = FastAPI()
    app.include_router(router)
    install_problem_handlers(app, missing_page=show_missing)
    app.state.runtime = runtime
    return TestClient(app, follow_redirects=False)


def write(runtime: PublicRuntime, slug: str, title: str, body: str = "Words.", **more: str) -> None:
    with runtime.database.session() as session:
        session.add(Article(slug=slug, title=title, body=body, content_hash=slug, **more))


def test_the_messenger_is_under_20_kilobytes_gzipped() -> None:
    assert len(messenger_script().gzipped) < 20_000


def test_the_messenger_is_one_module_without_imports(client: TestClient) -> None:
    response = client.get("/messenger.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["access-control-allow-origin"] == "*"
    lines = response.text.splitlines()
    assert [line for line in lines if line.startswith(("import ", "export ", "//", "/*"))] == []
    parts = {part.stem for part in (STATIC_FOLDER / "messenger").iterdir()}
    entry = (STATIC_FOLDER / "messenger.js").read_text() + "".join(
        part.read_text() for part in (STATIC_FOLDER / "messenger").iterdir()
    )
    assert {part for part in parts if f"/{part}.js" not in entry} == set()


def test_the_messenger_is_compressed_and_not_sent_twice(client: TestClient) -> None:
    with client.stream("GET", "/messenger.js", headers={"Accept-Encoding": "gzip"}) as response:
        raw = b"".join(response.iter_raw())
    assert gzip.decompress(raw) == messenger_script().body
    plain = client.get("/messenger.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    again = client.get("/messenger.js", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["base.css", "help.css", "mark.svg"])
def test_the_pages_style_sheets_and_icon_are_served(client: TestClient, name: str) -> None:
    response = client.get(f"/messenger/pages/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(
        "text/css" if name.endswith("css") else "image/svg+xml"
    )


@pytest.mark.parametrize("name", ["nothing.css", "..%2fmessenger.js", "..%2f..%2fpages.py"])
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/messenger/pages/{name}").status_code == 404


def test_the_demos_storefront_carries_the_messenger_and_no_inline_script_or_style(
    client: TestClient, runtime: PublicRuntime
) -> None:
    shutil.copytree(DEMO_FOLDER / "storefront", runtime.settings.storefront_folder)
    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    styles = client.get("/storefront/storefront.css")
    assert (styles.status_code, styles.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert 'href="/storefront/storefront.css"' in response.text
    assert '<script type="module" src="/messenger.js"></script>' in response.text
    assert "<firstlast-messenger" in response.text
    assert response.text.count("<script") == 1
    assert "<style" not in response.text
    assert "style=" not in response.text
    assert "unsafe" not in response.headers["content-security-policy"]


def test_a_home_without_a_storefront_shows_its_help_centre_in_the_companys_own_name(
    client: TestClient, runtime: PublicRuntime
) -> None:
    response = client.get("/")
    assert (response.status_code, response.headers["location"]) == (307, "/help")
    assert "Help centre · Our team" in client.get("/help").text
    with runtime.database.session() as session:
        apply_company(session, Company(name="Bolt <& Sons>", tagline="Bolts & nuts for all."))
    assert "<p>Bolts &amp; nuts for all.</p>" in client.get("/help").text
    for path in ("/help", "/nowhere"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert "Bolt &lt;&amp; Sons&gt;" in page, path
        assert "Tuckleaf" not in page
        assert "Our team" not in page


@pytest.mark.parametrize("name", ["index.html", "gone.css", "..%2fsecret.css", "secret", "in%2fer.css"])
def test_of_a_storefront_only_styles_and_pictures_beside_its_page_are_served(
    client: TestClient, runtime: PublicRuntime, name: str
) -> None:
    folder = runtime.settings.storefront_folder
    (folder / "in").mkdir(parents=True)
    for there in ("index.html", "secret", "in/er.css", "../secret.css"):
        (folder / there).write_text("words")
    assert client.get(f"/storefront/{name}").status_code == 404
    (folder / "mark.SVG").write_text("<svg/>")
    assert client.get("/storefront/mark.SVG").headers["content-type"] == "image/svg+xml"


def test_articles_are_listed_by_category(client: TestClient, runtime: PublicRuntime) -> None:
    assert "No articles yet" in client.get("/help").text
    write(runtime, "skip-a-box", "Skip a box", category="deliveries")
    write(runtime, "loose", "Loose end")
    write(runtime, "old", "Old words", category="billing", superseded_by="skip-a-box")
    write(runtime, "gone", "Gone", category="billing", status="retired")
    page = client.get("/help").text
    assert (
        page.index("Deliveries")
        < page.index("Skip a box")
        < page.index("Other questions")
        < page.index("Loose")
    )
    assert "Old words" not in page
    assert "Gone" not in page


def test_an_article_is_rendered_with_links_to_other_articles(
    client: TestClient, runtime: PublicRuntime
) -> None:
    body = "Use **plant food**. See [here](../deliveries/skip-a-box.md)."
    write(runtime, "plant-food", "Plant food", body, category="devices")
    write(runtime, "warranty", "Warranty", category="devices")
    page = client.get("/help/plant-food").text
    assert "<h1>Plant food</h1>" in page
    assert "<strong>plant food</strong>" in page
    assert 'href="/help/skip-a-box"' in page
    assert 'href="/help/warranty"' in page


def test_markup_in_an_article_is_shown_as_text(client: TestClient, runtime: PublicRuntime) -> None:
    write(runtime, "evil", "<script>alert(1)</script>", "<script>alert(2)</script>", category="<b>x</b>")
    page = client.get("/help/evil").text + client.get("/help").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;script&gt;alert(2)" in page
    assert "<b>x" not in page


def test_a_superseded_article_leads_to_its_successor(client: TestClient, runtime: PublicRuntime) -> None:
    write(runtime, "refund-policy-2024", "Old", superseded_by="refund-policy-2025", status="retired")
    write(runtime, "refund-policy-2025", "Older", superseded_by="refund-policy")
    write(runtime, "refund-policy", "Refund policy")
    response = client.get("/help/refund-policy-2024")
    assert (response.status_code, response.headers["location"]) == (307, "/help/refund-policy")


def test_a_file_name_leads_to_the_one_article_in_a_folder(client: TestClient, runtime: PublicRuntime) -> None:
    write(runtime, "deliveries/skip-a-box", "Skip a box")
    assert client.get("/help/skip-a-box").headers["location"] == "/help/deliveries/skip-a-box"
    assert client.get("/help/deliveries/skip-a-box").status_code == 200
    write(runtime, "archive/skip-a-box", "Skip a box")
    assert client.get("/help/skip-a-box").status_code == 404


def test_a_retired_unknown_or_circular_article_is_a_page_saying_so(
    client: TestClient, runtime: PublicRuntime
) -> None:
    write(runtime, "gone", "Gone", status="retired")
    write(runtime, "a", "A", superseded_by="b", status="retired")
    write(runtime, "b", "B", superseded_by="a", status="retired")
    for slug in ("gone", "unknown", "a", "%25", "x" * 400):
        response = client.get(f"/help/{slug}")
        assert response.status_code == 404
        assert "We can't find this page" in response.text


def test_files_of_articles_are_served_for_ever_and_run_nothing(
    runtime: PublicRuntime, client: TestClient
) -> None:
    folder = runtime.settings.files_folder
    folder.mkdir()
    picture, drawing, manual = f"{64 * 'a'}.png", f"{64 * 'b'}.svg", f"{64 * 'c'}.pdf"
    for name in (picture, drawing, manual):
        (folder / name).write_bytes(b"content")

    shown = client.get(f"/files/{picture}")

    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, b"content", "image/png")
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "sandbox" in client.get(f"/files/{drawing}").headers["content-security-policy"]
    assert client.get(f"/files/{manual}").headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["..%2ffirstlast.toml", "a.png", f"{64 * 'd'}.png", f"{64 * 'A'}.png"])
def test_a_name_that_is_no_articles_file_is_not_served(
    runtime: PublicRuntime, client: TestClient, name: str
) -> None:
    runtime.settings.files_folder.mkdir()
    (runtime.settings.files_folder / "a.png").write_bytes(b"x")
    (runtime.settings.home / "firstlast.toml").write_text("secret")
    assert client.get(f"/files/{name}").status_code == 404


def test_a_category_is_shown_in_words() -> None:
    assert category_title("pods-and-plants/mint_tea") == "Pods and plants / Mint tea"
    assert category_title("") == "Other questions"


def test_every_language_has_all_the_words_with_the_same_places_to_fill(client: TestClient) -> None:
    english = (STATIC_FOLDER / "messenger" / "words.js").read_text()
    listed = english[english.index("const ENGLISH") : english.index("const TRANSLATED")]
    names = dict(re.findall(r"^  (\w+): (.*),$", listed, re.MULTILINE))
    assert len(names) > 60
    for path in sorted((STATIC_FOLDER / "words").iterdir()):
        words = client.get(f"/messenger/words/{path.name}").json()
        assert words.keys() == names.keys(), path.name
        for name, said in words.items():
            places = set(re.findall(r"\{\w+\}", names[name]))
            assert (
                set(re.findall(r"\{\w+\}", str(list(said.values()) if isinstance(said, dict) else said)))
                == places
            )
