"""What `ask` and `suggest` take and give."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from model.types import CandidateKind, DecisionKind, SentimentLabel
from serving.schemas import Body, ChoiceOut, ReasonCode, SourceOut
from serving.text import LongText, SafeText

MOST_QUESTIONS = 64


class OfferedIn(BaseModel):
    """An answer that a bot's message gave, or offered to choose from."""

    ref: SafeText
    title: SafeText


class TurnIn(BaseModel):
    """One earlier message; a bot's with the answers it gave, and those it offered to choose from."""

    author: Literal["customer", "bot", "agent"]
    text: LongText
    offered: Annotated[list[OfferedIn], Field(max_length=10)] = []
    given: Annotated[list[OfferedIn], Field(max_length=10)] = []


class AskBody(BaseModel):
    """A question, with what was said before it."""

    question: SafeText
    history: Annotated[list[TurnIn], Field(max_length=100)] = []


class AskBatchBody(Body):
    """Questions that have nothing to do with each other."""

    questions: Annotated[list[AskBody], Field(min_length=1, max_length=MOST_QUESTIONS)]


class CandidateOut(BaseModel):
    """An answer that was considered, with its scores."""

    ref: str
    passage: str
    """Key of the passage that would be shown."""
    title: str
    confidence: float
    """Calibrated probability that the text answers the question."""
    dense_score: float
    lexical_score: float
    fused_score: float
    coverage: float
    features: dict[str, float]


class AskOut(BaseModel):
    """The decision. Candidates are for agents and servers."""

    decision: DecisionKind
    answer: str
    """The words of the reply, Markdown."""
    sources: list[SourceOut]
    choices: list[ChoiceOut]
    confidence: float
    threshold: float
    intent: str | None
    team: str | None
    sentiment: SentimentLabel
    wants_person: float
    reasons: list[ReasonCode]
    model: str
    milliseconds: dict[str, float]
    """Time by stage, and in `total`."""
    trace_id: str
    candidates: list[CandidateOut] | None = None


class AskBatchOut(BaseModel):
    """The decisions, in the order of the questions."""

    decisions: list[AskOut]


class SuggestionOut(BaseModel):
    """An answer that may fit what is being typed."""

    ref: str
    title: str
    kind: CandidateKind


class SuggestionsOut(BaseModel):
    """Suggestions, best first."""

    suggestions: list[SuggestionOut]
