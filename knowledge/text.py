"""Small changes of letters that several rooms need."""

import re


def capitalised(text: str) -> str:
    """The text with its first letter in upper case, the rest as it was written; empty when it is."""
    return text[:1].upper() + text[1:]


def title_from(slug: str) -> str:
    """The words of the slug's last part: `account/close-it` gives "Close it"."""
    return capitalised(" ".join(re.split(r"[-_\s]+", slug.rsplit("/", 1)[-1])).strip())
