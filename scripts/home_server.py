"""Runs the server on a copy of a home, so that what a script does there changes nothing."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def copied(home: Path) -> Iterator[Path]:
    """A copy of the home, without the records of training, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copytree(home, Path(folder) / "home", ignore=shutil.ignore_patterns("mlruns")))


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of a server of this home that is ready."""
    command = [sys.executable, "-m", "firstlast", "serve", "--home", str(home), "--port", "0"]
    log = home / "serve.log"
    with open(log, "w") as lines, subprocess.Popen(command, stderr=lines, text=True) as process:
        try:
            yield _announced(process, log)
        finally:
            process.kill()


def _announced(process: "subprocess.Popen[str]", log: Path) -> str:
    while process.poll() is None:
        if announced := re.search(r"is ready at (http://\S+)", log.read_text()):
            return announced[1]
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    raise SystemExit(f"the server ended before it was ready:\n{log.read_text()}")
