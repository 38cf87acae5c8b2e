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

from eval.results import Track, untracked
from model.errors import ConfigurationError
from model.types import Vectors
from training.encoder.checkpoints import Checkpoints
from training.encoder.pairs import Pair, Pairs, hard_negative
from training.encoder.torch_loop import descend
from training.encoder.torch_texts import pooled

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_MAX_TOKENS = 64
"""Longer texts are cut in training: time grows with the longest, and what a passage is about comes first."""


@dataclass(frozen=True, slots=True)
class AdaptationOptions:
    """How an encoder is adapted; refuses what cannot work."""

    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 5e-5
    """Greatest, after a tenth of the steps; it falls to 0 along a line."""
    temperature: float = 0.05
    weak_weight: float = 0.3
    """What a batch of two texts of one intent counts."""
    keep_weight: float = 5.0
    """What the distance of general texts from where they were counts: 1 - cosine, on average."""
    keep_texts: int = 16
    """General texts a step."""
    seed: int = 0
    checkpoint_seconds: float = 120.0
    """How often the state is kept; half a second's work."""

    def __post_init__(self) -> None:
        """Raises `ConfigurationError` for an option out of range."""
        for name in ("epochs", "batch_size", "learning_rate", "temperature"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be above 0")
        if self.batch_size < 2:
            raise ConfigurationError("batch_size is 1; the other texts of a batch are what it learns from")


@dataclass(frozen=True, slots=True, eq=False)
class GeneralTexts:
    """Texts that any business's customers may write, with the vectors that they should keep."""

    texts: Sequence[str]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class _Step:
    pairs: tuple[Pair, ...]
    negatives: tuple[tuple[str, str], ...]
    """Text and ref."""
    weight: float
    kept: tuple[int, ...]


def adapt(
    model: "SentenceTransformer",
    pairs: Pairs,
    general: GeneralTexts,
    *,
    options: AdaptationOptions,
    checkpoints: Path,
    track: Track = untracked,
) -> None:
    """Trains the model in place, its word embeddings apart, which few texts could only spoil.

    State is kept in the folder `checkpoints` now and then. When it is run again with the same arguments after
    an interruption it goes on from there, to the very same weights: steps are drawn before, without dropout.
    """
    import torch

    trainable = _trainable(model)
    steps = _steps(pairs, general, options)
    optimiser = torch.optim.AdamW(trainable, lr=options.learning_rate, weight_decay=0.01)
    key = _key(model.tokenizer.name_or_path, pairs, general, options)
    kept = Checkpoints(checkpoints, key=key, every_seconds=options.checkpoint_seconds)

    def backward(number: int) -> None:
        _loss(model, steps[number], general, options).backward()  # type: ignore[no-untyped-call]

    descend(
        optimiser,
        backward,
        steps=len(steps),
        seed=options.seed,
        kept=kept,
        track=track,
        doing="Adapting the encoder",
    )


def _trainable(model: "SentenceTransformer") -> "list[torch.nn.Parameter]":
    model.eval()  # no dropout: the same steps give the same weights
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("embeddings" not in name)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _steps(pairs: Pairs, general: GeneralTexts, options: AdaptationOptions) -> list[_Step]:
    """All steps of all epochs, drawn beforehand; sure and weak pairs in batches of their own, mixed."""
    rng = np.random.default_rng(options.seed)
    steps = []
    for _ in range(options.epochs):
        epoch = [
            _step(batch, weight, general, options, rng)
            for group, weight in ((pairs.sure, 1.0), (pairs.weak, options.weak_weight))
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


def _step(
    batch: tuple[Pair, ...],
    weight: float,
    general: GeneralTexts,
    options: AdaptationOptions,
    rng: np.random.Generator,
) -> _Step:
    drawn = [hard_negative(pair, rng) for pair in batch]
    count = min(options.keep_texts, len(general.texts))
    kept = tuple(int(i) for i in rng.choice(len(general.texts), count, replace=False)) if count else ()
    return _Step(batch, tuple((one.search_text, one.ref) for one in drawn if one is not None), weight, kept)


def _loss(
    model: "SentenceTransformer", step: _Step, general: GeneralTexts, options: AdaptationOptions
) -> "torch.Tensor":
    import torch

    anchors = pooled(model, [pair.anchor for pair in step.pairs], max_tokens=_MAX_TOKENS)
    held_against = [pair.positive for pair in step.pairs] + [text for text, _ in step.negatives]
    others = pooled(model, held_against, max_tokens=_MAX_TOKENS)
    loss = step.weight * _ranking_loss(anchors, others, _same_need(step), options.temperature)
    if step.kept:
        now = pooled(model, [general.texts[i] for i in step.kept], max_tokens=_MAX_TOKENS)
        then = torch.from_numpy(general.vectors[list(step.kept)])
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


def _same_need(step: _Step) -> "torch.Tensor":
    """Which texts held against an anchor are about a need of its own, or are the anchor itself."""
    import torch

    texts = [pair.positive for pair in step.pairs] + [text for text, _ in step.negatives]
    needs = [pair.needs for pair in step.pairs] + [frozenset({ref}) for _, ref in step.negatives]
    return torch.tensor(
        [
            [
                not pair.needs.isdisjoint(other) or pair.anchor == text
                for other, text in zip(needs, texts, strict=True)
            ]
            for pair in step.pairs
        ]
    )


def _key(name: str, pairs: Pairs, general: GeneralTexts, options: AdaptationOptions) -> str:
    """Digest of everything that the weights depend on."""
    digest = hashlib.sha256(json.dumps([name, asdict(options), list(general.texts)]).encode())
    digest.update(np.ascontiguousarray(general.vectors).tobytes())
    for pair in (*pairs.sure, *pairs.weak):
        negatives = [one.key for one in pair.negatives]
        digest.update(json.dumps([pair.anchor, pair.positive, sorted(pair.needs), negatives]).encode())
    return digest.hexdigest()
