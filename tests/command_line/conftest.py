"""Homes to run commands on."""

import shutil
from pathlib import Path

import pytest

from tests.command_line.parts import Commands


@pytest.fixture
def firstlast(tmp_path: Path) -> Commands:
    """Commands on a home that does not exist yet."""
    return Commands(tmp_path / "home")


@pytest.fixture(scope="module")
def in_demo_home(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands on a home of the sample company, shared by the tests of a file."""
    home = tmp_path_factory.mktemp("demo") / "home"
    shutil.copytree(trained_home, home, ignore=shutil.ignore_patterns("encoder", "mlruns"))
    (home / "models" / "encoder").symlink_to(trained_home / "models" / "encoder")
    return Commands(home)
