"""Who gets in: strangers are sent to sign in, and nobody is sent elsewhere."""

import pytest
from fastapi.testclient import TestClient

from serving.console.routing import local_path
from tests.serving.console.sample import PASSWORD, People


@pytest.mark.parametrize(
    ("path", "login"),
    [
        ("/inbox", "/login?next=%2Finbox"),
        ("/inbox/abc?status=mine", "/login?next=%2Finbox%2Fabc%3Fstatus%3Dmine"),
        ("/proposals", "/login?next=%2Fproposals"),
        ("/learned-answers/1", "/login?next=%2Flearned-answers%2F1"),
        ("/articles", "/login?next=%2Farticles"),
        ("/new-article", "/login?next=%2Fnew-article"),
    ],
)
def test_a_stranger_is_sent_to_sign_in_and_back(anonymous: TestClient, path: str, login: str) -> None:
    response = anonymous.get(path)

    assert response.status_code == 303
    assert response.headers["location"] == login


def test_a_stranger_who_asks_for_a_fragment_is_told_so_instead_of_redirected(anonymous: TestClient) -> None:
    response = anonymous.get("/inbox", headers={"X-Fragment": "conversation-list"})

    assert response.status_code == 401


def test_what_a_stranger_wrote_is_shown_again(anonymous: TestClient) -> None:
    response = anonymous.post("/inbox/abc/messages", data={"text": "Long <b>reply</b>", "nonce": "n"})

    assert response.status_code == 401
    assert "Long &lt;b&gt;reply&lt;/b&gt;</textarea>" in response.text


def test_signing_in_sets_the_cookie_and_leads_to_the_page_asked_for(anonymous: TestClient) -> None:
    fields = {"email": People().agent, "password": PASSWORD, "next": "/proposals?tab=decided"}

    response = anonymous.post("/login", data=fields)

    assert response.status_code == 303
    assert response.headers["location"] == "/proposals?tab=decided"
    assert "HttpOnly" in response.headers["set-cookie"]
    assert anonymous.get("/proposals").status_code == 200


def test_a_wrong_password_is_said_in_the_page_and_the_email_is_kept(anonymous: TestClient) -> None:
    response = anonymous.post("/login", data={"email": People().agent, "password": "wrong"})

    assert response.status_code == 401
    assert "E-mail or password is wrong." in response.text
    assert f'value="{People().agent}"' in response.text
    assert "wrong</" not in response.text.replace("password is wrong", "")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ],
)
def test_no_address_of_another_site_counts_as_a_path_here(elsewhere: str) -> None:
    assert local_path(elsewhere) == "/inbox"


def test_signing_in_never_leads_to_another_site(anonymous: TestClient) -> None:
    fields = {"email": People().agent, "password": PASSWORD, "next": "//evil.example"}

    assert anonymous.post("/login", data=fields).headers["location"] == "/inbox"
    assert 'name="next" value="/inbox"' in anonymous.get("/login?next=//evil.example").text


def test_a_local_path_stays_as_it_is() -> None:
    assert local_path("/inbox/1?status=mine#message-2") == "/inbox/1?status=mine#message-2"


def test_another_site_can_neither_sign_in_nor_out(anonymous: TestClient, agent: TestClient) -> None:
    foreign = {"Origin": "https://evil.example"}
    fields = {"email": People().agent, "password": PASSWORD}

    assert anonymous.post("/login", data=fields, headers=foreign).status_code == 403
    assert agent.post("/logout", headers=foreign).status_code == 403
    assert agent.get("/inbox").status_code == 200


def test_after_signing_out_the_old_cookie_opens_nothing(anonymous: TestClient) -> None:
    anonymous.post("/login", data={"email": People().agent, "password": PASSWORD})
    cookie = anonymous.cookies["firstlast_session"]

    response = anonymous.post("/logout")

    assert response.headers["location"] == "/login"
    old = {"Cookie": f"firstlast_session={cookie}"}
    assert anonymous.get("/inbox", headers=old).headers["location"] == "/login?next=%2Finbox"


def test_pages_allow_no_inline_script_and_no_frame(agent: TestClient) -> None:
    response = agent.get("/inbox")
    policy = response.headers["content-security-policy"]

    assert "script-src 'self';" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script>" not in response.text
    assert "style=" not in response.text
    assert response.headers["cache-control"] == "no-store"


def test_static_files_are_served_and_nothing_beside_them(anonymous: TestClient) -> None:
    assert anonymous.get("/console/static/console.css").headers["content-type"].startswith("text/css")
    assert anonymous.get("/console/static/console.js").headers["cache-control"] == "no-cache"
    assert anonymous.get("/console/static/%2e%2e/pages.py").status_code == 404
    assert anonymous.get("/console").headers["location"] == "/inbox"
