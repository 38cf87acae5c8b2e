"""What `ask` and `suggest` take and give."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from serving.text import LongText, SafeText


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


class AskOut(BaseModel):
    """The decision. Candidates are for agents and servers."""

    decision: str
    answer: str
    sources: list[dict[str, Any]]
    choices: list[dict[str, Any]]
    confidence: float
    threshold: float
    intent: str | None
    team: str | None
    sentiment: str
    wants_person: float
    reasons: list[str]
    model: str
    milliseconds: dict[str, float]
    trace_id: str
    candidates: list[dict[str, Any]] | None = None


class SuggestionOut(BaseModel):
    """An answer that may fit what is being typed."""

    ref: str
    title: str
    kind: str


class SuggestionsOut(BaseModel):
    """Suggestions, best first."""

    suggestions: list[SuggestionOut]
