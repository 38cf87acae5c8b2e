"""What a serving process loads: nothing that only training and evaluation need."""

import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
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
    "pandas",
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
from serving.runtime.assembly import build_runtime
from serving.settings import Settings
runtime = build_runtime(Settings.load(Path({str(demo_home)!r})))
with TestClient(create_app(runtime)) as client:
    assert client.get("/readyz").status_code == 200
    assert runtime.resolver.resolve(Question("how do I connect the wifi")).candidates
{REPORT}
"""
    assert _printed(script, tmp_path) == "[]"


@pytest.mark.parametrize(
    ("arguments", "needless"),
    [
        (("ask", "how do I connect the wifi"), ("alembic", "fastapi", "uvicorn", "argon2", "jwt")),
        (("search", "wifi"), ("alembic", "fastapi", "uvicorn", "argon2", "jwt")),
        (("models", "list"), ("sqlalchemy", "onnxruntime", "faiss")),
    ],
    ids=["ask", "search", "models list"],
)
def test_a_command_loads_only_what_it_needs(
    demo_home: Path, tmp_path: Path, arguments: tuple[str, ...], needless: tuple[str, ...]
) -> None:
    unwanted = (*(name for name in HEAVY if name not in ("training", "eval")), *needless)
    script = f"""
import sys
from firstlast import cli
cli([*{arguments!r}, "--home", {str(demo_home)!r}], standalone_mode=False)
print([name for name in {unwanted!r} if name in sys.modules])
"""
    assert _printed(script, tmp_path) == "[]"


def test_a_server_that_starts_on_a_home_as_it_was_left_loads_no_training_library(
    demo_home: Path, tmp_path: Path
) -> None:
    script = f"""
import sys, threading, time
from pathlib import Path
from serving import server
from serving.settings import Settings
runtimes = []
serve = server.serve
def served(runtime, **told):
    runtimes.append(runtime)
    serve(runtime, **told)
server.serve = served
def stop(address):
    import os, signal
    os.kill(os.getpid(), signal.SIGINT)
server.run(Settings.load(Path({str(demo_home)!r}), port=0), on_ready=stop)
assert runtimes[0].resolver.version
print([name for name in {(*HEAVY, "alembic")!r} if name in sys.modules])
"""
    assert _printed(script, tmp_path) == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_says_and_makes_nothing(package: str, tmp_path: Path) -> None:
    script = f"import logging, {package}; assert not logging.getLogger().handlers; {REPORT}"
    loaded = {name for name in ("training", "eval") if name == package}
    assert _printed(script, tmp_path) == str(sorted(loaded))
    assert list(tmp_path.iterdir()) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES[:-1])
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle
