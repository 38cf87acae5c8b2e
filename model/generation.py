"""The words that the bot says: answers quoted from their sources, short replies to smalltalk; no others."""

from collections.abc import Sequence

from model.types import Source

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


class ExtractiveGenerator:
    """Learned answers verbatim; of an article, the passage that fits the question best."""

    def answer(self, question: str, sources: Sequence[Source]) -> str:  # noqa: ARG002  the Protocol's shape
        """The sources' texts in order, Markdown, each under its title when there are several; else empty."""
        if len(sources) == 1:
            return sources[0].excerpt.strip()
        return "\n\n".join(f"**{source.title}**\n\n{source.excerpt.strip()}" for source in sources)


def smalltalk_reply(kind: str) -> str:
    """The reply to a kind of smalltalk; a general one for a kind not known here."""
    return _REPLIES.get(kind, _ANY)
