"""What a browser calls itself, in words for its owner; it decides nothing and believes nothing."""

import re

_NAMES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
"""The first that is found: most browsers also name those they descend from."""
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
_PROGRAM = re.compile(r"\A[A-Za-z][A-Za-z0-9._-]{0,39}+")
_MAX_CHARS = 1_000


def browser_words(user_agent: str) -> str:
    """`Firefox on Linux`; of a program its name, such as `curl`; empty where nothing can be told."""
    told = user_agent[:_MAX_CHARS]
    name = next((words for sign, words in _NAMES if sign in told), "")
    system = next((words for sign, words in _SYSTEMS if sign in told), "")
    if name and system:
        return f"{name} on {system}"
    program = _PROGRAM.match(told)
    return name or (program[0] if program else "")
