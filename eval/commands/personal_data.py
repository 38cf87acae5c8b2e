"""`firstlast eval personal-data`."""

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import Measured, check_exist, measurement
from eval.data.planted import read_planted
from eval.suites import personal_data
from knowledge import GENERAL_FOLDER
from serving.settings import Settings

PlantedOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="JSONL of texts with the places of personal data in them [the general ones].",
        show_default=False,
    ),
]


@measurement("personal-data")
def personal_data_command(
    _settings: Settings,
    data: PlantedOption = GENERAL_FOLDER / "test" / "privacy" / "planted.jsonl",
) -> Measured:
    """How much planted personal data is found, and how much of what is found is some."""
    check_exist(data)
    return Measured(personal_data.run(read_planted(data)), {"data": data}, (data,))
