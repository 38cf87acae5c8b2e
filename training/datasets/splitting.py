"""Puts examples into train, validation and test so that nothing is asked again across them; drops none."""

from collections import Counter, defaultdict
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
                f"shares are {self.validation} for validation and {self.test} for test; give two of "
                f"at least 0 "
                "that leave something to train on"
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
    sizes = Counter(groups.tolist())
    placed: dict[int, Split] = {}
    too_large = _by_time(timed, sizes, wanted, placed)
    _at_random([one for one in times if one not in timed], examples, groups, wanted, seed, placed)
    return Splitting(groups, tuple(placed[group] for group in groups.tolist()), too_large)


def group_examples(
    examples: Sequence[Example],
    encoder: Encoder,
    *,
    same_above: float = SAME_ABOVE,
    track: Track = untracked,
) -> NDArray[np.int64]:
    """The group number of each example, `(n_examples,)`."""
    texts = [normalised(example.text) for example in examples]
    distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    pairs: list[tuple[int, int]] = []
    first: dict[str, int] = {}
    for place, (example, text) in enumerate(zip(examples, texts, strict=True)):
        for key in (*_keys(example), f"text:{text}"):
            pairs.append((first.setdefault(key, place), place))
    links = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    near = near_pairs(_encoded(list(distinct), encoder, track), same_above)
    places = np.array([first[f"text:{text}"] for text in distinct], dtype=np.int64)
    both = np.concatenate([links, places[near]])
    size = len(examples)
    graph = coo_array((np.ones(len(both), bool), (both[:, 0], both[:, 1])), shape=(size, size))
    _, found = connected_components(graph, directed=False)
    order: dict[int, int] = {}
    return np.array([order.setdefault(one, len(order)) for one in found.tolist()], dtype=np.int64)


def near_pairs(vectors: Vectors, limit: float) -> NDArray[np.int64]:
    """Pairs `(n_pairs, 2)` of rows of unit vectors whose cosine is at least `limit`, the smaller "
    "row first."""
    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(vectors), _BLOCK):
        rows, columns = np.nonzero(vectors[start : start + _BLOCK] @ vectors[start:].T >= limit)
        upper = columns > rows
        found.append(np.stack([rows[upper], columns[upper]], axis=1) + start)
    return np.concatenate(found)


def _encoded(texts: Sequence[str], encoder: Encoder, track: Track) -> Vectors:
    starts = range(0, len(texts), _BLOCK)
    parts = [encoder.encode(texts[at : at + _BLOCK]) for at in track(starts, doing="Encoding texts")]
    return np.concatenate(parts) if parts else np.empty((0, encoder.dim), np.float32)


def _keys(example: Example) -> list[str]:
    keys = list(example.keys)
    if example.conversation_id is not None:
        keys.append(f"conversation:{example.conversation_id}")
    if example.person is not None:
        keys.append(f"person:{example.person.id}")
    return keys


def _newest(examples: Sequence[Example], groups: NDArray[np.int64]) -> dict[int, datetime | None]:
    """The newest time of each group, in the order of the groups."""
    newest: dict[int, datetime | None] = {}
    for group, example in zip(groups.tolist(), examples, strict=True):
        before = newest.setdefault(group, example.asked_at)
        if example.asked_at is not None and (before is None or example.asked_at > before):
            newest[group] = example.asked_at
    return newest


def _by_time(
    times: dict[int, datetime], sizes: Counter[int], shares: Shares, placed: dict[int, Split]
) -> int:
    total = sum(sizes[group] for group in times)
    room: dict[Split, int] = {
        "test": round(total * shares.test),
        "validation": round(total * shares.validation),
    }
    largest = dict(room)
    open_splits: list[Split] = ["test", "validation"]
    too_large = 0
    for group in sorted(times, key=lambda one: (times[one], one), reverse=True):
        while open_splits and room[open_splits[0]] <= 0:
            open_splits.pop(0)
        if not open_splits:
            placed[group] = "train"
        elif sizes[group] > largest[open_splits[0]]:
            placed[group] = "train"
            too_large += 1
        else:
            placed[group] = open_splits[0]
            room[open_splits[0]] -= sizes[group]
    return too_large


def _at_random(
    names: Sequence[int],
    examples: Sequence[Example],
    groups: NDArray[np.int64],
    shares: Shares,
    seed: int,
    placed: dict[int, Split],
) -> None:
    """By the most frequent label of each group: as many of a label's rows as the shares say, rounded."""
    wanted = set(names)
    labels: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for group, example in zip(groups.tolist(), examples, strict=True):
        if group in wanted:
            labels[group][f"{example.config}:{example.label}"] += 1
    rows: Counter[str] = Counter()
    for counted in labels.values():
        rows.update(counted)
    room = {
        "test": {label: round(count * shares.test) for label, count in rows.items()},
        "validation": {label: round(count * shares.validation) for label, count in rows.items()},
    }
    order = np.random.default_rng(seed).permutation(len(names))
    for group in (names[place] for place in order):
        placed[group] = "train"
        for split in ("test", "validation"):
            if all(room[split][label] >= count for label, count in labels[group].items()):
                placed[group] = "test" if split == "test" else "validation"
                for label, count in labels[group].items():
                    room[split][label] -= count
                break
