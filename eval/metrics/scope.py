"""How well a score tells out-of-scope texts from in-scope ones; greater scores mean out of scope."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import roc_auc_score

IN_SCOPE_KEPT = 0.95


def auroc(scores: ArrayLike, out_of_scope: ArrayLike) -> float | None:
    """Probability that an out-of-scope text scores above an in-scope one, a tie counting one half.

    Area under the ROC curve (Hanley & McNeil 1982). `None` when one of the two kinds is missing.
    """
    positive = np.asarray(out_of_scope, dtype=bool)
    return float(roc_auc_score(positive, scores)) if 0 < positive.sum() < len(positive) else None


def threshold_keeping(scores: ArrayLike, *, share: float = IN_SCOPE_KEPT) -> float:
    """The lowest of the in-scope `scores` that keeps at least `share` of them in scope.

    A text is kept when its score is at or below the threshold; equal scores are kept together. Raises
    `ValueError` without scores.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64))
    if not len(ordered):
        raise ValueError("no in-scope scores were given to choose a threshold on")
    # 0.95 * 20 is 19.000000000000004 in floating point, which must not round up to 20
    count = int(np.ceil(round(share * len(ordered), 9)))
    return float(ordered[max(count, 1) - 1])
