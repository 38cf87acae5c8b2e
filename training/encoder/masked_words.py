"""Trains an encoder to guess masked words of texts, before it is told their labels; exports nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eval.report.tracking import Step
from eval.results import Track, untracked
from training.encoder.checkpoints import Checkpoints
from training.encoder.torch_loop import train_steps
from training.encoder.torch_texts import batches_of, in_half_precision, states, tokens_of

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BatchEncoding

_BATCH = 128
_LEARNING_RATE = 1e-4
_HEAD_LEARNING_RATE = 1e-3
_MASKED = 0.15
_AS_MASK, _AS_OTHER = 0.8, 0.1
"""Shares of the words to guess that are shown as the mask, and as another word; the rest stays as it is."""


def read_texts(
    model: "SentenceTransformer",
    texts: Sequence[str],
    *,
    epochs: int,
    max_tokens: int,
    seed: int,
    state: Checkpoints | None = None,
    track: Track = untracked,
) -> list[Step]:
    """Trains all weights of the model in place on texts without labels (Gururangan et al. 2020).

    Gives the losses, in nats a guessed word.

    Words are masked as BERT does it (Devlin et al. 2019): 15 % of them are guessed, of which 80 % are
    shown as the mask, 10 % as another word. A word's embedding, not a layer of its own, says how it is
    guessed. The model's vectors are worse for meaning right after this, since nothing trains their mean:
    mix its weights with those from before.
    """
    import torch

    network = model[0].auto_model.requires_grad_(True)
    guess = _guessing(network).to(model.device)
    groups = [
        {"params": list(network.parameters()), "lr": _LEARNING_RATE, "weight_decay": 0.01},
        {"params": list(guess.parameters()), "lr": _HEAD_LEARNING_RATE, "weight_decay": 0.0},
    ]
    batches = batches_of(texts, size=_BATCH, epochs=epochs, seed=seed)

    def backward(number: int) -> torch.Tensor:
        model.train()
        tokens = tokens_of(model, [texts[i] for i in batches[number]], max_tokens=max_tokens)
        words = tokens["input_ids"].clone()
        guessed = _mask(model, tokens)
        if not bool(guessed.any()):
            return torch.zeros((), device=words.device)
        with in_half_precision(model):
            scores = guess(states(model, tokens)[guessed])
        loss: torch.Tensor = torch.nn.functional.cross_entropy(scores.float(), words[guessed])
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)
    return train_steps(
        optimiser, backward, steps=len(batches), seed=seed, state=state, track=track, doing="Reading texts"
    )


def _mask(model: "SentenceTransformer", tokens: "BatchEncoding") -> "torch.Tensor":
    """Hides words of the texts in place; gives which ones are to be guessed, `(n_texts, n_tokens)`."""
    import torch

    ids, tokenizer = tokens["input_ids"], model.tokenizer
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids, device=ids.device))
    guessed = (torch.rand(ids.shape, device=ids.device) < _MASKED) & ~special
    drawn = torch.rand(ids.shape, device=ids.device)
    others = torch.randint(len(tokenizer), ids.shape, device=ids.device)
    ids[guessed & (drawn < _AS_MASK)] = tokenizer.mask_token_id
    as_other = guessed & (drawn >= 1 - _AS_OTHER)
    ids[as_other] = others[as_other]
    return guessed


def _guessing(network: "torch.nn.Module") -> "torch.nn.Module":
    """Scores of all words from the state of a masked one; starts near likeness to their embeddings."""
    import torch

    class Guess(torch.nn.Module):
        def __init__(self, words: torch.nn.Embedding) -> None:
            super().__init__()
            self._words = [words.weight]  # in a list: the network's, not this module's to train
            dim = words.embedding_dim
            self.turn = torch.nn.Linear(dim, dim)
            torch.nn.init.eye_(self.turn.weight)
            torch.nn.init.zeros_(self.turn.bias)
            self.norm = torch.nn.LayerNorm(dim)
            self.scale = torch.nn.Parameter(torch.tensor(1.0))
            self.bias = torch.nn.Parameter(torch.zeros(words.num_embeddings))

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            turned = self.norm(torch.nn.functional.gelu(self.turn(states)))
            scores: torch.Tensor = turned @ self._words[0].T * self.scale + self.bias
            return scores

    return Guess(network.get_input_embeddings())  # type: ignore[operator]
