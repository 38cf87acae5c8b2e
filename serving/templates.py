"""How the pages of all parts are made from templates; knows no page."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def strict_templates(folder: Path) -> Environment:
    """The templates of a folder, with autoescape on and an error on any missing value."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
