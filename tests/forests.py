"""Answering models that ask one question, for tests that set confidences by hand."""

import numpy as np

from model.answering.confidence import FEATURES, AnsweringModel, Forest


def stump(feature: str, *, limit: float, below: float, above: float) -> Forest:
    """One tree that asks once: share `below` for values up to the limit, else `above`."""
    return Forest(
        roots=np.array([0]),
        feature=np.array([FEATURES.index(feature), 0, 0]),
        limit=np.array([limit, 0, 0], np.float32),
        children=np.array([[2, 1], [1, 1], [2, 2]]),
        value=np.array([0, below, above], np.float32),
        depth=1,
    )


def answering(forest: Forest, *, slope: float = 1.0, offset: float = 0.0) -> AnsweringModel:
    """With slope 1 and offset 0 the confidence is the forest's share; 0.5 is typical of every feature."""
    return AnsweringModel(np.full(len(FEATURES), 0.5), forest, np.full(2, slope), np.full(2, offset))
