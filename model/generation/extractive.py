"""Writes the words of an answer by quoting its source; never adds a word of its own."""

from collections.abc import Sequence

from model.types import Source


class ExtractiveGenerator:
    """Learned answers verbatim; of an article, the passage that fits the question best."""

    def answer(self, question: str, sources: Sequence[Source]) -> str:  # noqa: ARG002  the Protocol's shape
        """The first source's text, Markdown; empty for no source."""
        return sources[0].excerpt.strip() if sources else ""
