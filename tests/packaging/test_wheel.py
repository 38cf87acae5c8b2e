"""The wheel holds everything that runs, and runs outside the repository."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("eval", "knowledge", "model", "serving", "training")
SOURCES = (*PACKAGES, "firstlast.py", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that the repository stays clean."""
    return _built(tmp_path_factory.mktemp("wheel"))


def _built(folder: Path) -> Path:
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / "source").mkdir(exist_ok=True)
            shutil.copy(source, folder / "source" / name)
    _run(
        ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(folder / "source")], folder
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder with the wheel's packages, its dependencies left to this environment."""
    target = wheel.parent / "installed"
    _run(
        ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)],
        wheel.parent,
    )
    return target


def _run(arguments: list[str], folder: Path, **environment: str) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("FIRSTLAST_", "PYTHON"))}
    got = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert got.returncode == 0, got.stdout + got.stderr
    return got.stdout


def _tracked_files(package: str) -> set[str]:
    """What is in the package's folder, apart from what Python leaves there."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_in_the_wheel(wheel: Path, package: str) -> None:
    assert _tracked_files(package) - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.mark.parametrize(
    "needed",
    [
        "firstlast.py",
        "serving/messenger/static/messenger.js",
        "serving/messenger/templates/base.html",
        "serving/console/templates/",
        "serving/console/static/",
        "serving/db/migrations/env.py",
        "serving/db/migrations/versions/0001_first_tables.py",
        "knowledge/demo/company.toml",
        "knowledge/demo/articles/",
        "knowledge/demo/training/intents.jsonl",
        "knowledge/demo/calibration/questions.jsonl",
        "knowledge/demo/test/questions.jsonl",
        "knowledge/demo/learned_answers.jsonl",
        "knowledge/demo/storefront/index.html",
        "knowledge/general/articles.jsonl",
        "knowledge/general/training/sentiment.jsonl",
    ],
)
def test_what_is_not_python_is_in_the_wheel_too(wheel: Path, needed: str) -> None:
    assert any(name.startswith(needed) for name in zipfile.ZipFile(wheel).namelist())


def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {*PACKAGES, "firstlast.py", "firstlast-0.2.0.dist-info"}


def test_the_same_sources_give_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    again = _built(tmp_path)  # from copies that are newer, in another folder
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 2_000_000


def test_the_installed_wheel_runs_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    path = str(installed)
    assert _run(["-P", "-m", "firstlast", "--version"], tmp_path, PYTHONPATH=path) == "0.2.0\n"
    script = (
        "import firstlast, serving.messenger.pages, serving.app, knowledge; "
        "from serving.company.file import read_company; "
        "print(firstlast.__file__, knowledge.__file__, sep='\\n'); "
        "print(len(read_company(knowledge.DEMO_FOLDER).teams))"
    )
    shown = _run(["-P", "-c", script], tmp_path, PYTHONPATH=path).splitlines()
    assert shown == [str(installed / "firstlast.py"), str(installed / "knowledge" / "__init__.py"), "5"]


def test_the_installed_wheel_makes_a_store(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "pump.md").write_text("# The pump is loud\n\nFill the tank up to the line.\n")
    shown = _run(
        ["-P", "-m", "firstlast", "import", "pump.md", "--home", "home", "--json"],
        tmp_path,
        PYTHONPATH=str(installed),
    )
    assert '"added": 1' in shown
    assert (tmp_path / "home" / "firstlast.db").is_file()
