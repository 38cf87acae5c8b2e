"""Documents agree with what is there: settings, folders, links, decisions, version, dependencies."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from serving.settings import Settings

ROOT = Path(__file__).parents[2]
FOLDERS = ("eval", "knowledge", "model", "notebooks", "serving", "tests", "training")
DOCUMENTS = sorted(
    path for path in (*ROOT.glob("*.md"), *ROOT.glob("[!.]*/**/*.md")) if "demo" not in path.parts
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


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


def _anchors(document: Path) -> set[str]:
    """The headings of a document as links name them: lower case, hyphens for spaces, no other marks."""
    headings = re.findall(r"(?m)^#+ (.+)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_headings_that_a_document_links_to_exist(document: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" in link or link.startswith(("/", "mailto:")):
            continue
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (heading and heading not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_decisions_are_numbered_without_gaps_and_each_has_its_line_in_the_index() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert re.findall(r"(?m)^- \[\d{4}\]\((.+?)\) ", index) == [path.name for path in DECISIONS]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.name)
def test_a_decision_tells_its_context_what_was_measured_and_what_was_rejected(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    assert re.match(rf"# {decision.name[:4]}\. .+\n\n\d{{4}}-\d{{2}}-\d{{2}}", text)
    sections = ["Context", "Decision", "Measurements", "Rejected"]
    assert re.findall(r"(?m)^## (.+)$", text) == sections


def test_the_newest_release_in_the_changelog_is_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert headings[0] == "Unreleased"
    assert headings[1].split(" - ")[0] == project["version"]


@pytest.mark.parametrize("folder", ["eval", "knowledge", "model", "serving", "training"])
def test_a_readme_names_every_folder_of_code_in_its_table(folder: str) -> None:
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`(\w+)/`", cell)}
    assert {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")} - named == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_that_a_readme_names_in_its_tables_exist(folder: str) -> None:
    """First cells such as `` `db/tables.py` ``; names without a suffix or slash are no files."""
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`([\w./-]+(?:\.\w+|/))`", cell)}
    assert {name for name in named if not (ROOT / folder / name).exists()} == set()


def test_every_test_that_the_page_on_security_names_exists_and_every_threat_names_one() -> None:
    threats = [
        line for line in (ROOT / "SECURITY.md").read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    named = [re.findall(r"`(test_\w+)`", line) for line in threats[1:]]
    assert [line for line, names in zip(threats[1:], named, strict=True) if not names] == []
    code = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    tests = {name for text in code for name in re.findall(r"(?m)^def (test_\w+)\(", text)}
    assert {name for names in named for name in names} - tests == set()


def test_the_source_distribution_holds_what_its_tests_read() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    included = {name.removeprefix("/") for name in tool["hatch"]["build"]["targets"]["sdist"]["include"]}
    read = {path.name for path in ROOT.glob("*.md")} | {*FOLDERS, "docs", "scripts", "constraints.txt"}
    assert read - included == set()


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
        "charset_normalizer": "charset-normalizer",
        "faiss": "faiss-cpu",
        "fastapi_offline": "fastapi-offline",
        "huggingface_hub": "huggingface-hub",
        "jwt": "pyjwt",
        "markdown_it": "markdown-it-py",
        "pdfminer": "pdfminer.six",
        "prometheus_client": "prometheus-client",
        "pydantic_settings": "pydantic-settings",
        "sentence_transformers": "sentence-transformers",
        "sklearn": "scikit-learn",
        "Stemmer": "pystemmer",
        "stdnum": "python-stdnum",
        "yaml": "pyyaml",
    }
    come_along = {"anyio", "click", "markupsafe", "starlette"}  # with FastAPI, Jinja, Typer
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
