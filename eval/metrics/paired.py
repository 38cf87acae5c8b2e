"""Whether one of two bots does worse on the very same items."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom


def mcnemar_worse(before: ArrayLike, after: ArrayLike) -> float:
    """One-sided p-value of the exact McNemar test (1947): small when more items were lost than won.

    Of the items on which the two differ, each is as likely lost as won if they are equally good: the
    value is P(X >= lost) for X binomial(lost + won, 1/2). Items on which they agree say nothing; 1 when
    they agree on all, or when there is none.
    """
    good_before, good_after = np.asarray(before, dtype=bool), np.asarray(after, dtype=bool)
    if good_before.shape != good_after.shape:
        raise ValueError(f"{len(good_after)} outcomes were given beside {len(good_before)} of the same items")
    lost = int((good_before & ~good_after).sum())
    won = int((~good_before & good_after).sum())
    return float(binom.sf(lost - 1, lost + won, 0.5))
