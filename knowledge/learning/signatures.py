"""Finds where a reply ends and its signature begins, on lines of its own or behind the last sentence."""

import re
from collections.abc import Sequence

from knowledge.learning import patterns as phrases

_LINES = 5
_WORDS = 9
_DECORATION = " \t\r-–—~*_/^|•·,.:;()[]{}<>!\"'"
_SENTENCE_END = re.compile(r"[.!?…)\]*_`:]\s*\Z")
_LAST_SENTENCE_END = re.compile(r"(?<=[.!?…])[)*_\"”]?\s+(?=[^.!?…]{1,80}[.!]?\s*\Z)")
_INITIALS_MARK = re.compile(r"\A\s*[/^~–—-]")
_ROLE = re.compile(r"\A\s*+(?:[,|/–—(-]|\Z)")
_PLACE = re.compile(r" (?:from|at|of|in)(?: [\w&'’-]+){1,4}\Z", re.IGNORECASE)
_SMILEY = re.compile(r"\A(?:[:;]-?[)D]|<3|[\U0001F300-\U0001FAFF\u2600-\u27BF\uFE0F]++)\Z")


def without_signature(lines: Sequence[str], agent_names: Sequence[str]) -> list[str]:
    """The lines before a sign-off and the few short lines under it, or before the name that signs.

    That is an agent's: whole, the first name, or the initials; or the name of a team.
    """
    written = [number for number, line in enumerate(lines) if line.strip()]
    last = written[-_LINES - 1 :]
    for place, number in enumerate(last):
        if not phrases.SIGN_OFF.match(lines[number]):
            continue
        below = [lines[later] for later in last[place + 1 :]]
        short = all(len(part.split()) <= _WORDS for part in (lines[number], *below))
        only_names = all(_is_name(later, agent_names) for later in below)  # "Thanks!" may also begin
        if short and (number > 0 or only_names):
            return _without_last_name(lines[:number], agent_names)
    return _without_last_name(lines, agent_names)


def _without_last_name(lines: Sequence[str], agent_names: Sequence[str]) -> list[str]:
    rest = list(lines)
    while rest and (not rest[-1].strip() or _signs(rest, agent_names)):
        rest.pop()
    if rest:
        last = phrases.INLINE_SIGN_OFF.sub("", rest[-1])
        ends = _LAST_SENTENCE_END.search(last)
        if ends is not None and _is_signature(last[ends.end() :], agent_names):
            last = last[: ends.start()].rstrip()
        rest[-1] = last
    return rest


def _signs(lines: Sequence[str], agent_names: Sequence[str]) -> bool:
    """Whether the last line is who signs; the name of a team only below the end of a sentence."""
    if _is_name(lines[-1], agent_names):
        return True
    above = next((line for line in reversed(lines[:-1]) if line.strip()), "")
    ends = bool(_SENTENCE_END.search(above)) and not above.rstrip().endswith(":")
    return ends and _is_signature(lines[-1], agent_names)


def _is_signature(text: str, agent_names: Sequence[str]) -> bool:
    """Whether it is a name that signs, with a sign-off before it or not, or that of a team."""
    if len(text.split()) > _WORDS:
        return False
    bare = phrases.SIGNING_NAME.sub("", text, count=1)
    named = _is_name(text, agent_names) or (bare != text and _is_name(bare, agent_names))
    return named or _is_team(text) or (bare != text and _is_team(bare))


def _is_team(text: str) -> bool:
    """ "Your Pebble team", "Pebble Support": of a sentence about a team something else would be left."""
    stripped = _without_smileys(text).strip(_DECORATION)
    begins = re.match(r"(?:your|the|love|from)\b", stripped, re.IGNORECASE)
    is_named = all(word[:1].isupper() for word in stripped.split()) and not text.rstrip().endswith(".")
    return bool(phrases.TEAM_SIGNS.match(stripped)) and bool(begins or is_named)


def _is_name(line: str, agent_names: Sequence[str]) -> bool:
    """Whether the line is a dash and a name, or an agent's name, first name or initials and little more."""
    if phrases.DASHED_NAME.match(line):
        return True
    if len(line.split()) > _WORDS:
        return False
    text = _without_smileys(line).strip(" \t-–—~*_/^").casefold()
    for name in (one.casefold().split() for one in agent_names if one.strip()):
        initials = "".join(word[0] for word in name)
        if text.strip(_DECORATION) in _short_forms(initials) and (
            _INITIALS_MARK.match(line) or line.strip().isupper()
        ):
            return True
        for form in (" ".join(name), f"{name[0]} {name[-1][0]}.", f"{name[0]} {name[-1][0]}", name[0]):
            if text.startswith(form) and _ends_as_name(text[len(form) :], whole=form == " ".join(name)):
                return True
    return False


def _without_smileys(text: str) -> str:
    """The text before the smileys at its end."""
    words = text.split()
    while words and _SMILEY.match(words[-1]):
        words.pop()
    return " ".join(words)


def _short_forms(initials: str) -> set[str]:
    return {initials, ".".join(initials), initials[:1]}


def _ends_as_name(after: str, *, whole: bool) -> bool:
    """Whether what follows a name leaves it a name: nothing, a role or a place; not "Tom answers calls"."""
    if not after.strip(_DECORATION) or (_PLACE.match(after) and not after.endswith(".")):
        return True
    role = _ROLE.match(after)
    return role is not None and (whole or not after.rstrip().endswith("."))
