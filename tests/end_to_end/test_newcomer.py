"""A business of its own, without the demo: from an empty folder to the agent who sees a customer waiting."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from knowledge import DEMO_FOLDER, GENERAL_FOLDER
from tests.end_to_end.server_process import ServerProcess

pytestmark = pytest.mark.timeout(1500)  # a model set is trained

COMPANY = """\
name = "Bolt & Sons"

[[teams]]
name = "money"
title = "Money matters"
expected_wait_minutes = 7

[[teams]]
name = "parcels"
title = "Parcels"

[[intents]]
name = "refund_request"
title = "Wants money back"
team = "money"
human_only = true

[[intents]]
name = "invoice_request"
title = "Invoices"
team = "money"

[[intents]]
name = "track_order"
title = "Where the box is"
team = "parcels"
"""
INTENTS = ("refund_request", "invoice_request", "track_order")
GENERAL_FILES = (
    *("training/sentiment.jsonl", "training/wants_person.jsonl", "training/mood.jsonl"),
    *("training/follow_ups.jsonl", "training/out_of_scope.jsonl"),
    *("calibration/moods.jsonl", "calibration/dialogues.jsonl", "calibration/taught.jsonl"),
)
ASKED = "I want my money back for this order"
HANDED_OVER = (
    "This is something a person should look after. I am handing you over to our Money matters team; "
    "an answer usually takes about 7 minutes."
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company folder: three intents, a few questions, two folders of articles.

    Of the general data, on which the sample company is trained whole, it has a twelfth.
    """
    folder = tmp_path_factory.mktemp("bolt")
    (folder / "company.toml").write_text(COMPANY)
    for name in ("billing", "deliveries"):
        shutil.copytree(DEMO_FOLDER / "articles" / name, folder / "articles" / name)
    known = {path.stem for path in (folder / "articles").rglob("*.md")}
    texts, asked = "training/intents.jsonl", "calibration/questions.jsonl"
    write(folder / texts, [row for row in rows_of(DEMO_FOLDER / texts) if row["label"] in INTENTS])
    questions = [row for row in rows_of(DEMO_FOLDER / asked) if set(row["articles"]) <= known]
    own = [row for row in questions if row["intent"] in INTENTS]
    others = [row for row in questions if row["intent"] is None][:60]
    write(folder / asked, own + others)
    for name in GENERAL_FILES:
        write(folder / name, rows_of(GENERAL_FOLDER / name)[::12])
    return folder


@pytest.fixture(scope="module")
def home(folder: Path, encoder_folder: Path) -> Path:
    """What the newcomer's commands make of an empty folder."""
    home = folder.parent / "newcomers-home"
    (home / "models").mkdir(parents=True)
    shutil.copytree(encoder_folder, home / "models" / "encoder")  # exporting it takes a while
    applied = firstlast(home, "company", "apply", folder / "company.toml")
    assert applied["added"][:2] == ["team money", "team parcels"]
    imported = firstlast(home, "import", folder / "articles", "--by-file-name", "--no-index")
    assert (imported["refused"], imported["added"] > 20) == ([], True)
    assert firstlast(home, "train", "heads", "--data", folder)["in_service"]
    assert firstlast(home, "init")["home"] == str(home)
    return home


@pytest.fixture(scope="module")
def shop_key(home: Path) -> str:
    key: str = firstlast(home, "keys", "add", "shop", "--scope", "ask,company:read")["key"]
    return key


@pytest.fixture(scope="module")
def agent(home: Path) -> dict[str, Any]:
    return firstlast(home, "agents", "add", "ada@bolt.example", "--team", "money", "--name", "Ada Bolt")


@pytest.fixture(scope="module")
def server(home: Path, shop_key: str, agent: dict[str, Any]) -> Iterator[ServerProcess]:
    """The home's first server; shop and agent have their keys."""
    server = ServerProcess(home)
    server.start()
    yield server
    server.stop()


def test_the_first_start_tells_of_its_index_and_of_nothing_that_looks_like_a_fault(
    server: ServerProcess,
) -> None:
    said = server.said()
    assert said.index("listening at http://") < said.index("is ready at http://")
    assert "index_building" in said
    assert not [line for line in said.splitlines() if "warning" in line or "error" in line]


def test_a_message_lands_at_the_right_team_and_its_agent_sees_it_waiting(
    server: ServerProcess,
    shop_key: str,
    agent: dict[str, Any],
    new_profile: Callable[[], BrowserContext],
) -> None:
    with httpx.Client(base_url=server.address, timeout=30) as shop:
        shop.headers["Authorization"] = f"Bearer {shop_key}"
        teams = {team["name"]: team for team in shop.get("/v1/company").json()["teams"]}
        asked = shop.post("/v1/ask", json={"question": ASKED}).json()
        assert (asked["decision"], asked["intent"]) == ("handoff", "refund_request")
        assert teams[asked["team"]]["expected_wait_minutes"] == 7
    with httpx.Client(base_url=server.address, timeout=30) as customer:
        token = customer.post("/v1/customers/token").json()["token"]
        customer.headers["Authorization"] = f"Bearer {token}"
        started = customer.post("/v1/conversations", json={"client_id": "c1"})
        path = f"/v1/conversations/{started.json()['id']}"
        customer.post(f"{path}/messages", json={"client_id": "m1", "text": ASKED}).raise_for_status()
        said = wait_for_answer(customer, path)
        assert said["text"] == HANDED_OVER
        assert said["payload"]["expected_wait_minutes"] == 7
        front = customer.get("/", headers={"Accept": "text/html"}, follow_redirects=True)
        assert front.url.path == "/help"
        assert "Help centre · Bolt &amp; Sons" in front.text

    page = new_profile().new_page()
    page.goto(f"{server.address}/inbox")
    page.get_by_label("E-mail").fill(agent["email"])
    page.get_by_label("Password").fill(agent["password"])
    page.get_by_role("button", name="Sign in").click()
    row = page.locator(".row").filter(has_text="Money matters")
    expect(row).to_contain_text("Unanswered")
    expect(row.locator("time")).to_be_visible()  # how long the customer has waited
    row.get_by_role("link").click()
    details = page.get_by_role("complementary", name="About this conversation")
    expect(details).to_contain_text("Wants money back")
    expect(details).to_contain_text("Money matters")
    expect(page.locator(".thread")).to_contain_text(HANDED_OVER)


def wait_for_answer(customer: httpx.Client, path: str) -> dict[str, Any]:
    """The bot's first message."""
    for _ in range(600):
        for message in customer.get(f"{path}/messages").json()["messages"]:
            if message["author"] == "bot":
                return dict(message)
        time.sleep(0.1)
    raise AssertionError("the bot never answered")


def firstlast(home: Path, *arguments: object) -> dict[str, Any]:
    """Run a command on the home as installed; its JSON line."""
    command = [sys.executable, "-m", "firstlast", *map(str, arguments), "--home", str(home), "--json"]
    got = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    assert got.returncode == 0, got.stdout + got.stderr
    return dict(json.loads(got.stdout.splitlines()[-1]))


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
