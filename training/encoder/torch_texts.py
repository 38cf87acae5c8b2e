"""What trainings of an encoder in torch share: texts through it, in batches; trains nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.types import Vectors

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BatchEncoding

_BATCH = 128
_SORTED_BATCHES = 16
"""Batches within which texts are put together by length; padding would double the time."""


def fastest_device() -> str:
    """Where to train: `cuda` where torch finds such a device, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def batches_of(texts: Sequence[str], *, size: int, epochs: int, seed: int) -> list[list[int]]:
    """Positions of the texts, batch by batch, for all epochs; texts of like length share a batch."""
    batches: list[list[int]] = []
    for epoch in range(epochs):
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(texts))
        for start in range(0, len(order), size * _SORTED_BATCHES):
            near = sorted(order[start : start + size * _SORTED_BATCHES], key=lambda i: len(texts[i]))
            parts = [[int(i) for i in near[at : at + size]] for at in range(0, len(near), size)]
            batches += [parts[i] for i in rng.permutation(len(parts))]
    return batches


def pooled(model: "SentenceTransformer", texts: Sequence[str], *, max_tokens: int) -> "torch.Tensor":
    """Unit vectors of at least one text, mean-pooled, shape `(n_texts, dim)`, in single precision."""
    import torch

    tokens = tokens_of(model, texts, max_tokens=max_tokens)
    weights = tokens["attention_mask"].unsqueeze(-1).float()
    means = (states(model, tokens) * weights).sum(1) / weights.sum(1)
    vectors: torch.Tensor = torch.nn.functional.normalize(means, dim=1)
    return vectors


def tokens_of(model: "SentenceTransformer", texts: Sequence[str], *, max_tokens: int) -> "BatchEncoding":
    """`input_ids` and `attention_mask` of at least one text, padded to the longest, `(n_texts, n_tokens)`."""
    tokens: BatchEncoding = model.tokenizer(
        list(texts), padding=True, truncation=True, max_length=max_tokens, return_tensors="pt"
    )
    return tokens.to(model.device)


def states(model: "SentenceTransformer", tokens: "BatchEncoding") -> "torch.Tensor":
    """What the last layer makes of each token, `(n_texts, n_tokens, dim)`, in single precision."""
    with in_half_precision(model):
        hidden: torch.Tensor = model[0].auto_model(**tokens).last_hidden_state
    return hidden.float()


def in_half_precision(model: "SentenceTransformer") -> "torch.autocast":
    """A context in which layers are computed in bfloat16, where the model is on a device that is fast at it.

    It takes a third of the time on recent processors.
    """
    import torch

    device = model.device.type
    return torch.autocast(device, dtype=torch.bfloat16, enabled=_bfloat16_is_fast(device))


def vectors_of(model: "SentenceTransformer", texts: Sequence[str], *, max_tokens: int) -> Vectors:
    """The same as `pooled` without gradient or dropout, in the order given; shape `(0, dim)` for none."""
    import torch

    model.eval()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors = np.empty((len(texts), int(model.get_embedding_dimension() or 0)), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = pooled(model, [texts[i] for i in rows], max_tokens=max_tokens).cpu().numpy()
    return vectors


def _bfloat16_is_fast(device: str) -> bool:
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
