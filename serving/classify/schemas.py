"""What `classify` takes and gives."""

from typing import Annotated

from pydantic import BaseModel, Field

from model.types import SentimentLabel
from serving.schemas import Body
from serving.text import SafeText

MOST_TEXTS = 256
MOST_INTENTS = 100


class ClassifyBody(Body):
    """Texts to read, each as a customer's first message."""

    texts: Annotated[list[SafeText], Field(min_length=1, max_length=MOST_TEXTS)]
    top_k: Annotated[int, Field(ge=1, le=MOST_INTENTS)] = 3
    """How many intents of each are told, the most probable first."""
    conversation: bool = False
    """Whether the texts are what one customer wrote in turn, oldest first: then mood runs over them."""


class IntentProbability(BaseModel):
    """What the customer may want."""

    name: str
    probability: float


class Sentiments(BaseModel):
    """Probabilities that add up to 1."""

    negative: float
    neutral: float
    positive: float


class ClassifiedText(BaseModel):
    """What one text says. Probabilities are in [0, 1]."""

    intent: str | None
    """The most probable intent; null when it is out of scope."""
    intents: list[IntentProbability]
    """The most probable ones, whether in scope or not; none before any are trained."""
    out_of_scope: bool
    out_of_scope_score: float
    """Greater means less like anything the intents were trained on, in (0, 1]."""
    team: str | None
    sentiment: SentimentLabel
    sentiments: Sentiments
    wants_person: float
    """Probability that the customer asks for a person."""
    asks_for_person: bool
    """Whether that is enough for the bot to hand over."""
    language: str | None
    """ISO 639 code; null when the text is too short to tell."""
    language_probability: float
    mood: float | None
    """Mood after this text, in [-1, 1]; null unless the texts are a conversation."""


class ClassifyOut(BaseModel):
    """The texts in their order, and the model set that read them."""

    model: str
    texts: list[ClassifiedText]
    milliseconds: float
