"""What the list of questions to label looks like."""

from pydantic import BaseModel

from serving.classify.schemas import IntentProbability

MOST_GROUPS = 100


class QuestionOut(BaseModel):
    """A customer's question, personal data replaced by its kind, `[email]`."""

    decision_id: int
    conversation_id: str
    text: str


class GroupOut(QuestionOut):
    """A question that stands for others like it."""

    alike: int
    """Unlabelled questions that it stands for, itself among them: nearer to it than to the others listed."""
    expected_gain: float
    """How many questions its label is expected to set right, beside those above it: the sum over the ones
    like it of 1 - the probability of the likeliest intent, weighed by how alike they are."""
    new_topic: bool
    """Whether the bot finds none of its intents in it."""
    intents: list[IntentProbability]
    """The bot's three likeliest intents, the likeliest first."""
    same: list[QuestionOut]
    """Unlabelled questions that ask the same, in these or other words: one label may do for all of them."""


class LabellingOut(BaseModel):
    """What to label next, the greatest expected gain first."""

    groups: list[GroupOut]
    unlabelled: int
    labelled: int
    """First questions considered; one in the same words as a labelled one counts as labelled."""
    complete: bool
    """Whether all questions are read; while they are not, the list is of those that are."""
    read: int
    of: int
    """How many of the questions that are new to this process are read, or were in its latest reading."""
