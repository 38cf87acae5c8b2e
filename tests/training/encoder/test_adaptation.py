"""Adapting an encoder's weights, on a tiny one: the loss by hand, interruptions, refusal and registration."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from eval.data.labelled import LabelledText
from eval.promotion.gates import Gate
from eval.report.tracking import Step, open_client
from model.encoder.onnx_encoder import OnnxEncoder, find_encoder
from model.errors import ConfigurationError
from serving.settings import Settings
from tests.encoders import copy_encoder
from tests.training.promotion_parts import good_set
from tests.training.training_parts import Counted, interrupted_after
from training.encoder import adaptation
from training.encoder.adaptation import adapt_and_register
from training.encoder.adaptation_checks import Check, EncoderComparison
from training.encoder.export import export_model, load_torch
from training.encoder.pair_training import AdaptationOptions, GeneralTexts, _ranking_loss, adapt
from training.encoder.pairs import Pair, Pairs
from training.registry.registered_sets import list_sets

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

pytestmark = pytest.mark.filterwarnings("ignore")  # torch and MLflow warn of other people's deprecations

PAIRS = Pairs(
    sure=tuple(
        Pair(f"question about {name}", f"answer about {other}", frozenset({name}))
        for name, other in zip(
            ("pumps", "leaves", "boxes", "money", "light", "water", "wifi", "salt"),
            ("noise", "colour", "post", "refund", "lamp", "tank", "network", "food"),
            strict=True,
        )
    ),
    weak=(),
)
OPTIONS = AdaptationOptions(batch_size=2, epochs=2, learning_rate=1e-2, checkpoint_seconds=0.0)
ADAPTING = "Adapting the encoder"
CUT = interrupted_after(3, of=ADAPTING)


@pytest.fixture
def general(tiny: str) -> GeneralTexts:
    texts = ["hello there", "thanks a lot", "where is everybody"]
    return GeneralTexts(texts, vectors_of(load_torch(tiny), texts))


def vectors_of(model: "SentenceTransformer", texts: Sequence[str]) -> np.ndarray:
    return np.asarray(model.encode(list(texts), normalize_embeddings=True))


def weights_of(model: "SentenceTransformer") -> dict[str, np.ndarray]:
    return {name: one.detach().numpy().copy() for name, one in model.named_parameters()}


def test_the_loss_is_the_cross_entropy_both_ways() -> None:
    """Scores of the anchors are [1, 0] and [0, 1]; the negative scores 0 and 1."""
    import torch

    one, two = [1.0, 0.0], [0.0, 1.0]
    anchors, positives = torch.tensor([one, two]), torch.tensor([one, two])
    alone = _ranking_loss(anchors, positives, torch.eye(2, dtype=torch.bool), 1.0)
    assert float(alone) == pytest.approx(0.313262, abs=1e-5)  # ln(1 + 1/e)
    others = torch.cat([positives, torch.tensor([two])])
    none_alike = torch.eye(2, 3, dtype=torch.bool)
    held_against = _ranking_loss(anchors, others, none_alike, 1.0)
    assert float(held_against) == pytest.approx((0.551445 + 0.861994) / 4 + 0.313262 / 2, abs=1e-5)
    alike = torch.tensor([[True, False, False], [False, True, True]])
    spared = _ranking_loss(anchors, others, alike, 1.0)
    assert float(spared) == pytest.approx((0.551445 + 0.313262) / 4 + 0.313262 / 2, abs=1e-5)


def test_pairs_come_nearer_and_word_embeddings_stay(tiny: str, general: GeneralTexts, tmp_path: Path) -> None:
    model = load_torch(tiny)
    before = weights_of(model)
    options = replace(OPTIONS, epochs=10, keep_weight=0.0, learning_rate=5e-3)  # at .01 it may collapse
    adapt(model, PAIRS, general, options=options, checkpoints=tmp_path)
    after = weights_of(model)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed
    assert not any("embeddings" in name for name in changed)
    assert _lead(model) > _lead(load_torch(tiny)) + 0.02


def _lead(model: "SentenceTransformer") -> float:
    """How much nearer each question is to its own answer than to the others, on average."""
    questions = vectors_of(model, [pair.anchor for pair in PAIRS.sure])
    answers = vectors_of(model, [pair.positive for pair in PAIRS.sure])
    scores, count = questions @ answers.T, len(PAIRS.sure)
    return float(scores.trace() / count - (scores.sum() - scores.trace()) / (count * (count - 1)))


def test_general_texts_stay_nearer_to_where_they_were_when_that_counts_more(
    tiny: str, general: GeneralTexts, tmp_path: Path
) -> None:
    kept = {}
    for weight in (0.0, 50.0):
        model = load_torch(tiny)
        options = replace(OPTIONS, keep_weight=weight)
        adapt(model, PAIRS, general, options=options, checkpoints=tmp_path / str(weight))
        kept[weight] = float((vectors_of(model, general.texts) * general.vectors).sum(axis=1).mean())
    assert kept[50.0] > kept[0.0]


def test_an_interrupted_adaptation_goes_on_to_the_very_same_weights(
    tiny: str, general: GeneralTexts, tmp_path: Path
) -> None:
    whole, resumed = load_torch(tiny), load_torch(tiny)
    adapt(whole, PAIRS, general, options=OPTIONS, checkpoints=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        adapt(load_torch(tiny), PAIRS, general, options=OPTIONS, checkpoints=tmp_path / "cut", track=CUT)
    steps = Counted()
    adapt(resumed, PAIRS, general, options=OPTIONS, checkpoints=tmp_path / "cut", track=steps)
    assert steps.steps == {ADAPTING: 8 - 3}  # 8 pairs in batches of 2, twice
    expected = weights_of(whole)
    assert all(np.array_equal(expected[name], found) for name, found in weights_of(resumed).items())


def test_the_state_of_another_adaptation_is_never_taken_up(
    tiny: str, general: GeneralTexts, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        adapt(load_torch(tiny), PAIRS, general, options=OPTIONS, checkpoints=tmp_path, track=CUT)
    steps = Counted()
    adapt(
        load_torch(tiny), PAIRS, general, options=replace(OPTIONS, seed=1), checkpoints=tmp_path, track=steps
    )
    assert steps.steps == {ADAPTING: 8}


def test_options_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="epochs is 0, learning_rate 5e-05; both must be above 0"):
        AdaptationOptions(epochs=0)
    with pytest.raises(ConfigurationError, match="batch_size is 1"):
        AdaptationOptions(batch_size=1)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, tiny: str) -> Path:
    """A home that thinks with the tiny encoder, and rows of needs. Read only."""
    folder = tmp_path_factory.mktemp("made")
    settings = Settings.load(folder / "home")
    export_model(load_torch(tiny), settings.encoder_folder, name=tiny)
    rows = [
        {"text": f"{verb} number{need} now", "label": str(need)}
        for need in range(120)
        for verb in ("find", "show", "bring", "give")
    ]
    (folder / "needs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wording that is compared in no time."""
    rows = [LabelledText(f"{word} {i}", word) for i in range(30) for word in ("good", "bad")]
    monkeypatch.setattr(adaptation, "wording_rows", lambda: {"sentiment": rows})
    monkeypatch.setattr(adaptation, "general_needs", lambda _needs: None)


