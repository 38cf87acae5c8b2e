"""The intents suite on texts of known words, so that every figure can be worked out."""

import numpy as np
import pytest

from eval.data.labelled import LabelledText
from eval.results import SuiteResult
from eval.suites import intents
from eval.suites.intents import FittedIntents
from model.heads.out_of_scope import ScopeDetector
from tests.eval.eval_parts import WordEncoder, fit_centroids

TRAIN = [
    LabelledText(text, label)
    for text, label in [
        ("yellow leaves", "plant"),
        ("leaves yellow plant", "plant"),
        ("yellow plant", "plant"),
        ("plant leaves", "plant"),
        ("yellow yellow leaves", "plant"),
        ("loud pump", "device"),
        ("pump tank loud", "device"),
        ("tank pump", "device"),
        ("loud tank", "device"),
        ("pump pump loud", "device"),
        ("plant", "plant"),
        ("device", "device"),
    ]
]
TEST = [
    LabelledText("yellow leaves plant", "plant"),
    LabelledText("tank loud", "device"),
    LabelledText("pump", "plant"),
    LabelledText("leaves", "unheard"),
    LabelledText("sing me something", "oos"),
    LabelledText("who won", "oos"),
]


def measured(
    encoder: WordEncoder, test: list[LabelledText] = TEST, *, threshold: float | None = 0.6, seed: int = 0
) -> SuiteResult:
    """A head of label means on `TRAIN`, in which "device" is the one foreign word.

    Foreign words alone have the score 1 / (1 + nearness 1/5 * clearness 2.5) = 2/3: one of five neighbours
    is "device", a sixth of whose label's texts is foreign, ten times that and half the lead over 0.
    """
    reading = encoder.read([row.text for row in TRAIN])
    fitted = FittedIntents(
        encoder=encoder,
        head=fit_centroids(reading.features, [row.label for row in TRAIN], seed=0),
        scope=ScopeDetector(reading.vectors),
        scope_threshold=lambda: threshold,
        n_train=len(TRAIN),
        n_unlabelled=0,
        fit_seconds=1.5,
        encode_seconds=0.5,
    )
    return intents.measure(test, fitted, rng=np.random.default_rng(seed))


def test_accuracy_is_over_rows_in_scope_and_an_unknown_label_is_wrong(word_encoder: WordEncoder) -> None:
    figures = measured(word_encoder).figures
    assert (figures["n"], figures["n_in_scope"], figures["n_out_of_scope"]) == (6, 4, 2)
    assert figures["accuracy"] == 0.5
    assert (figures["n_unknown_label"], figures["unknown_labels"]) == (1, ["unheard"])
    # F1 of plant 2*1/(2+2), of device 2*1/(1+2), of unheard 0
    assert figures["macro_f1"] == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)


def test_texts_of_foreign_words_are_told_from_all_others(word_encoder: WordEncoder) -> None:
    figures = measured(word_encoder).figures
    assert figures["oos_auroc"] == 1.0
    assert (figures["oos_recall_at_95"], figures["in_scope_kept"], figures["oos_threshold"]) == (1, 1, 0.6)
    assert measured(word_encoder, threshold=0.7).figures["oos_recall_at_95"] == 0.0


def test_a_text_that_scores_the_threshold_is_kept_in_scope(word_encoder: WordEncoder) -> None:
    highest = max(item["out_of_scope_score"] for item in measured(word_encoder).items)
    figures = measured(word_encoder, threshold=highest).figures
    assert (figures["oos_recall_at_95"], figures["in_scope_kept"]) == (0.0, 1.0)


def test_every_mean_has_its_interval(word_encoder: WordEncoder) -> None:
    figures = measured(word_encoder).figures
    for key in ("accuracy", "macro_f1", "ece", "oos_auroc", "oos_recall_at_95", "in_scope_kept"):
        low, high = figures[f"{key}_interval"]
        assert 0 <= low <= high <= 1


def test_the_same_seed_gives_the_same_figures(word_encoder: WordEncoder) -> None:
    assert measured(word_encoder, seed=5).figures == measured(word_encoder, seed=5).figures


def test_each_row_keeps_what_was_predicted_and_how_strange_it_was(word_encoder: WordEncoder) -> None:
    items = measured(word_encoder).items
    assert [item["predicted"] for item in items[:3]] == ["plant", "device", "device"]
    assert items[2]["row"] == 3
    assert [item["wrong"] for item in items] == [False, False, True, True, False, False]
    assert items[4]["out_of_scope_score"] == pytest.approx(2 / 3)
    assert items[0]["out_of_scope_score"] < 0.5


def test_without_out_of_scope_rows_their_figures_are_empty(word_encoder: WordEncoder) -> None:
    figures = measured(word_encoder, TEST[:3], threshold=None).figures
    assert figures["oos_auroc"] is figures["oos_auroc_interval"] is figures["oos_recall_at_95"] is None
    assert figures["accuracy"] == pytest.approx(2 / 3)


def test_with_out_of_scope_rows_alone_the_other_figures_are_empty(word_encoder: WordEncoder) -> None:
    figures = measured(word_encoder, TEST[4:]).figures
    assert figures["accuracy"] is figures["macro_f1"] is figures["ece"] is figures["oos_auroc"] is None
    assert figures["in_scope_kept"] is None
    assert figures["oos_recall_at_95"] == 1.0


def test_without_texts_to_hold_out_there_is_no_recall(word_encoder: WordEncoder) -> None:
    figures = measured(word_encoder, threshold=None).figures
    assert figures["oos_auroc"] == 1.0
    assert figures["oos_recall_at_95"] is figures["oos_threshold"] is figures["in_scope_kept"] is None


def test_the_labels_most_often_taken_for_another_are_listed(word_encoder: WordEncoder) -> None:
    assert measured(word_encoder).figures["confusions"] == [
        {"label": "plant", "predicted": "device", "count": 1},
        {"label": "unheard", "predicted": "plant", "count": 1},
    ]


def test_draws_are_told_together(word_encoder: WordEncoder) -> None:
    once = measured(word_encoder)
    together = intents.mean_over_draws([once, once])
    assert together.figures["accuracy"] == 0.5
    assert [item["draw"] for item in together.items] == [0] * 6 + [1] * 6
    assert [one["count"] for one in together.figures["confusions"]] == [2, 2]
