"""Codes and numbers in plain words, for people; it decides nothing and reads no store."""

import math
from collections.abc import Mapping
from datetime import datetime

from knowledge.text import capitalised

STATUS_WORDS: Mapping[str, str] = {
    "bot": "With the bot",
    "waiting": "Waiting for a person",
    "open": "A person answers",
    "closed": "Closed",
}

REASON_WORDS: Mapping[str, str] = {
    "above_threshold": "The bot was sure enough of an answer",
    "agent_stepped_in": "An agent stepped in",
    "asked_back_already": "It had asked back once already",
    "below_threshold": "The bot was not sure enough of any answer",
    "bot_error": "Something went wrong while the bot looked for an answer",
    "chosen_by_customer": "The customer chose this answer",
    "customer_request": "The customer pressed the button for a person",
    "human_only_customer": "This customer is always served by a person",
    "human_only_in_passing": "A matter that only people handle came up in passing",
    "human_only_intent": "Only people handle this kind of request",
    "mood_fall": "The customer's mood fell quickly",
    "mood_low": "The customer is upset, so a person takes over",
    "no_other_answer": "The answer did not help, and the bot knows no other",
    "nothing_found": "The bot knows nothing about this yet",
    "owned_by_person": "A person answers here already",
    "approved_question": "A person approved the answer to this question",
    "plausible": "An answer was plausible, but not sure enough",
    "unhappy": "The conversation is not going well for the customer",
    "unknown": "The reason was not recorded",
    "released_question": "Normally for people, but a person let the bot answer this question",
    "wants_person": "The customer asked for a person",
}

PROPOSAL_STATUS_WORDS: Mapping[str, str] = {
    "pending": "Waiting for you",
    "approved": "Live",
    "rejected": "Rejected",
    "not_reusable": "Not reusable",
    "undone": "Undone",
}

LEARNED_STATUS_WORDS: Mapping[str, str] = {"approved": "Live", "retired": "Retired", "superseded": "Replaced"}


def source_words(source: str) -> str:
    """Where a learned answer came from."""
    words = {"conversation": "From a conversation", "console": "Written here"}
    return words.get(source, f"Imported: {source}")


def value_words(value: object) -> str:
    """The value of a customer's attribute."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(value_words(item) for item in value)
    return str(value)


def in_words(table: Mapping[str, str], code: str) -> str:
    """What the table says of the code; an unknown one is shown as its own words."""
    return table.get(code) or humanise(code)


def reason_words(code: str) -> str:
    """The reason as a sentence; an unknown code is shown as its own words."""
    return REASON_WORDS.get(code) or humanise(code)


def humanise(code: str) -> str:
    """`refund_request` as `Refund request`."""
    words = code.replace("_", " ").replace("-", " ").strip()
    return capitalised(words)


def mood_words(mood: float) -> str:
    """The mood in [-1, 1] as one word, from `Angry` to `Happy`."""
    for least, word in (
        (0.5, "Happy"),
        (0.15, "Friendly"),
        (-0.2, "Calm"),
        (-0.5, "Uneasy"),
        (-0.75, "Upset"),
    ):
        if mood >= least:
            return word
    return "Angry"


def mood_level(mood: float) -> str:
    """`good`, `even`, `low` or `bad`, for the colour beside the word."""
    if mood >= 0.15:
        return "good"
    if mood >= -0.2:
        return "even"
    return "low" if mood >= -0.5 else "bad"


def duration_words(seconds: float) -> str:
    """A short span: `just now` under a minute, then `4 min`, `2 h`, `3 d`, rounded down."""
    minutes = math.floor(max(seconds, 0) / 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 60 * 24:
        return f"{minutes // 60} h"
    return f"{minutes // (60 * 24)} d"


def moment_words(moment: datetime) -> str:
    """A moment as `22 Nov 2026, 11:56 UTC`; script turns it into the reader's own time."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def percent_words(share: float) -> str:
    """A probability as `87 %`, rounded down so that a near miss never reads as reached."""
    return f"{math.floor(min(max(share, 0.0), 1.0) * 100)} %"


def count_words(count: int, singular: str, plural: str | None = None) -> str:
    """`1 phrasing`, `3 phrasings`."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"
