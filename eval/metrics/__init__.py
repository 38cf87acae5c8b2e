"""Pure functions, one a metric: formula, paper, tie rule and zero-denominator rule in each docstring."""

from eval.metrics.classification import (
    Confusion,
    ConfusionMatrix,
    accuracy,
    confusion_matrix,
    confusions,
    expected_calibration_error,
    expected_calibration_errors,
    macro_f1,
    macro_f1s,
    macro_recall,
    macro_recalls,
)
from eval.metrics.paired import mcnemar_worse
from eval.metrics.ranking import hit_at_k, mrr_at_k, ndcg_at_k
from eval.metrics.risk import RiskPoint, risk_coverage, wrong_among_answered
from eval.metrics.scope import auroc, threshold_keeping

__all__ = [
    "Confusion",
    "ConfusionMatrix",
    "RiskPoint",
    "accuracy",
    "auroc",
    "confusion_matrix",
    "confusions",
    "expected_calibration_error",
    "expected_calibration_errors",
    "hit_at_k",
    "macro_f1",
    "macro_f1s",
    "macro_recall",
    "macro_recalls",
    "mcnemar_worse",
    "mrr_at_k",
    "ndcg_at_k",
    "risk_coverage",
    "threshold_keeping",
    "wrong_among_answered",
]
