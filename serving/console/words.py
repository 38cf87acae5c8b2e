"""Codes and numbers in plain words, for people; it decides nothing and reads no store."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from knowledge.text import capitalised
from model.reasons import Reason

STATUS_WORDS: Mapping[str, str] = {
    "bot": "With the bot",
    "waiting": "Waiting for a person",
    "open": "A person answers",
    "closed": "Closed",
}

PRIORITY_WORDS: Mapping[str, str] = {"normal": "Normal", "high": "High priority", "urgent": "Urgent"}

REASON_WORDS: Mapping[str, str] = {
    Reason.ABOVE_THRESHOLD: "The bot was sure enough of an answer",
    Reason.AGENT_STEPPED_IN: "An agent stepped in",
    Reason.ASKED_BACK_ALREADY: "It had asked back once already",
    Reason.BELOW_THRESHOLD: "The bot was not sure enough of any answer",
    Reason.BOT_ERROR: "Something went wrong while the bot looked for an answer",
    Reason.CHOSEN_BY_CUSTOMER: "The customer chose this answer",
    Reason.CUSTOMER_REQUEST: "The customer pressed the button for a person",
    Reason.DANGER: "The customer's words tell of danger",
    Reason.HUMAN_ONLY_CUSTOMER: "This customer is always served by a person",
    Reason.HUMAN_ONLY_IN_PASSING: "A matter that only people handle came up in passing",
    Reason.HUMAN_ONLY_INTENT: "Only people handle this kind of request",
    Reason.MOOD_FALL: "The customer's mood fell quickly",
    Reason.MOOD_LOW: "The customer is upset, so a person takes over",
    Reason.NOT_UNDERSTOOD: "No word of the message said what it is about",
    Reason.NO_OTHER_ANSWER: "The answer did not help, and the bot knows no other",
    Reason.NOTHING_FOUND: "The bot knows nothing about this yet",
    Reason.OWNED_BY_PERSON: "A person answers here already",
    Reason.PLAUSIBLE: "An answer was plausible, but not sure enough",
    Reason.SEVERAL_QUESTIONS: "The message asks several questions; each was looked at for itself",
    Reason.UNHAPPY: "The conversation is not going well for the customer",
    Reason.UNKNOWN: "The reason was not recorded",
    Reason.RELEASED_QUESTION: "Normally for people, but a person let the bot answer this question",
    Reason.WANTS_PERSON: "The customer asked for a person",
}

PROPOSAL_STATUS_WORDS: Mapping[str, str] = {
    "pending": "Waiting for you",
    "approved": "Live",
    "rejected": "Rejected",
    "not_reusable": "Not reusable",
    "undone": "Undone",
}

KIND_WORDS: Mapping[str, str] = {
    "name": "a name",
    "email": "an e-mail address",
    "phone": "a phone number",
    "address": "a postal address",
    "card": "a card number",
    "iban": "a bank account",
    "national_id": "an identity or tax number",
    "passport": "the number of a document",
    "password": "a password",
    "pin": "a PIN",
    "one_time_code": "a one-time code",
    "token": "a key or token",
    "ip_address": "an internet address",
    "birth_date": "a date of birth",
    "health": "something about somebody's health",
    "number": "an order, customer or other long number",
    "link": "a link made for one person",
    "customer_id": "the customer's id",
}
"""Personal data by kind, as something that may have been left out."""

NOTHING_LEARNED_WORDS: Mapping[str, str] = {
    "no_question": "no message before it asks anything.",
    "only_personal": "without what points to a person, too little is left of the question or the reply.",
    "one_case": "it says nothing that would help the next customer too.",
    "known_already": "the bot knows this answer to this question.",
    "too_long": "it is longer than an answer may be.",
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


def removed_words(removed: Iterable[Mapping[str, str]]) -> str:
    """What was left out of which part of a draft, `the question: a PIN; the answer: a name, a link`."""
    by_field: dict[str, list[str]] = {}
    for one in removed:
        by_field.setdefault(one["field"], []).append(in_words(KIND_WORDS, one["kind"]))
    return "; ".join(f"the {part}: {', '.join(kinds)}" for part, kinds in by_field.items())


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


def about_words(expected: float) -> str:
    """An expected count as `about 3`, rounded; `hardly one` below a half."""
    count = math.floor(expected + 0.5)
    return f"about {count}" if count else "hardly one"
