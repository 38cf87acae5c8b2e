"""Puts examples into train, validation and test so that nothing is asked again across them; drops none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from eval.data.problems import normalised
from eval.results import Track, untracked
from model.errors import ConfigurationError
from model.interfaces import Encoder
from model.types import Vectors
from training.datasets.examples import Example, Split

SAME_ABOVE = 0.95
"""Cosine from which two texts are one question reworded. Groups chain, so a low limit joins whole intents:
the largest group among the 10,003 training texts of BANKING77 has 40 texts at .95, 131 at .9, 532 at .85."""
_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of the examples that each split should have; they make 1 together."""

    validation: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise ConfigurationError(
                f"shares are {self.validation} for validation and {self.test} for test; give two of at least "
                "0 that leave something to train on"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Splitting:
    """Where each example goes."""

    groups: NDArray[np.int64]
    """Number of each example's group, counting up from 0 in the order of the examples."""
    splits: tuple[Split, ...]
    too_large: int
    """Groups that were kept in train because they are larger than a whole split should be."""


def split_examples(
    examples: Sequence[Example],
    encoder: Encoder,
    *,
    shares: Shares | None = None,
    seed: int = 0,
    same_above: float = SAME_ABOVE,
    track: Track = untracked,
) -> Splitting:
    """Groups what belongs together, then gives each group to one split.

    Together are: a conversation, a person, a shared key, a text (case, spacing and outer marks ignored), and
    texts whose vectors have a cosine of at least `same_above`; and whatever is together with one of these.
    Groups with a time go by their newest example: the newest are the test split, those before them the
    validation split, so that train holds nothing newer than either. A group larger than a whole split stays
    in train. Groups without any time are drawn at random, label by label, so that rare labels are not lost.
    """
    groups = group_examples(examples, encoder, same_above=same_above, track=track)
    wanted = shares or Shares()
    times = _newest(examples, groups)
    timed = {group: time for group, time in times.items() if time is not None}
    split_of, too_large = _by_time(timed, Counter(groups.tolist()), wanted)
    timeless = [group for group in times if group not in timed]
    split_of |= _at_random(timeless, examples, groups, wanted, seed)
    return Splitting(groups, tuple(split_of[group] for group in groups.tolist()), too_large)


def group_examples(
    examples: Sequence[Example], encoder: Encoder, *, same_above: float = SAME_ABOVE, track: Track = untracked
) -> NDArray[np.int64]:
    """The group number of each example, `(n_examples,)`."""
    texts = [normalised(example.text) for example in examples]
    distinct = list(dict.fromkeys(texts))
    pairs: list[tuple[int, int]] = []
    first: dict[str, int] = {}
    for place, (example, text) in enumerate(zip(examples, texts, strict=True)):
        keys = [*example.keys, f"text:{text}"]
        if example.conversation_id is not None:
            keys.append(f"conversation:{example.conversation_id}")
        if example.person is not None:
            keys.append(f"person:{example.person.id}")
        pairs += [(first.setdefault(key, place), place) for key in keys]
    starts = track(range(0, len(distinct), _BLOCK), doing="Encoding texts")
    parts = [encoder.encode(distinct[start : start + _BLOCK]) for start in starts]
    vectors = np.concatenate(parts) if parts else np.empty((0, encoder.dim), np.float32)
    places = np.array([first[f"text:{text}"] for text in distinct], dtype=np.int64)
    links = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    both = np.concatenate([links, places[near_pairs(vectors, same_above)]])
    size = len(examples)
    graph = coo_array((np.ones(len(both), bool), (both[:, 0], both[:, 1])), shape=(size, size))
    _, components = connected_components(graph, directed=False)
    order: dict[int, int] = {}
    return np.array(
        [order.setdefault(component, len(order)) for component in components.tolist()], dtype=np.int64
    )


def near_pairs(vectors: Vectors, limit: float) -> NDArray[np.int64]:
    """Pairs `(n_pairs, 2)` of rows of unit vectors with a cosine of at least `limit`, smaller row first."""
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(vectors), _BLOCK):
        rows, columns = np.nonzero(vectors[start : start + _BLOCK] @ vectors[start:].T >= limit)
        upper = columns > rows
        pairs.append(np.stack([rows[upper], columns[upper]], axis=1) + start)
    return np.concatenate(pairs)


def _newest(examples: Sequence[Example], groups: NDArray[np.int64]) -> dict[int, datetime | None]:
    """The newest time of each group, in the order of the groups."""
    newest: dict[int, datetime | None] = {}
    for group, example in zip(groups.tolist(), examples, strict=True):
        before = newest.setdefault(group, example.asked_at)
        if example.asked_at is not None and (before is None or example.asked_at > before):
            newest[group] = example.asked_at
    return newest


def _by_time(times: dict[int, datetime], sizes: Counter[int], shares: Shares) -> tuple[dict[int, Split], int]:
    """The split of each group, and how many stay in train for their size."""
    total = sum(sizes[group] for group in times)
    room: dict[Split, int] = {
        "test": round(total * shares.test),
        "validation": round(total * shares.validation),
    }
    largest = dict(room)
    open_splits: list[Split] = ["test", "validation"]
    split_of: dict[int, Split] = {}
    too_large = 0
    for group in sorted(times, key=lambda group: (times[group], group), reverse=True):
        while open_splits and room[open_splits[0]] <= 0:
            open_splits.pop(0)
        split_of[group] = "train"
        if open_splits and sizes[group] > largest[open_splits[0]]:
            too_large += 1
        elif open_splits:
            split_of[group] = open_splits[0]
            room[open_splits[0]] -= sizes[group]
    return split_of, too_large


def _at_random(
    timeless: Sequence[int], examples: Sequence[Example], groups: NDArray[np.int64], shares: Shares, seed: int
) -> dict[int, Split]:
    """By the labels of each group: as many of a label's rows as the shares say, rounded."""
    labels: dict[int, Counter[str]] = {group: Counter() for group in timeless}
    for group, example in zip(groups.tolist(), examples, strict=True):
        if group in labels:
            labels[group][f"{example.config}:{example.label}"] += 1
    rows = sum(labels.values(), Counter[str]())
    room: dict[Split, dict[str, int]] = {
        "test": {label: round(count * shares.test) for label, count in rows.items()},
        "validation": {label: round(count * shares.validation) for label, count in rows.items()},
    }
    split_of: dict[int, Split] = dict.fromkeys(timeless, "train")
    for place in np.random.default_rng(seed).permutation(len(timeless)):
        group = timeless[place]
        for split, left in room.items():
            if all(left[label] >= count for label, count in labels[group].items()):
                split_of[group] = split
                for label, count in labels[group].items():
                    left[label] -= count
                break
    return split_of
