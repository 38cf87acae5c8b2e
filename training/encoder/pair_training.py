"""Adapts the encoder's weights to pairs of texts, with torch; it measures and exports nothing.

Multiple negatives ranking in both directions (Henderson et al. 2017, section 4.4), with the other texts of
the batch and mined passages as negatives, and a term that keeps the vectors of general texts where they were,
so that what the business never mentions is not forgotten.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eval.report.tracking import Step
from eval.results import Track, untracked
from model.errors import ConfigurationError
from model.types import Vectors
from training.encoder.checkpoints import Checkpoints
from training.encoder.pairs import Pair, Pairs, hard_negative
from training.encoder.torch_loop import train_steps
from training.encoder.torch_texts import pooled

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_MAX_TOKENS = 64
"""Longer texts are cut in training: time grows with the longest, and what a passage is about comes first."""
_TEMPERATURE = 0.05
_WEAK_WEIGHT = 0.3
"""What a batch of two texts of one intent counts."""
_KEEP_TEXTS = 16
"""General texts a step."""


@dataclass(frozen=True, slots=True)
class AdaptationOptions:
    """How an encoder is adapted; refuses what cannot work."""

    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 5e-5
    """Greatest, after a tenth of the steps; it falls to 0 along a line."""
    keep_weight: float = 5.0
    """What the distance of general texts from where they were counts: 1 - cosine, on average."""
    seed: int = 0
    checkpoint_seconds: float = 120.0
    """How often the state is kept; half a second's work."""

    def __post_init__(self) -> None:
        """Raises `ConfigurationError` for an option out of range."""
        if self.epochs < 1 or self.learning_rate <= 0:
            raise ConfigurationError(
                f"epochs is {self.epochs}, learning_rate {self.learning_rate}; both must be above 0"
            )
        if self.batch_size < 2:
            raise ConfigurationError(
                f"batch_size is {self.batch_size}; the other texts of a batch are what it learns from"
            )


@dataclass(frozen=True, slots=True, eq=False)
class GeneralTexts:
    """Texts that any business's customers may write, with the vectors that they should keep."""

    texts: Sequence[str]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class _Step:
    anchors: list[str]
    others: list[str]
    """What the anchors are held against: the positive of each, in their order, then the negatives."""
    needs: list[frozenset[str]]
    """What each of the others is about."""
    weight: float
    general_rows: list[int]


def adapt(
    model: "SentenceTransformer",
    pairs: Pairs,
    general: GeneralTexts,
    *,
    options: AdaptationOptions,
    checkpoints: Path,
    track: Track = untracked,
) -> list[Step]:
    """Trains the model in place, its word embeddings apart, which few texts could only spoil; the losses.

    State is kept in the folder `checkpoints` now and then. When it is run again with the same arguments after
    an interruption it goes on from there, to the very same weights: steps are drawn before, without dropout.
    """
    import torch

    model.eval()  # no dropout: the same steps give the same weights
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("embeddings" not in name)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trainable, lr=options.learning_rate, weight_decay=0.01)
    steps = _steps(pairs, general, options)
    key = _key(model.tokenizer.name_or_path, pairs, general, options)
    state = Checkpoints(checkpoints, key=key, every_seconds=options.checkpoint_seconds)

    def backward(number: int) -> torch.Tensor:
        loss = _loss(model, steps[number], general, options)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    count, doing = len(steps), "Adapting the encoder"
    return train_steps(
        optimiser, backward, steps=count, seed=options.seed, state=state, track=track, doing=doing
    )


def _steps(pairs: Pairs, general: GeneralTexts, options: AdaptationOptions) -> list[_Step]:
    """All steps of all epochs, drawn beforehand; sure and weak pairs in batches of their own, mixed."""
    rng = np.random.default_rng(options.seed)
    steps = []
    for _ in range(options.epochs):
        epoch = [
            _step(batch, weight, general, rng)
            for group, weight in ((pairs.sure, 1.0), (pairs.weak, _WEAK_WEIGHT))
            for batch in _batches(group, options.batch_size, rng)
        ]
        steps += [epoch[i] for i in rng.permutation(len(epoch))]
    return steps


def _batches(pairs: Sequence[Pair], size: int, rng: np.random.Generator) -> Iterator[tuple[Pair, ...]]:
    """The pairs shuffled and cut; a last one of its own, which nothing could be held against, is left out."""
    order = rng.permutation(len(pairs))
    for start in range(0, len(pairs), size):
        batch = tuple(pairs[i] for i in order[start : start + size])
        if len(batch) > 1:
            yield batch


def _step(batch: tuple[Pair, ...], weight: float, general: GeneralTexts, rng: np.random.Generator) -> _Step:
    negatives = [hard_negative(pair, rng) for pair in batch]
    count = min(_KEEP_TEXTS, len(general.texts))
    general_rows = rng.choice(len(general.texts), count, replace=False).tolist() if count else []
    return _Step(
        anchors=[pair.anchor for pair in batch],
        others=[pair.positive for pair in batch] + [passage.search_text for passage in negatives if passage],
        needs=[pair.needs for pair in batch] + [frozenset({passage.ref}) for passage in negatives if passage],
        weight=weight,
        general_rows=general_rows,
    )


def _loss(
    model: "SentenceTransformer", step: _Step, general: GeneralTexts, options: AdaptationOptions
) -> "torch.Tensor":
    import torch

    anchors = pooled(model, step.anchors, max_tokens=_MAX_TOKENS)
    others = pooled(model, step.others, max_tokens=_MAX_TOKENS)
    same_need = torch.tensor(  # or the anchor itself
        [
            [
                not own.isdisjoint(need) or anchor == text
                for need, text in zip(step.needs, step.others, strict=True)
            ]
            for anchor, own in zip(step.anchors, step.needs, strict=False)
        ]
    )
    loss = step.weight * _ranking_loss(anchors, others, same_need, _TEMPERATURE)
    if step.general_rows:
        now = pooled(model, [general.texts[row] for row in step.general_rows], max_tokens=_MAX_TOKENS)
        then = torch.from_numpy(general.vectors[step.general_rows])
        loss = loss + options.keep_weight * (1 - (now * then).sum(1)).mean()
    return loss


def _ranking_loss(
    anchors: "torch.Tensor", others: "torch.Tensor", same_need: "torch.Tensor", temperature: float
) -> "torch.Tensor":
    """Cross entropy of finding each anchor's positive, row i of `others`, and the other way round.

    `others`, shape `(n_pairs + n_negatives, dim)`; what `same_need`, `(n_pairs, len(others))`, marks apart
    from the positive itself is no negative.
    """
    import torch

    count = len(anchors)
    right = torch.arange(count)
    scores = anchors @ others.T / temperature
    scores = scores.masked_fill(same_need & ~torch.eye(count, len(others), dtype=torch.bool), -torch.inf)
    forth = torch.nn.functional.cross_entropy(scores, right)
    back = torch.nn.functional.cross_entropy(scores[:, :count].T, right)
    return (forth + back) / 2


def _key(name: str, pairs: Pairs, general: GeneralTexts, options: AdaptationOptions) -> str:
    """Digest of everything that the weights depend on."""
    digest = hashlib.sha256(json.dumps([name, asdict(options), list(general.texts)]).encode())
    digest.update(np.ascontiguousarray(general.vectors).tobytes())
    for pair in (*pairs.sure, *pairs.weak):
        negatives = [passage.key for passage in pair.negatives]
        digest.update(json.dumps([pair.anchor, pair.positive, sorted(pair.needs), negatives]).encode())
    return digest.hexdigest()
