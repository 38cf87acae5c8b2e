"""`firstlast eval report`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.home import open_store
from eval.report.history import tracked_runs
from eval.report.page import as_page
from model.errors import DataError
from serving.command_line import HomeOption, JsonOption, emit, friendly_errors
from serving.company.service import company_name
from serving.settings import Settings

OutOption = Annotated[Path, typer.Option("--out", help="The file to write.")]


def report_command(
    out: OutOption = Path("firstlast-report.html"), home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """All tracked measurements of the home as one HTML page: figures, curves, worst mistakes, trend."""
    with friendly_errors():
        settings = Settings.load(home)
        runs = tracked_runs(settings.home)
        with open_store(settings) as session:
            name = company_name(session, settings)
        page = as_page(runs, title=f"{name}: how good the bot is")
        _write(out, page)
    suites = {suite: len(of_suite) for suite, of_suite in runs.items()}
    emit({"report": str(out), "suites": suites}, as_json=as_json, text=lambda: f"{out}: {', '.join(suites)}")


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror}); choose another --out") from error
