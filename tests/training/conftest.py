"""Small data sets, and an encoder that knows their words: those of the tests of eval."""

from tests.eval.conftest import jsonl, word_encoder

__all__ = ["jsonl", "word_encoder"]
