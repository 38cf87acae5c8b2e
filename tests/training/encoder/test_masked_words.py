"""Reading texts: which words are hidden, that they are guessed better, the same weights again."""

from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer

from eval.results import Track, untracked
from serving.settings import DEFAULT_ENCODER
from tests.training.training_parts import Counted, interrupted_after
from training.encoder.checkpoints import Checkpoints
from training.encoder.export import load_torch
from training.encoder.masked_words import _mask, read_texts
from training.encoder.torch_texts import states, tokens_of

TEXTS = (
    "my leaves are yellow",
    "brown spots on the basil",
    "my card was charged twice",
    "send me an invoice for the garden",
)


def read(
    kept: Checkpoints | None = None, track: Track = untracked, *, epochs: int = 4
) -> SentenceTransformer:
    model = load_torch(DEFAULT_ENCODER)
    read_texts(model, TEXTS, epochs=epochs, max_tokens=64, seed=3, state=kept, track=track)
    return model


def weights(model: SentenceTransformer) -> torch.Tensor:
    return torch.cat([one.detach().flatten() for one in model[0].auto_model.parameters()])


def test_a_seventh_of_the_words_is_guessed_most_of_them_hidden_and_no_mark_ever() -> None:
    torch.manual_seed(0)
    model = load_torch(DEFAULT_ENCODER)
    tokens = tokens_of(model, ["the basil has brown spots " * 12, "pale mint"] * 100, max_tokens=64)
    before = tokens["input_ids"].clone()
    words = before > 103  # below are padding and marks
    guessed = _mask(model, tokens)
    after = tokens["input_ids"]
    assert not bool((guessed & ~words).any())
    assert torch.equal(after[~guessed], before[~guessed])
    # Of 6,200 words 15 % are guessed, 930 +- 84 at three standard deviations; of those 80 % are hidden,
    # 10 % are shown as they were.
    assert int(words.sum()) == 100 * (60 + 2)
    assert int(guessed.sum()) == pytest.approx(930, abs=84)
    n = int(guessed.sum())
    assert int((after[guessed] == model.tokenizer.mask_token_id).sum()) == pytest.approx(0.8 * n, abs=38)
    assert int((after[guessed] == before[guessed]).sum()) == pytest.approx(0.1 * n, abs=30)


def test_what_was_read_is_guessed_better() -> None:
    def nearer(model: SentenceTransformer) -> int:
        """How many of the 30,522 words are more like what stands for the mask than "charged" is."""
        tokens = tokens_of(model.eval(), ["my card was [MASK] twice"], max_tokens=64)
        words = model[0].auto_model.embeddings.word_embeddings.weight.detach()
        with torch.inference_mode():
            likeness = words @ states(model, tokens)[0, 4]
        return int((likeness > likeness[model.tokenizer.convert_tokens_to_ids("charged")]).sum())

    assert nearer(load_torch(DEFAULT_ENCODER)) > 20_000
    assert nearer(read(epochs=30)) < 5_000


def test_an_interrupted_reading_goes_on_to_the_very_same_weights(tmp_path: Path) -> None:
    counted = Counted()
    kept = Checkpoints(tmp_path, key="these texts", every_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        read(kept, interrupted_after(2, of="Reading texts"))
    again = read(kept, counted)
    assert counted.steps == {"Reading texts": 2}  # of four steps
    assert torch.equal(weights(again), weights(read()))
