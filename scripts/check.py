"""Runs what a change must pass: format, lint, types, import direction, tests; stops at the first failure."""

import os
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS = (
    ("format", [BIN / "ruff", "format", "--check", "."]),
    ("lint", [BIN / "ruff", "check", "."]),
    ("types", [BIN / "mypy"]),
    ("import direction", [BIN / "lint-imports"]),
    ("tests", [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]),
)
_ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
"""Two processes of tests on two processors: more threads in either would only wait for each other."""


def main() -> int:
    """The exit status of the first check that fails, else 0."""
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        started = time.perf_counter()
        status = subprocess.run([str(part) for part in command], env=_ENVIRONMENT, check=False).returncode
        print(f"== {name}: {time.perf_counter() - started:.0f} s", flush=True)
        if status:
            return status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
