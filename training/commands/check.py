"""`firstlast check`."""

from pathlib import Path
from typing import Annotated

import typer

from serving.command_line import FAILED, JsonOption, emit, friendly_errors

app = typer.Typer()


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A company folder, as `company new` makes one.")],
    as_json: JsonOption = False,
) -> None:
    """Name what is wrong or missing in a company folder, and what to expect of so many rows.

    Ends with 1 when there is an error: it cannot be trained on so. Texts of customers are not shown.
    """
    from training.datasets.company_check import check_company

    with friendly_errors():
        found = check_company(folder)
    emit(found.as_json(), as_json=as_json, text=lambda: "\n".join(map(str, found.findings)))
    if found.of("error"):
        raise typer.Exit(FAILED)
