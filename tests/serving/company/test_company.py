"""Name, teams and intents: applied from a file, changed by API, kept with their history."""

import pytest
from fastapi.testclient import TestClient

from model.types import IntentInfo
from model.understanding.danger import DangerWords
from serving.company import service
from serving.company.accounts import create_api_key
from serving.company.danger import GENERAL_DANGER
from serving.company.file import Company, CompanyDanger, CompanyIntent, CompanyTeam
from serving.company.service import ApplyReport, apply_company, read_stored_company
from serving.hours.written import CompanyCalendar
from serving.runtime.assembly import Runtime
from tests.serving.parts import AgentAtWork, Customer
from tests.serving.rules import RuleResolver

ADMIN_ROUTES = [
    ("PUT", "/v1/company", {"name": "Bolt"}),
    ("PATCH", "/v1/company", {"tagline": "Bolts."}),
    ("GET", "/v1/company/changes", None),
    ("PUT", "/v1/company/danger", {"phrases": ["on fire"]}),
    ("DELETE", "/v1/company/danger", None),
    ("PUT", "/v1/calendars/office", {"time_zone": "UTC"}),
    ("DELETE", "/v1/calendars/office", None),
    ("PUT", "/v1/teams/desk", {"title": "Desk"}),
    ("DELETE", "/v1/teams/desk", None),
    ("PUT", "/v1/intents/lost", {"title": "Lost"}),
    ("DELETE", "/v1/intents/lost", None),
]
NOTHING_SAID = {
    "expected_wait_minutes": None,
    "calendar": None,
    "assignment": "manual",
    "capacity": None,
    "details": [],
}
"""Of a team."""
OFFICE = {
    "time_zone": "Europe/Berlin",
    "hours": {"monday": ["09:00-12:30", "13:30-17:00"]},
    "holidays": ["12-25", "easter+1"],
    "closures": ["2026-08-03 to 2026-08-14"],
}


@pytest.fixture
def admin(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime, "admin")


def company(*, wait: int | None = 10, human_only: bool = False, team: str = "billing") -> Company:
    """The company that the fixtures have stored, and a desk."""
    return Company(
        name="Bolt",
        tagline="Bolts.",
        danger=CompanyDanger.of(GENERAL_DANGER),
        teams=(
            CompanyTeam(name="billing", title="Billing", expected_wait_minutes=wait),
            CompanyTeam(name="desk", title="The desk"),
        ),
        intents=(
            CompanyIntent(name="refund_policy", title="Refund policy", team=team, human_only=human_only),
        ),
    )


def apply(runtime: Runtime, wanted: Company, *, prune: bool = False) -> ApplyReport:
    with runtime.database.session() as session:
        return apply_company(session, wanted, prune=prune)


def stored(runtime: Runtime) -> Company:
    with runtime.database.reading() as session:
        return read_stored_company(session, runtime.settings)


