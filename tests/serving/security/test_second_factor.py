"""A second factor stands between a stolen password and an account, and never between an owner and theirs."""

import re
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pyotp
import pytest
import segno
from fastapi.testclient import TestClient

from serving.agents import second_factor
from serving.app import create_app
from serving.db.tables import Agent, now
from serving.runtime.assembly import Runtime
from serving.security import second_factor as codes
from serving.security.browsers import browser_words
from serving.security.principals import SESSION_COOKIE
from tests.serving.parts import PASSWORD, AgentAtWork

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""Of the examples in RFC 6238, whose codes are cut to six digits here."""


STEP = 60_000_000
"""The time step of all that happens here."""


@pytest.fixture(autouse=True)
def _time_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_factor, "time", SimpleNamespace(time=lambda: 30.0 * STEP + 10))


class Phone:
    """An agent with an authenticator app, whose second factor is on."""

    def __init__(self, agent: AgentAtWork) -> None:
        self.agent = agent
        made = agent.post("/v1/agents/me/second-factor", {"password": PASSWORD})
        assert made.status_code == 201, made.text
        self.secret = made.json()["secret"].replace(" ", "")
        confirmed = agent.post("/v1/agents/me/second-factor/confirm", {"code": self.code(-1)})
        assert confirmed.status_code == 200, confirmed.text
        self.recovery_codes = confirmed.json()["recovery_codes"]

    def code(self, steps: int = 0) -> str:
        """The code of this moment, or of so many steps later."""
        return pyotp.TOTP(self.secret).generate_otp(STEP + steps)

    def sign_in(self, code: str = "", password: str = PASSWORD, client: TestClient | None = None) -> int:
        asking = client or self.agent.client
        body = {"email": self.agent.email, "password": password, "code": code}
        status = asking.post("/v1/agents/session", json=body).status_code
        asking.cookies.clear()
        return status


@pytest.fixture
def ada(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime)


@pytest.fixture
def admin(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime, "admin")


@pytest.fixture
def phone(ada: AgentAtWork) -> Phone:
    return Phone(ada)


@pytest.fixture
def stranger(runtime: Runtime) -> TestClient:
    """A browser elsewhere, never seen before."""
    return TestClient(create_app(runtime), client=("203.0.113.77", 50_000), follow_redirects=False)


@pytest.fixture
def everybody_needs_one(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = runtime.settings.model_copy(update={"require_second_factor": True})
    monkeypatch.setattr(runtime, "settings", changed)


@pytest.mark.parametrize(
    ("moment", "code", "step"),
    [
        (59, "287082", 1),  # 94287082 in the RFC
        (1111111109, "081804", 37037036),
        (1111111111, "050471", 37037037),
        (1234567890, "005924", 41152263),
        (20000000000, "353130", 666666666),
        (1111111109, "050471", 37037037),  # the phone is a step ahead
        (1111111111, "081804", 37037036),  # or behind
        (1111111111 + 30, "081804", None),  # two steps are too many
        (1111111109 - 30, "050471", None),
        (59, "287083", None),
        (59, "28708", None),
        (59, "２８７０８２", None),
        (0, "755224", 0),  # the first step of all, from RFC 4226
    ],
)
def test_a_code_holds_for_its_step_and_one_before_and_after(moment: int, code: str, step: int | None) -> None:
    assert codes.matching_step(RFC_SECRET, code, moment=moment) == step


def test_the_longest_names_can_be_scanned_and_say_nothing_but_names() -> None:
    made = codes.for_app(RFC_SECRET, email="a" * 300 + "@b.example", issuer="\N{FIRE}&secret=X:?" * 50)
    assert segno.make(made.uri, error="m", micro=False).version < 40
    told = pyotp.parse_uri(made.uri)
    assert (told.secret, told.issuer) == (RFC_SECRET, ("\N{FIRE}&secret=X:?" * 50)[:40])


def test_a_sealed_secret_is_read_by_its_server_for_its_agent_alone(runtime: Runtime) -> None:
    sealed = codes.seal(runtime.settings, "ada", RFC_SECRET)
    other = runtime.settings.model_copy(update={"secret_key": type(runtime.settings.secret_key)("x" * 40)})
    assert RFC_SECRET not in sealed
    assert codes.unseal(runtime.settings, "ada", sealed) == RFC_SECRET
    assert codes.unseal(runtime.settings, "ben", sealed) is None
    assert codes.unseal(other, "ada", sealed) is None
    assert [codes.unseal(runtime.settings, "ada", broken) for broken in ("", "AAAA", "ä", sealed[:-8])] == [
        None
    ] * 4


def test_the_password_alone_is_told_that_a_code_is_needed_and_opens_nothing(phone: Phone) -> None:
    client, email = phone.agent.client, phone.agent.email
    told = client.post("/v1/agents/session", json={"email": email, "password": PASSWORD})
    assert (told.status_code, told.json()["type"]) == (401, "urn:firstlast:code-needed")
    assert SESSION_COOKIE not in told.cookies
    wrong = client.post(
        "/v1/agents/session", json={"email": email, "password": "wrong", "code": phone.code()}
    )
    assert (wrong.status_code, wrong.json()["type"]) == (401, "about:blank")
    assert wrong.json()["detail"] == "e-mail or password is wrong"
    assert phone.sign_in(phone.code()) == 200


def test_a_code_works_once_and_so_does_any_of_a_step_before_it(phone: Phone) -> None:
    code, next_code = phone.code(), phone.code(1)
    assert [phone.sign_in(next_code), phone.sign_in(next_code), phone.sign_in(code)] == [200, 401, 401]


def test_the_code_that_turned_it_on_does_not_sign_in(ada: AgentAtWork) -> None:
    phone = Phone(ada)
    assert phone.sign_in(phone.code(-1)) == 401


def test_of_many_who_give_a_code_at_once_one_gets_in(phone: Phone, runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        agent = session.get_one(Agent, phone.agent.id)
    code = phone.code()

    def use(_: int) -> bool:
        with runtime.database.session() as session:
            return second_factor.use_code(session, runtime.settings, agent, code)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [False] * 5 + [True]


def test_a_recovery_code_works_once_however_it_is_typed(phone: Phone) -> None:
    first, second = phone.recovery_codes[:2]
    assert re.fullmatch(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}", first)
    assert len(set(phone.recovery_codes)) == 10
    typed = f" {first.upper().replace('-', ' ')} "
    assert [phone.sign_in(typed), phone.sign_in(first), phone.sign_in(second)] == [200, 401, 200]
    assert phone.agent.get("/v1/agents/me/second-factor").json()["recovery_codes_left"] == 8


def test_the_recovery_codes_of_another_open_nothing(
    phone: Phone, client: TestClient, runtime: Runtime
) -> None:
    other = Phone(AgentAtWork(client, runtime))
    assert phone.sign_in(other.recovery_codes[0]) == 401


def test_new_recovery_codes_take_the_place_of_the_old(phone: Phone) -> None:
    made = phone.agent.post("/v1/agents/me/second-factor/recovery-codes", {"password": PASSWORD}).json()
    assert phone.sign_in(phone.recovery_codes[0]) == 401
    assert phone.sign_in(made["recovery_codes"][0]) == 200


def test_codes_are_guessed_as_slowly_as_passwords_and_the_owners_browser_stays_free(
    phone: Phone, stranger: TestClient, runtime: Runtime
) -> None:
    own = TestClient(create_app(runtime), client=("203.0.113.78", 50_000))
    body = {"email": phone.agent.email, "password": PASSWORD, "code": phone.code()}
    assert own.post("/v1/agents/session", json=body).status_code == 200  # the browser is known from here on
    guesses = ["000000", "000001", "000002", "000003", phone.code(1)]
    assert [phone.sign_in(guess, client=stranger) for guess in guesses] == [401, 401, 401, 429, 429]
    for number in range(4):  # strangers who know the password, from everywhere
        elsewhere = TestClient(stranger.app, client=(f"203.0.113.{80 + number}", 50_000))
        for guess in guesses[:3]:
            phone.sign_in(guess, client=elsewhere)
    late = TestClient(stranger.app, client=("203.0.113.99", 50_000))
    assert phone.sign_in("000004", client=late) == 429
    assert own.post("/v1/agents/session", json=body | {"code": phone.code(1)}).status_code == 200


def test_wrong_codes_do_not_use_up_the_attempts_at_the_password(phone: Phone, stranger: TestClient) -> None:
    assert [phone.sign_in("000000", client=stranger) for _ in range(4)] == [401, 401, 401, 429]
    told = stranger.post("/v1/agents/session", json={"email": phone.agent.email, "password": PASSWORD})
    assert (told.status_code, told.json()["type"]) == (401, "urn:firstlast:code-needed")


def test_a_wrong_password_is_told_alike_with_and_without_a_second_factor(
    phone: Phone, client: TestClient, runtime: Runtime
) -> None:
    told = []
    for email in (phone.agent.email, AgentAtWork(client, runtime).email, "nobody@tuckleaf.example"):
        answer = client.post(
            "/v1/agents/session", json={"email": email, "password": "wrong", "code": "123456"}
        )
        told.append((answer.status_code, answer.json(), dict(answer.cookies)))
    assert told[0] == told[1] == told[2]


def test_turning_it_on_or_off_asks_for_the_password_and_counts_attempts(ada: AgentAtWork) -> None:
    begin = [ada.post("/v1/agents/me/second-factor", {"password": "wrong"}).status_code for _ in range(4)]
    assert begin == [422, 422, 422, 429]
    assert not ada.get("/v1/agents/me/second-factor").json()["on"]


def test_it_is_on_only_after_a_code_fits(ada: AgentAtWork, runtime: Runtime) -> None:
    confirm = "/v1/agents/me/second-factor/confirm"
    assert ada.post(confirm, {"code": "123456"}).status_code == 409  # nothing was begun
    secret = ada.post("/v1/agents/me/second-factor", {"password": PASSWORD}).json()["secret"].replace(" ", "")
    assert ada.post(confirm, {"code": "123456"}).status_code == 422
    assert not ada.get("/v1/agents/me").json()["second_factor"]
    with runtime.database.session() as session:
        session.get_one(Agent, ada.id).totp_begun_at = now() - second_factor.timedelta(minutes=16)
    assert ada.post(confirm, {"code": pyotp.TOTP(secret).generate_otp(STEP)}).status_code == 409


def test_turning_it_on_ends_all_other_sessions_and_turning_it_off_forgets_the_codes(
    client: TestClient, ada: AgentAtWork
) -> None:
    body = {"email": ada.email, "password": PASSWORD}
    other = {
        "Cookie": f"{SESSION_COOKIE}={client.post('/v1/agents/session', json=body).cookies[SESSION_COOKIE]}"
    }
    client.cookies.clear()
    assert client.get("/v1/agents/me", headers=other).status_code == 200
    phone = Phone(ada)
    assert client.get("/v1/agents/me", headers=other).status_code == 401
    assert ada.post("/v1/agents/me/second-factor", {"password": PASSWORD}).status_code == 409
    off = ada.post("/v1/agents/me/second-factor/turn-off", {"password": PASSWORD})
    assert off.json() == {"on": False, "since": None, "recovery_codes_left": 0, "required": False}
    assert phone.sign_in() == 200
    again = Phone(ada)
    assert again.sign_in(phone.recovery_codes[0]) == 401


def test_an_admin_resets_the_second_factor_of_another_and_not_their_own(
    phone: Phone, admin: AgentAtWork
) -> None:
    path = f"/v1/agents/{phone.agent.id}/second-factor"
    assert phone.agent.delete(path).status_code == 403
    assert admin.delete(f"/v1/agents/{admin.id}/second-factor").status_code == 409
    assert admin.delete(path).status_code == 204
    assert phone.agent.get("/v1/agents/me").status_code == 401  # whoever has the phone is signed out
    assert phone.sign_in() == 200


def test_another_password_does_not_turn_the_second_factor_off(phone: Phone, admin: AgentAtWork) -> None:
    assert admin.patch(f"/v1/agents/{phone.agent.id}", {"password": "another long one"}).status_code == 200
    assert phone.sign_in(password="another long one") == 401
    assert phone.sign_in(phone.code(), password="another long one") == 200


def test_an_owner_is_let_in_by_a_recovery_code_where_the_servers_key_was_changed(
    phone: Phone, runtime: Runtime
) -> None:
    with runtime.database.session() as session:
        session.get_one(Agent, phone.agent.id).totp_sealed = "made with another key"
    assert [phone.sign_in(phone.code()), phone.sign_in(phone.recovery_codes[0])] == [401, 200]


def test_where_everybody_needs_one_an_agent_without_may_only_set_it_up(
    ada: AgentAtWork, admin: AgentAtWork, everybody_needs_one: None
) -> None:
    told = ada.get("/v1/conversations")
    assert (told.status_code, told.json()["type"]) == (403, "urn:firstlast:second-factor-missing")
    assert admin.get("/v1/audit").status_code == 403
    assert ada.get("/v1/agents/me").status_code == 200
    Phone(ada)
    assert ada.get("/v1/conversations").status_code == 200


def test_every_act_stands_in_the_audit_log_and_no_secret_does(
    client: TestClient, ada: AgentAtWork, admin: AgentAtWork
) -> None:
    phone = Phone(ada)
    assert phone.sign_in("000000") == 401
    assert phone.sign_in(phone.recovery_codes[0]) == 200
    renewed = ada.post("/v1/agents/me/second-factor/recovery-codes", {"password": PASSWORD}).json()
    ada.post("/v1/agents/me/second-factor/turn-off", {"password": PASSWORD})
    Phone(ada)
    admin.delete(f"/v1/agents/{ada.id}/second-factor")
    log = admin.get("/v1/audit?limit=8").json()["entries"]
    assert [(one["who"], one["what"]) for one in log] == [
        (admin.email, "reset the second factor"),
        (ada.email, "turned on the second factor"),
        (ada.email, "turned off the second factor"),
        (ada.email, "made recovery codes"),
        (ada.email, "signed in"),
        (ada.email, "used a recovery code"),
        (ada.email, "gave a wrong code"),
        (ada.email, "turned on the second factor"),
    ]
    everything = str(admin.get("/v1/audit?limit=500").json()) + str(admin.get("/v1/company/changes").json())
    for secret in (phone.secret, *phone.recovery_codes, *renewed["recovery_codes"]):
        assert secret not in everything
    assert "totp" not in str(admin.get("/v1/agents").json())


def test_the_store_holds_no_code_and_no_secret_that_could_be_used(phone: Phone, runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        agent = session.get_one(Agent, phone.agent.id)
        stored = session.connection().exec_driver_sql("SELECT code_hash FROM recovery_codes").scalars().all()
    assert agent.totp_sealed is not None
    assert phone.secret not in agent.totp_sealed
    assert not {code.replace("-", "") for code in phone.recovery_codes} & set(stored)


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_the_form_asks_for_the_code_in_a_second_step_and_leads_on(phone: Phone, stranger: TestClient) -> None:
    form = {"email": phone.agent.email, "password": PASSWORD, "next": "/proposals"}
    page = stranger.post("/login", data=form)
    assert (page.status_code, SESSION_COOKIE in page.cookies) == (200, False)
    fields = fields_of(page.text)
    assert fields["next"] == "/proposals"
    wrong = stranger.post("/login/code", data=fields | {"code": "000000"})
    assert wrong.status_code == 401
    assert "That code is wrong or was used" in wrong.text
    done = stranger.post("/login/code", data=fields_of(wrong.text) | {"code": phone.code()})
    assert (done.status_code, done.headers["location"]) == (303, "/proposals")
    assert stranger.get("/v1/agents/me").json()["email"] == phone.agent.email


def test_the_second_step_takes_no_ticket_but_its_own_and_none_after_a_change(
    phone: Phone, stranger: TestClient, admin: AgentAtWork
) -> None:
    form = {"email": phone.agent.email, "password": PASSWORD}
    fields = fields_of(stranger.post("/login", data=form).text)
    for ticket in ("", phone.agent.cookie, fields["ticket"][:-4], "a.b.c"):
        answer = stranger.post("/login/code", data=fields | {"ticket": ticket, "code": phone.code()})
        assert answer.status_code == 401
    foreign = stranger.post(
        "/login/code", data=fields | {"code": phone.code()}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    elsewhere = stranger.post("/login/code", data=fields | {"code": phone.code(), "next": "//evil.example"})
    assert elsewhere.headers["location"] == "/inbox"
    admin.patch(f"/v1/agents/{phone.agent.id}", {"password": "another long one"})
    late = stranger.post("/login/code", data=fields | {"code": phone.code(1)})
    assert late.status_code == 401
    assert "begin again" in late.text


def test_sessions_tell_where_and_with_what_they_were_begun(phone: Phone, runtime: Runtime) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    browser = TestClient(create_app(runtime), client=("2001:db8:1:2:3::4", 1), headers={"User-Agent": agent})
    body = {"email": phone.agent.email, "password": PASSWORD, "code": phone.code()}
    assert browser.post("/v1/agents/session", json=body).status_code == 200
    newest = browser.get("/v1/agents/me/sessions").json()["sessions"][0]
    assert (newest["address"], newest["browser"], newest["current"]) == (
        "2001:db8:1:2::",
        "Firefox on Linux",
        True,
    )
    assert browser.delete("/v1/agents/me/sessions?keep_current=true").status_code == 204
    assert phone.agent.get("/v1/agents/me").status_code == 401
    assert len(browser.get("/v1/agents/me/sessions").json()["sessions"]) == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120 Safari/537.36 Edg/120", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU like Mac OS X) Version/17.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
        ("A" * 5_000, "A" * 40),
    ],
)
def test_a_browser_is_named_in_words_of_ours_alone(told: str, words: str) -> None:
    assert browser_words(told) == words


@pytest.fixture
def page(stranger: TestClient, ada: AgentAtWork) -> TestClient:
    """Ada's browser on the pages of the console."""
    stranger.post("/login", data={"email": ada.email, "password": PASSWORD})
    return stranger


