"""What a serving process loads: nothing that only training and evaluation need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "mlflow",
    "sklearn",
    "scipy",
    "datasets",
    "matplotlib",
    "onnx",
    "onnxscript",
    "training",
    "eval",
)
REPORT = f"import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
PACKAGES = ("model", "knowledge", "serving", "eval", "training", "firstlast")


def _printed(script: str, folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FIRSTLAST_")}
    got = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert got.returncode == 0, got.stderr
    return got.stdout.splitlines()[-1]


def test_a_server_that_answers_has_loaded_no_training_library(demo_home: Path, tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from fastapi.testclient import TestClient
from model.types import Question
from serving.app import create_app
from serving.assembly import build_runtime
from serving.settings import Settings
runtime = build_runtime(Settings.load(Path({str(demo_home)!r})))
with TestClient(create_app(runtime)) as client:
    assert client.get("/readyz").status_code == 200
    assert runtime.resolver.resolve(Question("how do I connect the wifi")).candidates
{REPORT}
"""
    assert _printed(script, tmp_path) == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_says_and_makes_nothing(package: str, tmp_path: Path) -> None:
    script = f"import logging, {package}; assert not logging.getLogger().handlers; {REPORT}"
    loaded = {name for name in ("training", "eval") if name == package}
    assert _printed(script, tmp_path) == str(sorted(loaded))
    assert list(tmp_path.iterdir()) == []
