"""An encoder of random weights, for tests that need another one than the default."""

import logging

import pytest

from training.encoder.export import bundled_weights_folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with an encoder of random weights, small enough to be trained in no time."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(bundled_weights_folder())
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
    )
    model = BertModel(config)
    with torch.no_grad():
        for weights in model.parameters():  # biases and norms too, which begin alike
            weights.add_(0.02 * torch.randn_like(weights))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    return str(folder)
