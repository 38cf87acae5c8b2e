"""Tunes an encoder to tell labels apart, with torch; calibrates, measures and exports nothing."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.tracking import Step
from eval.results import Track, untracked
from model.errors import ConfigurationError, DataError
from model.heads.tweet_text import spoken_text
from training.encoder.checkpoints import Checkpoints
from training.encoder.masked_words import read_texts
from training.encoder.torch_loop import train_steps
from training.encoder.torch_texts import batches_of, pooled, vectors_of

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_SCALE = 20.0
"""Multiplies the cosine to a label's direction: cosines alone are too alike to tell labels apart."""
_HEAD_LEARNING_RATE = 1e-3
_CONTRAST_TEMPERATURE = 0.1


@dataclass(frozen=True, slots=True)
class TuningOptions:
    """How an encoder is tuned; refuses what cannot work."""

    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 1e-4
    """Of the last layer, after a tenth of the steps; it falls to 0 along a line."""
    layer_decay: float = 0.85
    """Each layer learns at this share of the one above it (Howard & Ruder 2018)."""
    contrastive: bool = True
    """Whether a supervised contrastive loss stands beside the cross-entropy; each text is then twice in its
    batch, each time under another dropout (Gao et al. 2021)."""
    balanced: bool = False
    """Whether labels weigh alike in the cross-entropy, however many texts they have."""
    words: bool = False
    """Whether word embeddings are tuned too: worth it for many texts in a language of their own."""
    least_to_read: int = 5000
    """With fewer texts than this none is read. Kernel regression on held-out texts of BANKING77, with and
    without reading: .938 and .934 with 8,000 training texts, .904 and .904 with 2,310, .839 and .842 with
    770."""
    reading_epochs: int = 20
    """How often the words of texts are guessed before labels are learned (`masked_words`); 0 for never."""
    averaged: bool = True
    """Whether what comes out is the mean of the weights from before, those that have read, if they have, and
    those that know the labels: it knows them and forgets less (Wortsman et al. 2022)."""
    adversarial: float = 0.0
    """Length of a step in the word embeddings that makes the loss worse; each batch is learned after it
    again, and should be read alike (Miyato et al. 2017, Miyato et al. 2018). 0 for none; twice the time."""
    spoken: bool = False
    """Whether texts are read as `model.heads.tweet_text` says them: links, names and emoji in words."""
    max_tokens: int = 64
    """Longer texts are cut while tuning."""
    checkpoint_seconds: float = 60.0
    """How often the state is kept."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises `ConfigurationError` for an option out of range."""
        least: dict[str, float] = {"epochs": 1, "batch_size": 2, "reading_epochs": 0, "adversarial": 0}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be at least {value:g}")
        if self.learning_rate <= 0:
            raise ConfigurationError(f"learning_rate is {self.learning_rate}; it must be above 0")
        if self.adversarial and not self.words:
            raise ConfigurationError("adversarial steps are taken in word embeddings; set words as well")


