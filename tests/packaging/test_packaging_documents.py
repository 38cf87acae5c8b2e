"""What is there is documented: settings, folders, dependencies."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from serving.settings import Settings

ROOT = Path(__file__).parents[2]
FOLDERS = ("eval", "knowledge", "model", "notebooks", "serving", "tests", "training")


def _documented_settings() -> set[str]:
    section = (ROOT / "serving" / "README.md").read_text(encoding="utf-8").partition("\n## Settings\n")[2]
    table = section.partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert _documented_settings() == set(Settings.model_fields)


@pytest.mark.parametrize("folder", [".", *FOLDERS])
def test_every_folder_has_a_readme_with_words(folder: str) -> None:
    readme = ROOT / folder / "README.md"
    assert readme.is_file()
    assert len(readme.read_text(encoding="utf-8").split()) >= 40


@pytest.mark.parametrize("readme", [*sorted(ROOT.glob("[!.]*/README.md")), ROOT / "README.md"], ids=str)
def test_files_that_a_readme_links_to_exist(readme: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", readme.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith(("/", "mailto:"))]
    assert [link for link in local if not (readme.parent / link).exists()] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_that_a_readme_names_in_its_tables_exist(folder: str) -> None:
    """First cells such as `` `db/tables.py` ``; names without a suffix or slash are no files."""
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`([\w./-]+(?:\.\w+|/))`", cell)}
    assert {name for name in named if not (ROOT / folder / name).exists()} == set()


def test_every_dependency_is_constrained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=! ;]", one)[0].lower().replace("_", "-") for one in wanted}
    constrained = {
        line.split("==")[0].strip().lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    assert names - constrained == set()


def test_every_library_that_is_imported_is_a_dependency() -> None:
    """By the name it is imported under, for those whose package is called otherwise."""
    other_names = {
        "argon2": "argon2-cffi",
        "bs4": "beautifulsoup4",
        "faiss": "faiss-cpu",
        "fastapi_offline": "fastapi-offline",
        "frontmatter": "python-frontmatter",
        "jwt": "pyjwt",
        "markdown_it": "markdown-it-py",
        "prometheus_client": "prometheus-client",
        "pydantic_settings": "pydantic-settings",
        "sentence_transformers": "sentence-transformers",
        "sklearn": "scikit-learn",
        "Stemmer": "pystemmer",
        "yaml": "pyyaml",
    }
    come_along = {"anyio", "click", "markupsafe", "pydantic", "starlette"}  # with FastAPI, Jinja, Typer
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[<>=! ;]", one)[0].lower() for one in project["dependencies"]}
    packages = ("eval", "knowledge", "model", "serving", "training")
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    imported = {
        name
        for path in (*files, ROOT / "firstlast.py")
        for name in re.findall(
            r"(?m)^\s*(?:from|import) (\w+)[\w.]*(?: import |$| as )", path.read_text("utf-8")
        )
    }
    foreign = imported - set(sys.stdlib_module_names) - set(packages) - come_along - {"firstlast"}
    assert {name for name in foreign if other_names.get(name, name).lower() not in declared} == set()
