"""`firstlast models compare`, `promote` and `rollback` as typed: what they print, and how they end."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from firstlast import cli
from model.encoder.onnx_encoder import OnnxEncoder
from model.model_set import read_pointer
from serving.settings import Settings
from tests.serving.test_webhooks import SECRET, Receiver, receiver
from tests.training.promotion_parts import (
    ONCE_ALIKE,
    QUESTIONS,
    good_set,
    make_home,
    silent_set,
    timid_set,
    write_questions,
)
from training.commands.shared import silence_of
from training.registry import promotion
from training.registry.model_sets import register

__all__ = ["receiver"]

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's imports warn of other people's deprecations


ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, encoder: OnnxEncoder) -> Path:
    """A home with the champion `v1`, the challenger `v3` and, worse than both, `v2`."""
    home = tmp_path_factory.mktemp("commands") / "home"
    make_home(home, encoder_folder, encoder)
    register(home, timid_set("v2", encoder))
    register(home, good_set("v3", encoder))
    write_questions(home / "company", QUESTIONS)
    return home


@pytest.fixture(autouse=True)
def _timed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict hangs on how busy the machine is."""
    for name in ("compare_sets", "promote"):
        monkeypatch.setattr(promotion, name, partial(getattr(promotion, name), timing=ONCE_ALIKE))


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["models", *arguments, "--home", str(home)])


def result_of(got: Result) -> dict[str, object]:
    (line,) = got.stdout.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_comparing_promoting_and_going_back(home: Path) -> None:
    data = ("--data", str(home / "company"))
    compared = run(home, "compare", *data, "--json")
    assert (compared.exit_code, result_of(compared)["may_promote"]) == (0, True), compared.output
    promoted = run(home, "promote", *data, "--json")
    assert promoted.exit_code == 0, promoted.output
    shown = result_of(promoted)
    assert (shown["promoted"], shown["model"], shown["previous"], shown["forced"]) == (
        True,
        "v3",
        "v1",
        False,
    )
    assert read_pointer(home / "models") == "v3"
    back = run(home, "rollback", "--json")
    assert (back.exit_code, result_of(back)) == (0, {"model": "v1", "replaced": "v3"})
    again = run(home, "rollback", "--json")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "so there is none to go back to" in again.stderr


@pytest.mark.parametrize("receiver", [(200, 200)], indirect=True)
def test_notes_tell_of_a_set_that_was_refused_and_of_a_promotion_that_failed(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTLAST_WEBHOOK_SECRET", SECRET)
    data = ("--data", str(home / "company"), "--notify", receiver.url, "--json")
    refused = run(home, "promote", "v2", *data)
    assert (refused.exit_code, result_of(refused)["notified"]) == (1, True)
    assert run(home, "promote", "v9", *data).exit_code == 1
    notes = [json.loads(body) for _, body in receiver.notes]
    assert [note["type"] for note in notes] == ["models.refused", "models.failed"]
    assert notes[0]["data"]["failed_gates"] == ["answered_right", "answers_far_fewer"]
    assert "v9" in notes[1]["data"]["problem"]


def test_a_set_that_fails_a_gate_ends_with_one_and_says_which(home: Path) -> None:
    data = ("--data", str(home / "company"))
    compared = run(home, "compare", "v2", *data)
    assert compared.exit_code == 1
    assert ["failed", "answered_right"] in [line.split()[:2] for line in compared.stdout.splitlines()]
    refused = run(home, "promote", "v2", *data, "--json")
    assert refused.exit_code == 1
    shown = result_of(refused)
    failed = ["answered_right", "answers_far_fewer"]
    assert (shown["promoted"], shown["failed_gates"]) == (False, failed)
    lift_one = ("--force", "answered_right", "--who", "Ada", "--why", "too bold")
    words = run(home, "promote", "v2", *data, *lift_one).stdout
    assert "v2 is not promoted: answers_far_fewer failed" in words
    assert words.splitlines()[-1] == (
        "  firstlast models promote v2 --force answered_right --force answers_far_fewer --who NAME --why TEXT"
    )
    assert read_pointer(home / "models") == "v1"


def test_training_warns_of_a_set_that_can_never_answer(
    home: Path, encoder: OnnxEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.load(home)
    silent, good = (
        register(home, make("silent" + make.__name__, encoder)) for make in (silent_set, good_set)
    )
    words = silence_of(settings, silent.version)
    assert len(words) == 2  # neither articles nor learned answers
    assert words[0].startswith("articles are never given at a budget of 0.02: of 10 calibration questions")
    assert f"warning: {words[0]}" in capsys.readouterr().err
    assert silence_of(settings, good.version) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("promote", "--force"),
        ("promote", "--force", "size_mb", "--who", "Ada"),
        ("promote", "--force", "size_mb", "--who", "Ada", "--why", " "),
        ("promote", "--force", "all", "--who", "Ada", "--why", "now"),
        ("promote", "--who", "Ada", "--why", "now"),
        ("compare", "--past", "-1"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together_is_bad_usage(home: Path, arguments: tuple[str, ...]) -> None:
    got = run(home, *arguments)
    assert (got.exit_code, got.stdout) == (2, "")
    assert read_pointer(home / "models") == "v1"


def test_a_home_without_a_challenger_says_what_to_run(tmp_path: Path) -> None:
    for command in ("compare", "promote"):
        got = run(tmp_path / "home", command, "--json")
        assert (got.exit_code, got.stdout) == (1, "")
        assert "train one: firstlast train heads" in got.stderr
    got = run(tmp_path / "home", "rollback")
    assert got.exit_code == 1
    assert "run: firstlast init" in got.stderr


def test_a_promotion_beside_another_process_s_ends_with_one_and_says_so_until_that_is_gone(
    home: Path,
) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom training.registry.locks import promoting\n"
        "with promoting(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(home / "models")], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    for command in ("promote", "rollback"):
        got = run(home, command, "--json")
        assert (got.exit_code, got.stdout) == (1, "")
        assert "another promotion or rollback" in got.stderr
    holder.kill()
    holder.communicate()
    got = run(home, "rollback", "--json")
    assert "another promotion or rollback" not in got.stderr
