"""Makes sure that a browser for the tests is there: an installed one, Playwright's, or Debian's."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Path of an installed Chromium or Chrome, else of Playwright's own, else `None`."""
    given = os.environ.get("TEST_BROWSER")
    if given:
        return given if shutil.which(given) else None
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def _install() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if find() is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=False
        )


def main() -> int:
    """Find or install a browser; 1 with words about what to do when there is none."""
    if find() is None:
        _install()
    path = find()
    if path is None:
        print(
            "no browser for the tests: install Chromium or Chrome (Debian: apt-get install chromium), "
            "or set TEST_BROWSER to its path",
            file=sys.stderr,
        )
        return 1
    print(f"browser: {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