def test_without_a_name_in_the_store_the_setting_stands_for_it(runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        assert service.company_name(session, runtime.settings) == "Our team"
    apply(runtime, company())
    with runtime.database.reading() as session:
        assert service.company_name(session, runtime.settings) == "Bolt"


def test_a_file_adds_and_changes_and_applied_again_changes_nothing(runtime: Runtime) -> None:
    apply(runtime, company())
    assert apply(runtime, company()) == ApplyReport()
    wanted = company(wait=25, human_only=True, team="desk")
    assert apply(runtime, wanted) == ApplyReport(changed=["team billing", "intent refund_policy"])
    assert stored(runtime) == wanted
    assert apply(runtime, wanted) == ApplyReport()


def test_a_moved_intent_goes_to_its_new_team_with_its_wait_from_the_next_message_on(
    runtime: Runtime, resolver: RuleResolver, customer: Customer, admin: AgentAtWork
) -> None:
    apply(runtime, company())
    first, second = customer.start(), customer.start()
    customer.say(first, "a person please")
    runtime.worker.run_once()
    assert (
        "our Billing team; an answer usually takes about 10 minutes" in (customer.messages(first)[-1]["text"])
    )
    apply(runtime, company(team="desk", human_only=True))
    admin.put("/v1/teams/desk", {"title": "Front desk", "expected_wait_minutes": 1})
    customer.say(second, "a person please")
    runtime.worker.run_once()
    assert (
        "our Front desk team; an answer usually takes about 1 minute"
        in (customer.messages(second)[-1]["text"])
    )
    assert admin.get(f"/v1/conversations/{second}").json()["team"] == "desk"
    assert resolver.questions[-1].intents == {"refund_policy": IntentInfo("desk", human_only=True)}
    assert customer.post("/v1/ask", {"question": "a person please"}).status_code == 200
    assert resolver.questions[-1].intents["refund_policy"].human_only


def test_what_is_not_in_the_file_stays_and_is_named(runtime: Runtime) -> None:
    apply(runtime, company())
    left = apply(runtime, Company(name="Bolt", tagline="Bolts."))
    assert left.not_in_file == ["intent refund_policy", "team billing", "team desk"]
    assert (left.added, left.changed, left.removed, left.in_use) == ([], [], [], [])
    assert stored(runtime) == company()


def test_pruning_removes_what_nobody_needs_and_names_the_teams_in_use(
    runtime: Runtime, customer: Customer, client: TestClient
) -> None:
    apply(runtime, company())
    with runtime.database.session() as session:
        service.put_entry(session, CompanyTeam(name="unused", title="Unused"), author="me")
    customer.say(customer.start(), "a person please")
    assert runtime.worker.run_once() >= 1  # hands over to billing
    pruned = apply(runtime, Company(name="Bolt", tagline="Bolts."), prune=True)
    assert {"intent refund_policy", "team unused"} <= set(pruned.removed)
    assert "team billing" in pruned.in_use
    assert pruned.not_in_file == pruned.in_use
    assert [f"team {team.name}" for team in stored(runtime).teams] == pruned.in_use
    assert AgentAtWork(client, runtime).get("/v1/conversations?status=waiting").status_code == 200


def test_the_company_is_changed_and_read_by_api(admin: AgentAtWork, runtime: Runtime) -> None:
    apply(runtime, company())
    body = company(wait=5).model_dump(mode="json")
    report = admin.put("/v1/company", body)
    assert (report.status_code, report.json()["changed"]) == (200, ["team billing"])
    assert admin.get("/v1/company").json() == body
    named = admin.patch("/v1/company", {"name": "Bolt & Sons"}).json()
    assert (named["name"], named["tagline"]) == ("Bolt & Sons", "Bolts.")
    assert admin.put("/v1/teams/night", {"title": "Night", "expected_wait_minutes": 3}).status_code == 201
    assert admin.put("/v1/teams/night", {"title": "Night shift"}).status_code == 200
    assert admin.put("/v1/intents/a/b", {"title": "A", "team": "night"}).status_code == 201
    shown = admin.get("/v1/company").json()
    assert {"name": "night", "title": "Night shift", **NOTHING_SAID} in shown["teams"]
    refused = admin.delete("/v1/teams/night")
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert "(intents: 1)" in refused.json()["detail"]
    assert admin.delete("/v1/intents/a/b").status_code == 204
    assert admin.delete("/v1/teams/night").status_code == 204
    assert admin.delete("/v1/teams/night").status_code == 404
    assert admin.delete("/v1/intents/a/b").status_code == 404


def test_a_file_brings_calendars_and_prunes_those_that_nobody_goes_by(runtime: Runtime) -> None:
    apply(runtime, company(), prune=True)
    office, night = (CompanyCalendar(name=name, **OFFICE) for name in ("office", "night"))
    desk = CompanyTeam(name="desk", title="The desk", calendar="night")
    wanted = company().model_copy(
        update={"calendar": "office", "calendars": (night, office), "teams": (company().teams[0], desk)}
    )
    assert apply(runtime, wanted) == ApplyReport(
        added=["calendar night", "calendar office"], changed=["company", "team desk"]
    )
    assert apply(runtime, wanted) == ApplyReport()
    assert stored(runtime) == wanted
    kept = apply(runtime, company())
    assert kept.changed == ["team desk"]
    assert kept.not_in_file == ["calendar of the company", "calendar night", "calendar office"]
    assert apply(runtime, company(), prune=True).removed == [
        "calendar of the company",
        "calendar night",
        "calendar office",
    ]
    assert stored(runtime) == company()


def test_calendars_are_changed_by_api_and_kept_while_somebody_goes_by_them(
    admin: AgentAtWork, runtime: Runtime
) -> None:
    apply(runtime, company(), prune=True)
    made = admin.put("/v1/calendars/office", OFFICE)
    assert (made.status_code, made.json()) == (201, {"name": "office", **OFFICE})
    assert admin.put("/v1/calendars/office", OFFICE).status_code == 200
    assert admin.patch("/v1/company", {"calendar": "office"}).json()["calendar"] == "office"
    (change,) = admin.get("/v1/company/changes?limit=1").json()["changes"]
    assert (change["subject"], change["before"], change["after"]) == (
        "company",
        {"calendar": None},
        {"calendar": "office"},
    )
    assert admin.put("/v1/teams/desk", {"title": "The desk", "calendar": "office"}).status_code == 200
    refused = admin.delete("/v1/calendars/office")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "calendar 'office' is in use (teams: 1, companies: 1); give them to another calendar first",
    )
    admin.put("/v1/teams/desk", {"title": "The desk"})
    assert admin.patch("/v1/company", {"tagline": "Bolts."}).json()["calendar"] == "office"
    assert admin.patch("/v1/company", {"calendar": None}).json()["calendar"] is None
    assert admin.delete("/v1/calendars/office").status_code == 204
    unknown = admin.patch("/v1/company", {"calendar": "gone"})
    assert (unknown.status_code, "unknown calendar 'gone'" in unknown.json()["detail"]) == (422, True)


