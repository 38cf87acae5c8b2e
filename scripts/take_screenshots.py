"""Takes the README's pictures: runs the server on a copy of a home, plays a customer and an agent."""

import argparse
from pathlib import Path

from find_browser import find
from home_server import copied, served
from playwright.sync_api import Browser, Page, expect, sync_playwright

DOCS = Path(__file__).parent.parent / "docs"
KNOWN = "How long does a refund take?"
UNKNOWN = "Do you have an affiliate programme for bloggers?"
REPLY = (
    "Hi there,\n\nYes, we do. You earn 8 % of every first box that is bought through your link. "
    "To join, fill in the form at the bottom of our home page.\n\nBest regards,\nTheo"
)


def main() -> int:
    """0 when both pictures are in docs/; make the home with `firstlast demo --prepare-only`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--home", type=Path, required=True, help="A home of the sample company; it stays as it is."
    )
    home: Path = parser.parse_args().home
    logins = home / "demo-logins.txt"
    if not logins.exists():
        print(f"{home} is no home of the sample company; run: firstlast demo --home {home} --prepare-only")
        return 2
    login = next(line.split() for line in logins.read_text().splitlines() if line.endswith(" agent"))
    with copied(home) as copy, served(copy) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox", "--disable-gpu"])
        _messenger(browser, address)
        _inbox(browser, address, email=login[0], password=login[1])
        browser.close()
    return 0


def _messenger(browser: Browser, address: str) -> None:
    page = _customer(browser, address)
    _ask(page, KNOWN)
    expect(page.get_by_role("list", name="Sources")).to_be_visible()
    expect(page.get_by_role("button", name="That helped")).to_be_visible()
    _save(page, "messenger.png")


def _inbox(browser: Browser, address: str, *, email: str, password: str) -> None:
    customer = _customer(browser, address)
    _ask(customer, UNKNOWN)
    page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 860})
    page.goto("/inbox")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".row").filter(has_text=UNKNOWN).get_by_role("link").click()
    page.get_by_label("Your reply to").fill(REPLY)
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_in_viewport()
    _save(page, "inbox.png")


def _customer(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(address)
    page.get_by_role("button", name="Open the chat").click()
    return page


def _ask(page: Page, question: str) -> None:
    page.get_by_label("Your message").fill(question)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".log .bot")).to_have_count(1, timeout=20_000)


def _save(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # transitions end
    DOCS.mkdir(exist_ok=True)
    page.screenshot(path=DOCS / name)
    print(f"{DOCS / name}: {(DOCS / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    raise SystemExit(main())
