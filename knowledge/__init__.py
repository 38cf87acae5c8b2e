"""What the bot knows: import, index, learn; and the data that come with the package."""

from pathlib import Path

DEMO_FOLDER = Path(__file__).parent / "demo"
"""The sample company's folder, inside the installed package."""

SKELETON_FOLDER = Path(__file__).parent / "skeleton"
"""A company folder to begin with: a row of everything, to be replaced."""

GENERAL_FOLDER = Path(__file__).parent / "general"
"""What a bot starts with whoever the company is; its README says what each file is for."""