def test_the_words_of_danger_are_the_general_ones_until_the_company_has_its_own(
    admin: AgentAtWork, runtime: Runtime, resolver: RuleResolver, customer: Customer
) -> None:
    apply(runtime, company(), prune=True)
    assert stored(runtime).danger == CompanyDanger.of(GENERAL_DANGER)
    own = {"phrases": ["AU  feu", "leak*"], "harmless": ["leaky cauldron"]}
    put = admin.put("/v1/company/danger", own)
    kept = {"phrases": ["au feu", "leak*"], "harmless": ["leaky cauldron"]}
    assert (put.status_code, put.json()) == (200, kept)
    assert admin.get("/v1/company").json()["danger"] == kept
    customer.say(customer.start(), "do you ship?")
    runtime.worker.run_once()
    assert resolver.questions[-1].danger == DangerWords(("au feu", "leak*"), ("leaky cauldron",))
    customer.post("/v1/ask", {"question": "do you ship?"})
    assert resolver.questions[-1].danger.phrases == ("au feu", "leak*")
    (change,) = admin.get("/v1/company/changes?limit=1").json()["changes"]
    assert (change["author"], change["subject"], change["after"]) == (admin.email, "danger", kept)
    assert change["before"]["phrases"] == list(GENERAL_DANGER.phrases)
    assert admin.delete("/v1/company/danger").status_code == 204
    assert stored(runtime).danger == CompanyDanger.of(GENERAL_DANGER)
    with runtime.database.reading() as session:
        assert service.stored_danger(session) == GENERAL_DANGER


def test_a_file_sets_keeps_and_prunes_the_words_of_danger(runtime: Runtime) -> None:
    apply(runtime, company())
    silent = company().model_copy(update={"danger": None})
    own = company().model_copy(update={"danger": CompanyDanger(phrases=())})
    assert apply(runtime, own) == ApplyReport(changed=["danger"])
    assert apply(runtime, own) == ApplyReport()
    assert stored(runtime) == own
    assert apply(runtime, silent) == ApplyReport(not_in_file=["danger"])
    assert stored(runtime) == own
    assert apply(runtime, silent, prune=True).removed[:1] == ["danger"]
    assert stored(runtime).danger == company().danger


