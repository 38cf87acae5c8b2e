"""Makes text that the store can keep, and says what is wrong with text that it should not."""

from collections.abc import Iterable

from model.errors import DataError


def storable(text: str) -> str:
    """The text without what PostgreSQL refuses (NUL, lone surrogates), with line ends as LF, trimmed."""
    lines = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return lines.encode("utf-8", "replace").decode("utf-8").strip()


def one_line(text: str) -> str:
    """The storable text with every run of white space as one space."""
    return " ".join(storable(text).split())


def required(name: str, text: str, *, max_chars: int) -> str:
    """The storable text; raises `DataError` when nothing is left of it or it is too long."""
    kept = storable(text)
    if not kept:
        raise DataError(f"{name} is empty; write at least one word")
    return limited(name, kept, max_chars=max_chars)


def limited(name: str, text: str, *, max_chars: int) -> str:
    """The storable text, which may be empty; raises `DataError` when it is too long."""
    kept = storable(text)
    if len(kept) > max_chars:
        raise DataError(f"{name} has {len(kept):,} characters, at most {max_chars:,} are kept; shorten it")
    return kept


def folded(text: str) -> str:
    """What two texts have in common when they differ only in case and spacing."""
    return " ".join(text.casefold().split())


def distinct(texts: Iterable[str], *, besides: Iterable[str] = ()) -> list[str]:
    """The texts in order, without empty ones, repeats, or any found in `besides`; case and space ignored."""
    seen = {"", *(folded(text) for text in besides)}
    kept: list[str] = []
    for text in texts:
        key = folded(text)
        if key not in seen:
            seen.add(key)
            kept.append(storable(text))
    return kept
