"""Says what stands between the words of a message in words: links, names, hashtags, emoji; judges nothing."""

import re
import unicodedata

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@\w+")
_HASHTAG = re.compile(r"#(\w+)")
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|_")
_LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")
_SPACES = re.compile(r"\s+")
_INVISIBLE = {"\u200d", "\ufe0e", "\ufe0f"}
"""Joiner and variation selectors, which emoji are made of."""


def spoken_text(text: str) -> str:
    """The text as it would be read aloud.

    A link becomes "link", a name after `@` "@user", a hashtag its words (`#LoveIt`: "Love It"), an emoji
    its Unicode name, a letter repeated three times or more stands twice. The rest keeps its order; runs of
    white space become one space.
    """
    text = _MENTION.sub("@user", _LINK.sub("link", text))
    text = _HASHTAG.sub(lambda tag: _JOINED.sub(" ", tag[1]), text)
    text = _LONG_RUN.sub(r"\1\1", text)
    if not text.isascii():
        text = "".join(_spoken(character) for character in text)
    return _SPACES.sub(" ", text).strip()


def _spoken(character: str) -> str:
    category = unicodedata.category(character)
    if character in _INVISIBLE or category == "Sk":  # skin tones
        return ""
    if category == "So":
        return f" {unicodedata.name(character, '').lower()} "
    return character
