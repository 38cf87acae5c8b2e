"""Runs what a change must pass: format, lint, types, import direction, tests; stops at the first failure.

Types and import direction are checked while the tests run, and what they say is shown when they end: one
after the other they would leave a processor idle.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

BIN = Path(sys.executable).parent
Named = tuple[str, Sequence[str | Path]]
"""A check's name and command."""

FIRST: tuple[Named, ...] = (
    ("format", [BIN / "ruff", "format", "--check", "."]),
    ("lint", [BIN / "ruff", "check", "."]),
)
"""Done in a moment, one after the other."""
ASIDE: tuple[Named, ...] = (
    ("types", [BIN / "mypy"]),
    ("import direction", [BIN / "lint-imports"]),
)
TESTS: Named = (
    "tests",
    [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"],
)
_ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
"""Two processes of tests on two processors: more threads in either would only wait for each other."""
_LOOK_SECONDS = 0.2


@dataclass(slots=True)
class Check:
    """A check that was started; it writes to the terminal, or to a file that is shown when it has ended."""

    name: str
    command: Sequence[str | Path]
    aside: bool = False
    _output: IO[bytes] | None = None
    _started: float = field(default_factory=time.perf_counter)
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> "Check":
        """Run it."""
        if self.aside:
            self._output = tempfile.TemporaryFile()  # noqa: SIM115  # read when the process has ended
        else:
            print(f"== {self.name}", flush=True)
        self._process = subprocess.Popen(
            [str(part) for part in self.command],
            env=_ENVIRONMENT,
            stdout=self._output,
            stderr=subprocess.STDOUT if self.aside else None,
        )
        return self

    def status(self) -> int | None:
        """Its exit status, once it has ended."""
        assert self._process is not None
        return self._process.poll()

    def tell(self) -> None:
        """Show what it said aside, and how long it took."""
        if self._output is not None:
            self._output.seek(0)
            said = self._output.read().decode(errors="replace")
            print(f"\n== {self.name}\n{said}", end="", flush=True)
        print(f"== {self.name}: {time.perf_counter() - self._started:.0f} s", flush=True)

    def stop(self) -> None:
        """End it, if it has not ended."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait()


def main() -> int:
    """The exit status of the first check that fails, else 0."""
    for name, command in FIRST:
        if status := _first_failure([Check(name, command).start()]):
            return status
    tests = Check(*TESTS).start()
    return _first_failure([*(Check(name, command, aside=True).start() for name, command in ASIDE), tests])


def _first_failure(running: list[Check]) -> int:
    """Wait for the checks; 0 when all passed. The others end with the first that fails."""
    try:
        while running:
            for check in [check for check in running if check.status() is not None]:
                check.tell()
                running.remove(check)
                if status := check.status():
                    return status
            time.sleep(_LOOK_SECONDS)
    finally:
        for check in running:
            check.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
