"""Tells messages that leave open what they are about: noise, or words that fit anything; reads no meaning."""

import re
from collections.abc import Callable

_WORD = re.compile(r"[^\W_]++(?:['’-][^\W_]++)*+")
_FEWEST_LETTERS = 3
_LETTERS_A_PIECE = 2.3
"""Words have at least so many letters for each piece that the encoder cuts them into: "invoice" has 2.3,
"refund" 3, "strawberries" 6, but "qwerty" 2 and "asdfghjkl" 1.8."""
_MOST_WORDS = 8
"""Who writes more than that has said something, in whatever language."""
_GENERAL_WORDS = """
    all also and another any anybody anyone anything are aren't arent bad because been bit bot broke
    broken but can can't cannot cant could couldn't did didn't didnt does doesn't doesnt doing don't
    dont else ever every everything fail failed failing fails file fine fix for from get gets getting
    give good got great had happen happened happening has hasn't have haven't having hello help her here
    hey him his how i'm i've image isn't isnt issue issues it's its jpeg jpg just kind know later lets
    like make makes mean message more much must need needed needs never new nobody none not nothing now
    off okay one only other our out pdf photo picture please pls plz png problem problems question
    questions quick really right said same say screenshot see she should some somebody someone something
    sorry stop stuff such support sure tell test than thank thanks that that's thats the their them then
    there these they thing things this those too trouble try trying use used using very want wants was
    wasn't way were what what's whatever when where which who whole why will with won't wont work worked
    working works would wrong yeah yes yet you your
"""
_FITS_ANYTHING = frozenset(_GENERAL_WORDS.split())
"""Words that leave open what a message is about, at any company."""


def is_telling(text: str, pieces: Callable[[str], int]) -> bool:
    """Whether a word of the text tells what it is about.

    That is a code such as E31, or a word that is none of those that fit anything and no noise, by the number
    of `pieces` that the encoder cuts it into. A word with letters beyond a to z counts too: those of other
    languages are cut small. A text of more than eight words always tells something.
    """
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
    return len(words) > _MOST_WORDS or any(_tells(word, pieces) for word in words)


def _tells(word: str, pieces: Callable[[str], int]) -> bool:
    letters = sum(map(str.isalpha, word))
    if letters and (letters < sum(map(str.isalnum, word)) or not word.isascii()):
        return True
    return any(
        len(part) >= _FEWEST_LETTERS
        and part not in _FITS_ANYTHING
        and len(part) >= _LETTERS_A_PIECE * pieces(part)
        for part in word.split("-")
        if part.replace("'", "").isalpha()
    )
