"""A capital letter at the beginning of a text; the rest stays as it was written."""


def capitalised(text: str) -> str:
    """The text with its first letter in upper case; empty when it is."""
    return text[:1].upper() + text[1:]