def test_the_account_page_turns_it_on_and_shows_the_codes_once(page: TestClient) -> None:
    assert "Turn on" in page.get("/account").text
    refused = page.post("/account/second-factor", data={"password": "wrong"})
    assert (refused.status_code, "That is not your password." in refused.text) == (422, True)
    begun = page.post("/account/second-factor", data={"password": PASSWORD})
    assert "<svg" in begun.text
    secret = re.search(r'class="secret">([^<]+)<', begun.text)[1].replace(" ", "")
    wrong = page.post("/account/second-factor/confirm", data={"code": "12 34 56"})
    assert wrong.status_code == 422
    assert secret[:4] in wrong.text
    done = page.post("/account/second-factor/confirm", data={"code": pyotp.TOTP(secret).generate_otp(STEP)})
    shown = re.findall(r"<li>((?:[a-z2-7]{4}-){3}[a-z2-7]{4})</li>", done.text)
    assert len(shown) == 10
    after = page.get("/account").text
    assert "On since" in after
    assert "10 recovery codes left" in after
    assert not any(code in after for code in shown)
    assert secret not in after.replace(" ", "")
    assert begun.headers["cache-control"] == done.headers["cache-control"] == "no-store"


def test_who_must_set_one_up_is_led_to_the_account_page(page: TestClient, everybody_needs_one: None) -> None:
    assert page.get("/inbox").headers["location"] == "/account"
    assert page.post("/inbox/none/close").status_code == 403
    assert "Everybody here needs a second factor" in page.get("/account").text


def test_the_account_page_ends_other_sessions(page: TestClient, ada: AgentAtWork, admin: AgentAtWork) -> None:
    other = re.search(r'action="(/account/sessions/[0-9a-f]{16}/end)"', page.get("/account").text)[1]
    assert page.post(other).headers["location"] == "/account?done=ended"
    assert ada.get("/v1/agents/me").status_code == 401
    assert page.post("/account/sessions/end-others").status_code == 303
    log = admin.get("/v1/audit?limit=2").json()["entries"]
    assert [(one["who"], one["what"]) for one in log] == [
        (ada.email, "ended all sessions"),
        (ada.email, "ended a session"),
    ]
    assert page.get("/account").status_code == 200
