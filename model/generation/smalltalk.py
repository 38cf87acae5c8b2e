"""The bot's short replies to smalltalk; promises nothing and knows nothing."""

NONE = "none"
"""Label of what is about the business."""

OUT_OF_SCOPE = "out_of_scope"
"""Label of what is neither about the business nor smalltalk."""

_REPLIES = {
    "greeting": "Hello! What can I help you with?",
    "thanks": "You're welcome! Is there anything else?",
    "goodbye": "Goodbye, and take care!",
    "bot_identity": (
        "I'm an automated assistant. I answer from the help centre and from what our team has taught me, "
        "and I can bring in a person whenever you like."
    ),
    "how_are_you": "All well here, thank you! What can I help you with?",
    "compliment": "That is kind of you, thank you! I'll pass it on to the team.",
    "ack": "Alright. Tell me if there is anything else.",
}
_ANY = "I'm here. What can I help you with?"


def smalltalk_reply(kind: str) -> str:
    """The reply to a kind of smalltalk; a general one for a kind not known here."""
    return _REPLIES.get(kind, _ANY)
