"""Exporting the knowledge and importing it again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from knowledge.importing.source import read_source
from model.errors import DataError
from serving.articles import repository, service
from serving.db.session import Database
from serving.db.tables import now
from serving.learned_answers import repository as learned_answers
from serving.learned_answers import service as learned_service
from serving.learned_answers.wording import write_cases
from serving.transfer.article_import import import_source
from serving.transfer.export import ExportReport, export_knowledge
from tests.serving.stand import OLD_REFUNDS, PAUSING, REFUNDS, SCHOOLS, Stand
from tests.stores import fresh_postgres_url

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not depend on the kind of store."""


def export(stand: Stand, folder: Path) -> ExportReport:
    with stand.database.reading() as session:
        return export_knowledge(session, folder, files_folder=stand.folder / "files")


def knowledge_of(database: Database) -> tuple[list[object], list[object]]:
    with database.reading() as session:
        articles = [
            (replace(repository.document_of(row), path=""), row.status)
            for row in repository.list_articles(session)
            if row.status == "published" or row.superseded_by
        ]
        answers = [
            (
                row.question,
                row.answer,
                sorted(phrasing.text for phrasing in row.phrasings),
                row.valid_until,
                row.released,
                row.human_only,
                row.approved_at,
                [case.text for case in learned_answers.cases_of(session, row.id) if not case.must_answer],
            )
            for row in learned_answers.find_in_use(session, now())
        ]
    return list(articles), list(answers)


def test_an_export_imported_into_an_empty_home_gives_the_same_knowledge(stand: Stand, tmp_path: Path) -> None:
    stand.load(REFUNDS, PAUSING, OLD_REFUNDS, SCHOOLS)
    odd = replace(
        PAUSING,
        slug="../../etc/passwd",
        title='Wie geht\'s? "Ja": 100 % – 你好',
        body="---\n\n# Not front matter\n\n    code\n\nEnd",
        category="a: b # c",
    )
    stand.load(odd, replace(PAUSING, slug="PAUSING", title="2024"), source="/odd")
    with stand.database.session() as session:
        made = learned_service.create(
            session, question="Q | 1?", answer="Line\n\n- a\n- b", phrasings=["q 一"], released=True
        )
        learned_service.set_valid_until(session, made.id, now() + timedelta(days=1))
        expired = learned_service.create(session, question="Old?", answer="Yes.")
        learned_service.set_valid_until(session, expired.id, now() - timedelta(days=1))

        write_cases(session, made, near_misses=["Q | 2?"])
        made.human_only = True
        made.approved_at = datetime(2025, 3, 1, 12, tzinfo=UTC)
    picture = f"{sha256(b'picture').hexdigest()}.png"
    (stand.folder / "files").mkdir(parents=True)
    (stand.folder / "files" / picture).write_bytes(b"picture")
    long = "Open the settings and choose the plan that you want to have from now on. " * 5
    shown = replace(PAUSING, slug="seen", body=f"{long}\n\n![It](/files/{picture})")
    stand.load(shown, source="/seen")  # nobody said its language, and the import does not notice it

    report = export(stand, tmp_path / "export")

    empty = Database(fresh_postgres_url())
    with empty.session() as session:
        result = read_source(tmp_path / "export")
        assert import_source(session, result, source="export").refusals == []
    assert [(file.name, file.path.read_bytes()) for file in result.attachments] == [(picture, b"picture")]
    assert knowledge_of(empty) == knowledge_of(stand.database)
    assert (report.articles, report.learned_answers, report.attachments) == (6, 2, 1)
    empty.close()


@on_sqlite
def test_the_files_are_named_by_slug_and_stay_inside_the_folder(stand: Stand, tmp_path: Path) -> None:
    for number, slug in enumerate(["../evil", "/etc/evil", "a/../../evil", "CON\\evil", "x" * 250, "a b"]):
        stand.load(replace(PAUSING, slug=slug, body=f"Pause {number} times."), source=f"/source {number}")
    stand.load(REFUNDS)

    report = export(stand, tmp_path / "down" / "export")

    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.md")}
    assert all(path.parts[:2] == ("down", "export") for path in written)
    assert Path("down/export/billing/refunds.md") in written
    assert len(written) == report.articles == 7


@on_sqlite
def test_an_export_again_removes_what_is_retired_and_nothing_else(stand: Stand, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    stand.load(REFUNDS, PAUSING, SCHOOLS)
    export(stand, folder)
    (folder / "mine.md").write_text("My own page.")
    with stand.database.session() as session:
        service.retire(session, "pausing")
        learned_service.retire(session, 1)

    report = export(stand, folder)

    assert report.files == ("billing/refunds.md",)
    assert sorted(path.name for path in folder.rglob("*.*") if not path.name.startswith(".")) == [
        "mine.md",
        "refunds.md",
    ]


@on_sqlite
def test_an_export_never_overwrites_a_file_from_elsewhere(stand: Stand, tmp_path: Path) -> None:
    stand.load(PAUSING)
    (tmp_path / "pausing.md").write_text("The source itself.")

    with pytest.raises(DataError, match=r"pausing\.md exists and is not from an export"):
        export(stand, tmp_path)

    assert (tmp_path / "pausing.md").read_text() == "The source itself."


@on_sqlite
def test_an_export_follows_no_link_out_of_its_folder(stand: Stand, tmp_path: Path) -> None:
    stand.load(REFUNDS)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "billing").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DataError, match="lies outside"):
        export(stand, tmp_path / "export")

    assert list((tmp_path / "elsewhere").iterdir()) == []


@on_sqlite
def test_a_changed_list_of_files_removes_nothing_outside(stand: Stand, tmp_path: Path) -> None:
    (tmp_path / "precious.md").write_text("Precious.")
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / ".firstlast-export.json").write_text(json.dumps(["../precious.md"]))

    with pytest.raises(DataError, match="lies outside"):
        export(stand, tmp_path / "export")

    assert (tmp_path / "precious.md").exists()


@on_sqlite
def test_exporting_nothing_writes_no_page(stand: Stand, tmp_path: Path) -> None:
    assert export(stand, tmp_path / "export") == ExportReport(0, 0, (), 0)
