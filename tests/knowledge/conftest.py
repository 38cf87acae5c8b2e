"""The real encoder, exported once and kept between runs."""

import os
from pathlib import Path

import pytest

from model.encoder import OnnxEncoder


@pytest.fixture(scope="session")
def encoder() -> OnnxEncoder:
    default = Path.home() / ".cache" / "firstlast-tests" / "encoder"
    folder = Path(os.environ.get("FIRSTLAST_TEST_CACHE") or default)
    if not (folder / "encoder.json").is_file():
        from training.export import ensure_encoder

        ensure_encoder(folder)
    return OnnxEncoder.load(folder, threads=1)
