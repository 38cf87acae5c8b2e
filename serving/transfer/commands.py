"""The commands that bring knowledge in and out: import, sources, export."""

import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from serving.command_line import (
    FAILED,
    HomeOption,
    JsonOption,
    emit,
    friendly_errors,
    messages,
    opened_store,
    progress_bar,
)

if TYPE_CHECKING:
    from knowledge.documents import ImportResult
    from knowledge.importing.web.crawl import CrawlReport
    from serving.settings import Settings
    from serving.transfer.report import ImportReport

app = typer.Typer()
sources_app = typer.Typer(no_args_is_help=True, help="Look after the sources of imported knowledge.")

_SHOWN_LINES = 100


@app.command("import")
def import_knowledge(
    path: Annotated[
        str,
        typer.Argument(help="A help centre's folder, a zip archive, one file, or its address on the web."),
    ],
    source: Annotated[
        str,
        typer.Option(help="Name of the source, the same at every import; by default PATH's last part."),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Import without asking, even where much would be retired.")
    ] = False,
    by_file_name: Annotated[
        bool,
        typer.Option(
            "--by-file-name",
            help="Name articles by their file without its folders, as labelled questions name them.",
        ),
    ] = False,
    index: Annotated[
        bool,
        typer.Option(
            help="Index what changed at once. A running server does so itself, within a second of the import."
        ),
    ] = True,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import the knowledge in PATH; importing again applies only what changed.

    Each source is kept by its name: what is gone from it is retired, and other sources stay as they are. What
    is not imported is said: drafts and other things that are not for customers, files of unknown kinds, and
    what is missing in the texts.

    \b
      .md .markdown .mdx      pages of Docusaurus, Hugo, MkDocs, Jekyll,
                              Mintlify, GitBook, VitePress
      .html .htm              pages, without the site around them
      .json                   exports of Zendesk, Intercom, Freshdesk,
                              Help Scout, Crisp; lists of rows
      .csv .tsv .xlsx .jsonl  rows with question and answer, or title and body
      .docx .pdf .rst .txt    documents
      .zip                    any of these, as Notion exports them too
      https://…               the pages of a help centre, fetched into the home

    Files of other kinds in a folder are passed over, and counted.
    """
    from knowledge.importing.source import reading
    from serving.settings import Settings

    with friendly_errors():
        settings = Settings.load(home)
        folder, name = _fetched(path, settings) if _is_address(path) else (Path(path), "")
    name = source or name or folder.resolve().name or str(folder.resolve())
    with friendly_errors(), ExitStack() as opened:
        with progress_bar("reading files") as show:
            result = opened.enter_context(reading(folder, flat_slugs=by_file_name, progress=show))
        report = _stored(result, home, source=name, yes=yes)
        passages = _indexed(settings) if index else None
    emit({"source": name, **report.as_json(), "passages": passages}, as_json=as_json, text=report.summary)
    if report.refusals:
        raise typer.Exit(FAILED)


@sources_app.command("list")
def list_sources(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the sources that were imported, with what each has in use."""
    from serving.transfer import sources

    with opened_store(home) as (session, _):
        found = sources.list_sources(session)
    rows = [
        {**asdict(one), "imported_at": one.imported_at.isoformat() if one.imported_at else None}
        for one in found
    ]
    lines = [
        f"{one.name}: {one.articles} articles and {one.learned_answers} learned answers in use"
        + (f", last imported {one.imported_at:%Y-%m-%d %H:%M} UTC" if one.imported_at else "")
        for one in found
    ]
    emit(
        {"sources": rows},
        as_json=as_json,
        text=lambda: "\n".join(lines) or "nothing was imported yet; firstlast import FOLDER",
    )


@sources_app.command("retire")
def retire_source(
    name: Annotated[str, typer.Argument(help="Its name, from `sources list`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Retire it without asking.")] = False,
    index: Annotated[
        bool, typer.Option(help="Index what is left at once. A running server does so itself.")
    ] = True,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo an import: retire what one source brought. Importing it again brings that back."""
    from serving.transfer import sources

    with opened_store(home) as (session, _):
        found = sources.find_source(session, name)
    if not yes:
        _confirm(
            f"{found.articles} articles and {found.learned_answers} learned answers of {name!r} would be "
            "retired",
            nothing="nothing is retired yet",
            remedy="to retire them: --yes",
            question="Retire them?",
        )
    with opened_store(home) as (session, settings):
        report = sources.retire_source(session, name)
    passages = _indexed(settings) if index else None
    emit(
        {"source": name, "retired": len(report.retired), "passages": passages},
        as_json=as_json,
        text=lambda: f"retired {len(report.retired)} articles and answers of {name!r}",
    )


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write the articles and learned answers.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write articles as Markdown and learned answers as JSONL; importing them gives the same knowledge."""
    from serving.transfer.export import export_knowledge

    with opened_store(home) as (session, settings):
        report = export_knowledge(session, folder, files_folder=settings.files_folder)
    emit(
        {
            "folder": str(folder),
            "articles": report.articles,
            "learned_answers": report.learned_answers,
            "attachments": report.attachments,
        },
        as_json=as_json,
    )


def _stored(result: "ImportResult", home: Path | None, *, source: str, yes: bool) -> "ImportReport":
    """Bring the home's store to what was read, once a person says so where there is doubt."""
    from serving.transfer.article_import import import_source, keep_attachments

    def store() -> "ImportReport":
        with opened_store(home) as (session, settings), progress_bar("storing articles") as show:
            keep_attachments(result.attachments, settings.files_folder)
            report = import_source(session, result, source=source, progress=show)
            if report.doubt and not yes:
                session.rollback()
        return report

    report = store()
    if report.doubt and not yes:
        _tell(report.left_out_lines())
        _confirm(
            report.doubt,
            nothing="nothing is imported yet",
            remedy="see that PATH and --source are right, or import with --yes",
            question="Import it all the same?",
        )
        yes = True
        return store()
    _tell(report.left_out_lines())
    return report


def _indexed(settings: "Settings") -> int | None:
    """Index the home's knowledge; how many passages it has, `None` where it has no encoder yet."""
    from serving.runtime.loading import index_knowledge

    with progress_bar("indexing passages") as show:
        return index_knowledge(settings, progress=show)


def _is_address(path: str) -> bool:
    return path.startswith(("https://", "http://"))


def _fetched(address: str, settings: "Settings") -> tuple[Path, str]:
    """The folder with the pages of the help centre at this address, and its name as a source."""
    from knowledge.importing.web.crawl import crawl

    parts = urlsplit(address)
    name = f"{parts.netloc}{parts.path}".strip("/")
    folder = settings.home / "fetched" / name.replace("/", "_").replace(":", "_")
    with messages.status(f"fetching {address}") as status:
        report = crawl(
            address,
            folder,
            allow_private=settings.crawl_private_hosts,
            progress=lambda page: status.update(f"fetching {page}"),
        )
    _tell(_crawl_lines(report))
    return folder, name


def _crawl_lines(report: "CrawlReport") -> list[str]:
    return [
        f"fetched {len(report.fetched)} pages, {len(report.unchanged)} unchanged, {len(report.removed)} gone",
        *(f"not fetched {address}: robots.txt says no" for address in report.disallowed),
        *(f"not fetched {address}: no HTML" for address in report.passed_over),
        *(f"not fetched {error.address}: {error.reason}" for error in report.errors),
        *([f"not fetched: {report.left} more pages, beyond the limit"] if report.left else []),
    ]


def _tell(lines: list[str]) -> None:
    """Say each line on standard error, of very many the first."""
    for line in lines[:_SHOWN_LINES]:
        messages.print(line, highlight=False, soft_wrap=True, markup=False)
    if len(lines) > _SHOWN_LINES:
        messages.print(f"and {len(lines) - _SHOWN_LINES} more lines; --json and /imports have them all")


def _confirm(doubt: str, *, nothing: str, remedy: str, question: str) -> None:
    """Go on only when the person at the terminal says so."""
    messages.print(f"[yellow]{nothing}:[/yellow] {doubt}", highlight=False, soft_wrap=True)
    if not sys.stdin.isatty():
        messages.print(remedy, soft_wrap=True)
        raise typer.Exit(FAILED)
    typer.confirm(question, abort=True, err=True)
