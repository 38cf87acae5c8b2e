"""Texts that nobody labelled, to learn from beside labelled ones; labels and learns nothing."""

from collections.abc import Iterable

from eval.data.problems import normalised


def without_known(texts: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The texts in their order, each once, apart from those among `known`.

    Compared without regard to case, spacing and marks at the ends.
    """
    seen = {normalised(text) for text in known}
    kept = []
    for text in texts:
        if (folded := normalised(text)) not in seen:
            seen.add(folded)
            kept.append(text)
    return tuple(kept)