def test_every_change_is_kept_with_who_made_it(admin: AgentAtWork, runtime: Runtime) -> None:
    apply(runtime, company())
    admin.put("/v1/teams/desk", {"title": "Front desk", "expected_wait_minutes": 7})
    page = admin.get("/v1/company/changes?limit=1").json()
    (change,) = page["changes"]
    assert (change["author"], change["subject"]) == (admin.email, "team desk")
    assert change["before"] == {"title": "The desk", **NOTHING_SAID}
    assert change["after"] == {"title": "Front desk", **NOTHING_SAID, "expected_wait_minutes": 7}
    before = admin.get(f"/v1/company/changes?limit=500&before={page['next']}").json()
    assert before["changes"][0]["id"] < change["id"]
    assert before["next"] is None
    assert before["changes"][-1]["author"] == "command line"


@pytest.mark.parametrize("role", ["agent", "editor", "engineer"])
def test_agents_read_the_company_and_only_admins_change_it(
    client: TestClient, runtime: Runtime, role: str
) -> None:
    someone = AgentAtWork(client, runtime, role)
    assert someone.get("/v1/company").status_code == 200
    for method, path, body in ADMIN_ROUTES:
        assert client.request(method, path, json=body, headers=someone.headers).status_code == 403, path


def test_customers_and_strangers_see_nothing_of_it(client: TestClient, customer: Customer) -> None:
    for method, path, body in [*ADMIN_ROUTES, ("GET", "/v1/company", None)]:
        assert client.request(method, path, json=body).status_code == 401, path
        assert client.request(method, path, json=body, headers=customer.headers).status_code == 403, path


def test_a_key_reads_and_changes_the_company_as_its_scopes_say(client: TestClient, runtime: Runtime) -> None:
    with runtime.database.session() as session:
        reads = create_api_key(session, name="shop", scopes=["company:read"]).secret
        writes = create_api_key(session, name="rota", scopes=["company:write"]).secret
    reading, writing = ({"Authorization": f"Bearer {secret}"} for secret in (reads, writes))
    assert client.get("/v1/company", headers=reading).status_code == 200
    body = {"title": "Night", "expected_wait_minutes": 90}
    assert client.put("/v1/teams/night", json=body, headers=reading).status_code == 403
    assert client.put("/v1/teams/night", json=body, headers=writing).status_code == 201
    changes = client.get("/v1/company/changes?limit=1", headers=writing).json()["changes"]
    assert changes[0]["author"] == "key rota"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/teams/x", {"title": ""}),
        ("/v1/teams/x", {"title": "X", "expected_wait_minutes": -1}),
        ("/v1/teams/" + 65 * "x", {"title": "X"}),
        ("/v1/teams/x", {"title": "X", "wait": 5}),
        ("/v1/intents/x", {"title": "X", "team": "nowhere"}),
        ("/v1/teams/x", {"title": "X", "calendar": "nowhere"}),
        ("/v1/calendars/x", {"time_zone": "Europe/Berln"}),
        ("/v1/calendars/x", {"time_zone": "UTC", "hours": {"monday": ["17:00-09:00"]}}),
        ("/v1/company", {"name": "B", "calendar": "nowhere"}),
        ("/v1/company/danger", {}),
        ("/v1/company/danger", {"phrases": ["smoke-free"]}),
        ("/v1/company/danger", {"phrases": ["x"] * 501}),
        ("/v1/company/danger", {"phrases": ["fire " * 21]}),
        ("/v1/company", {"name": "B", "intents": [{"name": "x", "title": "X", "team": "nowhere"}]}),
    ],
)
def test_what_cannot_be_is_refused_as_malformed(
    admin: AgentAtWork, path: str, body: dict[str, object]
) -> None:
    refused = admin.put(path, body)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