def run(folder: Path) -> adaptation.Adaptation:
    return adapt_and_register(
        Settings.load(folder / "home"),
        folder / "needs.jsonl",
        options=AdaptationOptions(learning_rate=1e-3),
        progress=lambda _: None,
    )


@pytest.mark.usefixtures("few_words")
def test_an_adaptation_that_gains_nothing_is_refused_and_leaves_only_its_figures(made_once: Path) -> None:
    """Each need has a word of its own, so that its questions are found by words already."""
    found = run(made_once)
    home = made_once / "home"
    assert found.registered is None
    assert "gain.mrr@10" in [gate.name for gate in found.failed]
    assert found.checks["business"].figures["n"] >= 20
    assert found.encoder != found.before
    assert list_sets(home) == []
    assert sorted(path.name for path in (home / "models").iterdir()) == ["encoder"]
    client = open_client(home)
    [logged] = client.search_runs([client.get_experiment_by_name("encoder").experiment_id])
    assert logged.data.metrics["gate_passed.gain.mrr_at_10"] == 0.0
    assert logged.data.params["encoder"] == found.encoder


@pytest.mark.usefixtures("few_words")
def test_an_adaptation_that_gains_is_registered_on_its_own_encoder_with_its_report(
    made_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gained(self: EncoderComparison, *_: object) -> Check:
        figures = {"n": 30, "gain": {"mrr@10": 0.1, "mrr@10_interval": [0.05, 0.15]}}
        return Check(figures, (Gate("gain.mrr@10", "passed", "as if it had"),))

    def trained(_data: object, encoder: OnnxEncoder, **_: object) -> object:
        return good_set("v1", encoder)

    def adapted(settings: Settings, *_: object) -> list[Step]:
        work = settings.models_folder / ".adapting" / "encoder"
        work.parent.mkdir()
        copy_encoder(settings.encoder_folder.absolute(), settings.models_folder, "adapted").rename(work)
        return [Step(5, 2.0), Step(10, 0.5)]

    monkeypatch.setattr(EncoderComparison, "gain", gained)
    monkeypatch.setattr(adaptation, "_train", adapted)
    monkeypatch.setattr(adaptation, "train_model_set", trained)
    found = run(made_once)
    models = made_once / "home" / "models"
    assert found.registered is not None
    assert found.registered.aliases == ("champion",)  # of a home that had none
    assert found.encoder == "adapted"
    place = find_encoder(models, found.encoder)
    assert place == models / "encoders" / found.encoder
    assert OnnxEncoder.load(place).fingerprint == found.encoder
    manifest = json.loads((models / "v1" / "manifest.json").read_text())
    assert manifest["encoder_fingerprint"] == found.encoder
    assert manifest["card"]["adaptation"]["gain"]["gain"]["mrr@10"] == 0.1
    assert set(manifest["card"]["adaptation"]["elsewhere"]) == {"sentiment"}
    assert list_sets(made_once / "home")[0].metrics["adaptation.gain.mrr_at_10"] == 0.1
    client = open_client(made_once / "home")
    experiment = client.get_experiment_by_name("encoder").experiment_id
    logged = client.search_runs([experiment], order_by=["attributes.start_time DESC"])[0]
    assert logged.info.run_name.endswith(" adapted accepted")
    losses = client.get_metric_history(logged.info.run_id, "loss")
    assert [(loss.step, loss.value) for loss in losses] == [(5, 2.0), (10, 0.5)]
    assert not (models / ".adapting").exists()