TUNING: Mapping[str, TuningOptions] = {
    "intents": TuningOptions(),
    "sentiment": TuningOptions(
        epochs=3,
        layer_decay=0.9,
        contrastive=False,
        balanced=True,
        words=True,
        reading_epochs=0,
        averaged=False,
        adversarial=0.5,
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
) -> dict[str, list[Step]]:
    """Tunes the model in place; gives the losses of each stage, `words.loss` and `labels.loss`.

    Of many texts it first reads the words (`least_to_read`, `reading_epochs`). Then it learns the labels:
    cross-entropy on scaled cosines to one direction a label, which starts at the mean of the label's texts,
    plus a supervised contrastive loss that draws the texts of a label together (Khosla et al. 2020).

    State is kept in the folder `checkpoints` now and then. When it is run again with the same arguments
    after an interruption it goes on from there, to the very same weights: batches and dropout are drawn
    by seed and step. Raises `DataError` for fewer than two labels.
    """
    if len(set(labels)) < 2:
        raise DataError(f"tuning needs texts of two labels at least, got {sorted(set(labels))}")
    if options.spoken:
        texts = [spoken_text(text) for text in texts]
    losses: dict[str, list[Step]] = {}
    reads = bool(options.reading_epochs) and len(texts) >= options.least_to_read
    for number, stage in enumerate(("words", "labels") if reads else ("labels",), start=1):
        before = {name: weights.clone() for name, weights in model.state_dict().items()}
        state = None
        if checkpoints is not None:
            key = _key(model, texts, labels if stage == "labels" else (), options)
            state = Checkpoints(checkpoints / stage, key=key, every_seconds=options.checkpoint_seconds)
        if stage == "words":
            how = {"epochs": options.reading_epochs, "max_tokens": options.max_tokens, "seed": options.seed}
            losses["words.loss"] = read_texts(model, texts, **how, state=state, track=track)
        else:
            losses["labels.loss"] = _learn(model, texts, labels, options, state, track)
        if options.averaged:
            _mix(model, before, number / (number + 1))
    model.eval()
    return losses


def _mix(model: "SentenceTransformer", before: Mapping[str, "torch.Tensor"], share: float) -> None:
    """Moves the model's weights back towards those from before, by this share of the way."""
    import torch

    with torch.no_grad():
        for name, weights in model.state_dict().items():
            if weights.is_floating_point():
                weights.lerp_(before[name], share)


def _learn(
    model: "SentenceTransformer",
    texts: Sequence[str],
    labels: Sequence[str],
    options: TuningOptions,
    state: Checkpoints | None,
    track: Track,
) -> list[Step]:
    """The stage that learns labels, and its losses."""
    import torch

    names = sorted(set(labels))
    targets = torch.tensor([names.index(label) for label in labels], device=model.device)
    head = _Head(model, texts, targets, len(names), options)
    batches = batches_of(texts, size=options.batch_size, epochs=options.epochs, seed=options.seed)

    def backward(number: int) -> torch.Tensor:
        rows = batches[number] * (2 if options.contrastive else 1)
        batch, true = [texts[i] for i in rows], targets[rows]
        model.train()
        vectors = pooled(model, batch, max_tokens=options.max_tokens)
        told = head.loss(vectors, true)
        told.backward()  # type: ignore[no-untyped-call]
        if options.adversarial:
            with _adversarial_words(model, options.adversarial):
                others = pooled(model, batch, max_tokens=options.max_tokens)
                loss = head.loss(others, true) + head.divergence(vectors, others)
                loss.backward()  # type: ignore[no-untyped-call]
        return told

    groups = _layer_groups(model, options)
    groups.append({"params": [head.directions, head.bias], "lr": _HEAD_LEARNING_RATE, "weight_decay": 0.0})
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)
    steps, doing = len(batches), "Tuning the encoder"
    return train_steps(
        optimiser, backward, steps=steps, seed=options.seed, state=state, track=track, doing=doing
    )


@contextmanager
def _adversarial_words(model: "SentenceTransformer", length: float) -> Iterator[None]:
    """Word embeddings moved this far against the gradient that they hold, for as long as it lasts."""
    import torch

    words = model[0].auto_model.get_input_embeddings().weight
    before, step = words.detach().clone(), words.grad / words.grad.norm().clamp(min=1e-9)
    with torch.no_grad():
        words.add_(step, alpha=length)
    try:
        yield
    finally:
        with torch.no_grad():
            words.copy_(before)


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
        self._contrastive = options.contrastive
        counts = torch.bincount(targets, minlength=n_labels).float()
        self._weights = counts.sum() / (n_labels * counts) if options.balanced else None

    def scores(self, vectors: "torch.Tensor") -> "torch.Tensor":
        """Of unit vectors `(n, dim)`, before softmax, `(n, n_labels)`."""
        import torch

        directions = torch.nn.functional.normalize(self.directions, dim=1)
        return _SCALE * vectors @ directions.T + self.bias

    def loss(self, vectors: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """What is brought down: cross-entropy, and the contrastive loss where that is wanted."""
        import torch

        loss: torch.Tensor = torch.nn.functional.cross_entropy(
            self.scores(vectors), targets, weight=self._weights
        )
        if not self._contrastive:
            return loss
        return loss + contrastive_loss(vectors, targets, _CONTRAST_TEMPERATURE)

    def divergence(self, vectors: "torch.Tensor", others: "torch.Tensor") -> "torch.Tensor":
        """How far what is said of `others` is from what is said of `vectors`: mean Kullback-Leibler, nats."""
        import torch

        expected, other = (self.scores(batch).log_softmax(dim=1) for batch in (vectors, others))
        return torch.nn.functional.kl_div(other, expected.detach(), log_target=True, reduction="batchmean")


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


def _layer_groups(model: "SentenceTransformer", options: TuningOptions) -> list[dict[str, Any]]:  # of torch
    """The layers that are tuned, from above, each with its greatest learning rate; the others are frozen."""
    network = model[0].auto_model.requires_grad_(False)
    layers = [*([network.embeddings] if options.words else []), *network.encoder.layer]
    return [
        {
            "params": list(layer.requires_grad_(True).parameters()),
            "lr": options.learning_rate * options.layer_decay**above,
            "weight_decay": 0.01,
        }
        for above, layer in enumerate(reversed(layers))
    ]


def _key(
    model: "SentenceTransformer", texts: Sequence[str], labels: Sequence[str], options: TuningOptions
) -> str:
    """Digest of everything that the weights depend on."""
    digest = hashlib.sha256(json.dumps([asdict(options), list(texts), list(labels)]).encode())
    for tensor in model[0].auto_model.state_dict().values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
