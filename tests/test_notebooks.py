"""The notebooks run from top to bottom on the sample company, and say what they are for."""

import json
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
SAID = {
    "choose_risk_budget": "held-out decisions",
    "compare_intent_models": "one-sided p",
    "explore_knowledge": "below the threshold",
    "learning_curve": "answers_written",
}
"""Words of the last figures that each one prints."""


def test_every_notebook_is_run() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(SAID)


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_notebook_runs_on_the_sample_company(
    name: str,
    trained_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    shutil.copytree(trained_home, home, ignore=shutil.ignore_patterns("mlruns"))
    monkeypatch.setenv("FIRSTLAST_HOME", str(home))
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert not any(line.startswith(("def ", "class ")) for line in cell["source"])
            exec("".join(cell["source"]), names)
    assert SAID[name] in capsys.readouterr().out
