"""Why the bot decided as it did, and why people have a conversation: stable codes, in API and store too."""

from enum import StrEnum


class Reason(StrEnum):
    """One reason of a decision. A reply to smalltalk has another one, `smalltalk_` and its kind."""

    OWNED_BY_PERSON = "owned_by_person"
    CHOSEN_BY_CUSTOMER = "chosen_by_customer"
    ABOVE_THRESHOLD = "above_threshold"
    RELEASED_QUESTION = "released_question"
    """On a matter that only people handle, a person let the bot give this answer to this very question."""

    BELOW_THRESHOLD = "below_threshold"
    NOTHING_FOUND = "nothing_found"
    HUMAN_ONLY_IN_PASSING = "human_only_in_passing"
    PLAUSIBLE = "plausible"
    NOT_UNDERSTOOD = "not_understood"
    """No word of the message tells what it is about."""
    SEVERAL_QUESTIONS = "several_questions"
    """The message asks more than one, and each was looked at for itself."""
    ASKED_BACK_ALREADY = "asked_back_already"

    DANGER = "danger"
    """The customer's words tell of danger, by the business's list."""
    WANTS_PERSON = "wants_person"
    """The customer's words ask for a person; `customer_request` is the button."""
    CUSTOMER_REQUEST = "customer_request"
    HUMAN_ONLY_CUSTOMER = "human_only_customer"
    HUMAN_ONLY_INTENT = "human_only_intent"
    MOOD_LOW = "mood_low"
    MOOD_FALL = "mood_fall"
    UNHAPPY = "unhappy"
    NO_OTHER_ANSWER = "no_other_answer"
    """The last answer did not help, and there is no other."""
    AGENT_STEPPED_IN = "agent_stepped_in"
    BOT_ERROR = "bot_error"
    UNKNOWN = "unknown"
    """None was recorded."""
