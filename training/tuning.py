"""Tunes an encoder to tell labels apart, with torch; calibrates, measures and exports nothing."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.results import Track, untracked
from model.errors import ConfigurationError, DataError
from model.spoken import spoken_text
from training.checkpoints import Checkpoints
from training.torch_texts import pace, pooled, vectors_of

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_SCALE = 20.0
"""Multiplies the cosine to a label's direction: cosines alone are too alike to tell labels apart."""
_SORTED_BATCHES = 16
"""Batches within which texts are put together by length; padding would double the time."""


@dataclass(frozen=True, slots=True)
class TuningOptions:
    """How an encoder is tuned; refuses what cannot work."""

    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 1e-4
    """Of the last layer, after a tenth of the steps; it falls to 0 along a line."""
    layer_decay: float = 0.85
    """Each layer learns at this share of the one above it (Howard & Ruder 2018)."""
    head_learning_rate: float = 1e-3
    cross_entropy_weight: float = 1.0
    """Of the cross-entropy in the loss."""
    contrastive_weight: float = 1.0
    """Of the supervised contrastive loss beside it; 0 leaves it out."""
    contrastive_temperature: float = 0.1
    views: int = 2
    """How often a text stands in its batch, each time under another dropout (Gao et al. 2021)."""
    balanced: bool = False
    """Whether labels weigh alike in the cross-entropy, however many texts they have."""
    words: bool = False
    """Whether word embeddings are tuned too: worth it for many texts in a language of their own."""
    original_share: float = 0.5
    """Of the weights as they were before, in what comes out: the mean of both knows the labels and forgets
    less (Wortsman et al. 2022). Right of 1,000 held-out texts of BANKING77 at shares of 0, .4 and .6: 933,
    936 and 940; with ten texts a label .866, .869 and .872. Of tweets by sentiment each share lost."""
    spoken: bool = False
    """Whether texts are read as `model.spoken` says them: links, names and emoji in words."""
    max_tokens: int = 64
    """Longer texts are cut while tuning."""
    checkpoint_seconds: float = 60.0
    """How often the state is kept."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises `ConfigurationError` for an option out of range."""
        for name in ("epochs", "learning_rate", "head_learning_rate", "contrastive_temperature"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be above 0")
        weights = self.cross_entropy_weight, self.contrastive_weight
        if min(weights) < 0 or max(weights) == 0:
            raise ConfigurationError(
                f"cross_entropy_weight is {weights[0]}, contrastive_weight {weights[1]}; "
                "neither may be below 0, and one must be above"
            )
        if not 0 <= self.original_share < 1:
            raise ConfigurationError(f"original_share is {self.original_share}; it must be in [0, 1)")
        if self.views not in (1, 2):
            raise ConfigurationError(f"views is {self.views}; it must be 1 or 2")
        if self.batch_size < 2 or self.max_tokens < 4:
            raise ConfigurationError(
                f"batch_size is {self.batch_size}, max_tokens {self.max_tokens}; at least 2 and 4 are needed"
            )


TUNING: Mapping[str, TuningOptions] = {
    "intents": TuningOptions(),
    "sentiment": TuningOptions(
        epochs=3,
        layer_decay=0.9,
        contrastive_weight=0.0,
        views=1,
        balanced=True,
        words=True,
        original_share=0.0,
        spoken=True,
    ),
}
"""What proved best for a kind of labels. Sentiment has three labels of unlike size, each as important, and
learns from many texts whose words the encoder has hardly met."""


def tune(
    model: "SentenceTransformer",
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    options: TuningOptions,
    checkpoints: Path | None = None,
    track: Track = untracked,
) -> None:
    """Tunes the model in place.

    Cross-entropy on scaled cosines to one direction a label, which starts at the mean of the label's texts,
    plus a supervised contrastive loss that draws the texts of a label together (Khosla et al. 2020). In the
    end the weights are mixed with those from before, by `original_share`.

    State is kept in the folder `checkpoints` now and then. When it is run again with the same arguments
    after an interruption it goes on from there, to the very same weights: batches and dropout are drawn
    by seed and step. Raises `DataError` for fewer than two labels.
    """
    import torch

    names = sorted(set(labels))
    if len(names) < 2:
        raise DataError(f"tuning needs texts of two labels at least, got {names}")
    if options.spoken:
        texts = [spoken_text(text) for text in texts]
    targets = torch.tensor([names.index(label) for label in labels], device=model.device)
    original = {name: weights.clone() for name, weights in model.state_dict().items()}
    head = _Head(model, texts, targets, len(names), options)
    optimiser, rates = _optimiser(model, head, options)
    trainable = [one for group in optimiser.param_groups for one in group["params"]]
    batches = _batches(texts, options)
    kept = _checkpoints(checkpoints, _key(model, texts, labels, options), options)
    begin = kept.restore(trainable, optimiser) if kept else 0
    for number in track(range(begin, len(batches)), doing="Tuning the encoder"):
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * pace(number, len(batches))
        torch.manual_seed(options.seed * 1_000_003 + number)  # dropout
        rows = batches[number] * options.views
        model.train()
        vectors = pooled(model, [texts[i] for i in rows], max_tokens=options.max_tokens)
        loss = head.loss(vectors, targets[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimiser.step()
        if kept:
            kept.keep(number + 1, trainable, optimiser, last=number + 1 == len(batches))
    _mix(model, original, options.original_share)
    model.eval()


def _mix(model: "SentenceTransformer", original: Mapping[str, "torch.Tensor"], share: float) -> None:
    """Moves the model's weights back towards the original ones, by this share of the way."""
    import torch

    with torch.no_grad():
        for name, weights in model.state_dict().items():
            if weights.is_floating_point():
                weights.lerp_(original[name], share)


def _checkpoints(folder: Path | None, key: str, options: TuningOptions) -> Checkpoints | None:
    return Checkpoints(folder, key=key, every_seconds=options.checkpoint_seconds) if folder else None


class _Head:
    """One direction and one bias a label, trained along and then left: linear heads are fitted anew."""

    def __init__(
        self,
        model: "SentenceTransformer",
        texts: Sequence[str],
        targets: "torch.Tensor",
        n_labels: int,
        options: TuningOptions,
    ) -> None:
        import torch

        vectors = torch.from_numpy(vectors_of(model, texts, max_tokens=options.max_tokens)).to(model.device)
        sums = torch.zeros(n_labels, vectors.shape[1], device=model.device).index_add_(0, targets, vectors)
        self.directions = torch.nn.Parameter(torch.nn.functional.normalize(sums, dim=1))
        self.bias = torch.nn.Parameter(torch.zeros(n_labels, device=model.device))
        self._options = options
        counts = torch.bincount(targets, minlength=n_labels).float()
        self._weights = counts.sum() / (n_labels * counts) if options.balanced else None

    def loss(self, vectors: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """What is brought down: cross-entropy, and the contrastive loss where it has a weight."""
        import torch

        directions = torch.nn.functional.normalize(self.directions, dim=1)
        scores = _SCALE * vectors @ directions.T + self.bias
        options = self._options
        entropy = torch.nn.functional.cross_entropy(scores, targets, weight=self._weights)
        loss: torch.Tensor = options.cross_entropy_weight * entropy
        if not options.contrastive_weight:
            return loss
        apart = contrastive_loss(vectors, targets, options.contrastive_temperature)
        return loss + options.contrastive_weight * apart


def contrastive_loss(vectors: "torch.Tensor", targets: "torch.Tensor", temperature: float) -> "torch.Tensor":
    """Supervised contrastive loss of unit vectors `(n, dim)` (Khosla et al. 2020, equation 2).

    For each text, the mean over the others of its label of how unlikely they are to be picked by a softmax
    over cosines to all others, divided by `temperature`; the mean over the texts that have such others, 0
    where none has.
    """
    import torch

    itself = torch.eye(len(targets), dtype=torch.bool, device=targets.device)
    alike = (targets[:, None] == targets[None, :]) & ~itself
    cosines = (vectors @ vectors.T / temperature).masked_fill(itself, -1e4)
    log_shares = cosines - torch.logsumexp(cosines, dim=1, keepdim=True)
    counts = alike.sum(1)
    paired = counts > 0
    if not bool(paired.any()):
        return vectors.sum() * 0
    means = (log_shares * alike).sum(1)[paired] / counts[paired]
    return -means.mean()


def _optimiser(
    model: "SentenceTransformer", head: _Head, options: TuningOptions
) -> tuple["torch.optim.AdamW", list[float]]:
    """The optimiser, and the greatest rate of each of its groups: the layers from above, then the head."""
    import torch

    network = model[0].auto_model
    layers = [network.embeddings, *network.encoder.layer]
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    groups: list[dict[str, Any]] = []  # torch's own layout
    for above, layer in enumerate(reversed(layers if options.words else layers[1:])):
        layer.requires_grad_(True)
        rate = options.learning_rate * options.layer_decay**above
        groups.append({"params": list(layer.parameters()), "lr": rate, "weight_decay": 0.01})
    of_head = [head.directions, head.bias]
    groups.append({"params": of_head, "lr": options.head_learning_rate, "weight_decay": 0.0})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6), [float(one["lr"]) for one in groups]


def _batches(texts: Sequence[str], options: TuningOptions) -> list[list[int]]:
    """Positions of the texts, batch by batch, for all epochs; texts of like length share a batch."""
    batches: list[list[int]] = []
    size = options.batch_size
    for epoch in range(options.epochs):
        rng = np.random.default_rng([options.seed, epoch])
        order = rng.permutation(len(texts))
        for start in range(0, len(order), size * _SORTED_BATCHES):
            near = sorted(order[start : start + size * _SORTED_BATCHES], key=lambda i: len(texts[i]))
            parts = [[int(i) for i in near[at : at + size]] for at in range(0, len(near), size)]
            batches += [parts[i] for i in rng.permutation(len(parts))]
    return batches


def _key(
    model: "SentenceTransformer", texts: Sequence[str], labels: Sequence[str], options: TuningOptions
) -> str:
    """Digest of everything that the weights depend on."""
    digest = hashlib.sha256(json.dumps([asdict(options), list(texts), list(labels)]).encode())
    for tensor in model[0].auto_model.state_dict().values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
