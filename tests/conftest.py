"""What many tests share: the real encoder, and a home of the sample company, each made once and kept."""

import hashlib
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import structlog
from filelock import FileLock
from hypothesis import settings as hypothesis_settings

from model.encoder.onnx_encoder import OnnxEncoder

ROOT = Path(__file__).parent.parent
_CACHE = os.environ.get("TEST_CACHE")
_KEPT_HOMES = 3
"""Another run may still use the one before."""
_MADE_FROM = (
    *("model", "knowledge", "training", "eval/data", "eval/metrics"),
    *("eval/home.py", "eval/replay/caching_encoder.py", "eval/report/artifacts.py"),
    *("eval/report/tracking.py", "eval/report/used_data.py"),
    *("serving/settings.py", "serving/text.py", "serving/db", "serving/runtime", "serving/security"),
    *("serving/articles", "serving/company", "serving/indexing"),
    *("serving/learned_answers", "serving/transfer"),
)

_LONGEST = (
    *("end_to_end/test_newcomer.py", "model/test_demo.py", "training/encoder/test_tuning.py"),
    *("training/registry/test_promotion.py", "training/test_simulated_month.py"),
)
"""Begun first, so that no process is still at one of them when the others have nothing left to do.

The sample company's home is made by the second of them; until it is there, the others need none.
"""

hypothesis_settings.register_profile("untimed", deadline=None)  # a busy machine is no counterexample
hypothesis_settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, all others in their order."""
    items.sort(key=lambda item: not item.nodeid.partition("::")[0].endswith(_LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _settings_are_the_tests() -> Iterator[None]:
    """No setting of whoever runs the tests reaches them; what is not a setting would be refused by name.

    One customer may send as much as a test has them send; tests of limits give their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        for key in [key for key in os.environ if key.upper().startswith("FIRSTLAST_")]:
            patch.delenv(key)
        for what in ("tokens", "conversations", "messages", "ask", "classify", "suggest"):
            patch.setenv(f"FIRSTLAST_LIMIT_{what.upper()}", "")
        yield


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Commands send logs to the standard error of their time, which is closed after a test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def encoder_folder() -> Path:
    """Where the default encoder is. Read only."""
    return _encoder_folder()


@pytest.fixture(scope="session")
def encoder(encoder_folder: Path) -> OnnxEncoder:
    """The default encoder, as serving loads it."""
    return OnnxEncoder.load(encoder_folder, threads=1)


@pytest.fixture(scope="session")
def trained_home() -> Path:
    """A prepared home of the sample company, with trained models. Read only: copy it to change it."""
    folder = _cache() / f"home-{_fingerprint()}"
    with _only_one("home"):
        if not folder.exists():
            work = _cache() / "home.part"
            shutil.rmtree(work, ignore_errors=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of libraries, about themselves
                _prepare(work)
            work.rename(folder)
            homes = sorted(_cache().glob("home-*"), key=lambda path: path.stat().st_mtime)
            for old in homes[:-_KEPT_HOMES]:
                shutil.rmtree(old, ignore_errors=True)
    return folder


@pytest.fixture
def demo_home(trained_home: Path, tmp_path: Path) -> Path:
    """A home of the sample company of its own, to do anything with."""
    home = tmp_path / "home"
    shutil.copytree(trained_home, home, ignore=shutil.ignore_patterns("encoder", "mlruns"))
    (home / "models" / "encoder").symlink_to(_encoder_folder())
    return home


def _prepare(home: Path) -> None:
    from serving.runtime.assembly import build_runtime
    from serving.settings import Settings
    from training.homes import prepare_demo

    (home / "models").mkdir(parents=True)
    shutil.copytree(_encoder_folder(), home / "models" / "encoder")
    settings = Settings.load(home)
    prepare_demo(settings, progress=lambda _: None)
    build_runtime(Settings.load(home)).stop()


@cache
def _encoder_folder() -> Path:
    """Where the default encoder is; reading it whole, to see that it is sound, is done once."""
    from training.encoder.export import ensure_encoder

    folder = _cache() / "encoder"
    with _only_one("encoder"):
        ensure_encoder(folder)
    return folder


def _fingerprint() -> str:
    """Digest of everything the home is made from, so that no test sees a stale one."""
    gone = [name for name in _MADE_FROM if not (ROOT / name).exists()]
    assert not gone, f"_MADE_FROM names what is not there: {gone}"
    files = [
        path
        for name in _MADE_FROM
        for path in ([ROOT / name] if (ROOT / name).is_file() else sorted((ROOT / name).rglob("*")))
        if path.is_file() and "__pycache__" not in path.parts and path.name != "README.md"
    ]
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _cache() -> Path:
    folder = Path(_CACHE or Path.home() / ".cache" / "firstlast-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _only_one(name: str) -> Iterator[None]:
    """Several test processes make a thing once."""
    with FileLock(_cache() / f"{name}.lock"):
        yield
