"""Runs commands as a person at a terminal would, in this process or in one of their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from firstlast import cli

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """The one JSON object on standard output; fails when there is anything else on it."""
        lines = self.stdout.splitlines()
        assert len(lines) == 1, self.stdout + self.stderr
        found = json.loads(lines[0])
        assert isinstance(found, dict)
        return found


class Commands:
    """Runs `firstlast …`; every command gets the home, unless it takes none."""

    def __init__(self, home: Path | None) -> None:
        self.home = home

    def __call__(self, *arguments: object, with_home: bool = True, stdin: str | None = None) -> Outcome:
        home = ["--home", str(self.home)] if self.home and with_home else []
        got = CliRunner().invoke(cli, [*map(str, arguments), *home], input=stdin)
        return Outcome(got.exit_code, got.stdout, got.stderr)

    def in_its_own_process(self, *arguments: object, folder: Path) -> Outcome:
        """As installed: run from a folder that is not the repository's."""
        home = ["--home", str(self.home)] if self.home else []
        command = [sys.executable, "-m", "firstlast", *map(str, arguments), *home]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FIRSTLAST_")}
        got = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=environment, timeout=110, check=False
        )
        return Outcome(got.returncode, got.stdout, got.stderr)
