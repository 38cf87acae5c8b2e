"""The card of a set says what it was trained on, how good it is, within which limits, and its licences."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from eval.metrics import confusion_matrix
from eval.report.used_data import UsedData
from tests.training.training_parts import trained_set
from training.heads.model_set import TrainedSet
from training.registry.model_card import NamedEncoder, model_card, named_encoders

BUNDLED = NamedEncoder("9f1f", "all-MiniLM-L6-v2", "e237")
ANSWERS = {
    "answers.n": 100.0,
    "answers.best_right": 0.8,
    **{f"answers.coverage_at_risk_{risk}": 0.5 for risk in (0.01, 0.02, 0.05)},
    **{f"answers.wrong_at_risk_{risk}": 1.0 for risk in (0.01, 0.02, 0.05)},
    **{f"answers.guaranteed_at_risk_{risk}": float(risk == 0.05) for risk in (0.01, 0.02, 0.05)},
}


def some_set() -> TrainedSet:
    """Right in 9 of 10 held-out wishes, from twelve texts of two intents."""
    asked = np.array(["no"] * 8 + ["person"] * 2)
    said = np.array(["no"] * 8 + ["person", "no"])
    intents = ["refund"] * 11 + ["delivery"]
    return replace(
        trained_set("v1"),
        confusion={"wants_person": confusion_matrix(asked, said)},
        metrics={"wants_person.accuracy": 0.9, "sentiment.accuracy": 0.75, **ANSWERS},
        used=[UsedData("intent", "/company/shop", [f"text {n}" for n in range(12)], intents)],
        parameters={"calibrated_on": "general questions"},
    )


def test_data_stand_with_their_counts_digest_and_source() -> None:
    trained = some_set()
    line = f"| intent | 12 | 2 | `{trained.used[0].digest}` | `/company/shop` |"
    assert line in model_card(trained, [BUNDLED]).splitlines()


def test_figures_have_the_intervals_of_what_was_held_out() -> None:
    lines = model_card(some_set(), [BUNDLED]).splitlines()
    (wishes,) = [line for line in lines if line.startswith("| wants_person |")]
    assert wishes.startswith("| wants_person | 10 | 0.900 [0.596, 0.982] | 0.804 [")
    assert "| sentiment |  | 0.750 |  |" in lines
    assert any("the best candidate is right in 0.800 [0.711, 0.867]" in line for line in lines)
    assert "| 0.02 | 0.500 [0.404, 0.596] | 0.020 [0.001, 0.106] | no |" in lines
    assert "| 0.05 | 0.500 [0.404, 0.596] | 0.020 [0.001, 0.106] | yes |" in lines


def test_limits_name_the_intents_with_few_texts_and_what_it_was_calibrated_on() -> None:
    card = model_card(some_set(), [BUNDLED])
    assert "With fewer than 10 texts, and so hardly known: delivery." in card
    assert "calibrated on general questions" in card
    assert "out_of_scope 1.000" in card


def test_an_encoder_of_others_is_not_said_to_be_ours() -> None:
    card = model_card(some_set(), [BUNDLED, NamedEncoder("77aa", "acme/encoder", "0c0c")])
    assert "- Encoder all-MiniLM-L6-v2: Apache-2.0" in card
    assert "- Encoder acme/encoder: that of the model it came from" in card
    assert "| acme/encoder | 77aa | 0c0c |" in card


def test_a_part_trained_anew_leads_to_the_card_of_the_others() -> None:
    trained = replace(some_set(), builds_on="v0")
    assert "those of model set v0; its card names their data" in model_card(trained, [BUNDLED])


def test_encoders_are_named_by_their_files_and_a_missing_one_is_told(
    encoder_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "encoder").symlink_to(encoder_folder)
    own = next(iter(named_encoders(tmp_path, ["none-such"])))
    assert (own.name, own.sha256) == ("", "")
    manifest = json.loads((encoder_folder / "encoder.json").read_text())
    (found,) = named_encoders(tmp_path, [manifest["fingerprint"]])
    assert found == NamedEncoder(manifest["fingerprint"], "all-MiniLM-L6-v2", manifest["files"]["model.onnx"])
