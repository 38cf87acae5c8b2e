"""The values that pass between the parts of the bot; no behaviour beyond reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NewType

import numpy as np
from numpy.typing import NDArray

from model.understanding.danger import NO_DANGER, DangerWords

Vector = NDArray[np.float32]
"""One unit vector, shape `(dim,)`."""

Vectors = NDArray[np.float32]
"""Unit vectors as rows, shape `(n_texts, dim)`."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one encoder pass gives for some texts, row by row."""

    vectors: Vectors
    """For retrieval and scope, unit length, shape `(n_texts, dim)`."""
    features: NDArray[np.float32]
    """For the heads: mean-pooled unit vectors of several layers side by side, `(n_texts, feature_dim)`."""

    def at(self, rows: Sequence[int] | NDArray[np.integer[Any] | np.bool_]) -> "Reading":
        """Of the texts in these rows, in their order, or of those that a mask holds for."""
        return Reading(self.vectors[rows], self.features[rows])


CandidateKind = Literal["article", "learned_answer"]
DecisionKind = Literal["answer", "clarify", "handoff", "smalltalk", "silent"]
SentimentLabel = Literal["negative", "neutral", "positive"]
Ref = NewType("Ref", str)
"""The identity of an answer, `article:<slug>` or `learned_answer:<id>`: see `model.refs`."""
Author = Literal["customer", "bot", "agent", "system"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrievable piece of knowledge: a part of an article, or a phrasing of a learned answer.

    Several passages may lead to the same answer: they share its `ref`.
    """

    key: str
    """Unique among all passages, `<ref>#<n>`."""
    ref: Ref
    """The answer it leads to."""
    kind: CandidateKind
    title: str
    """Title of the article, or the learned answer's question."""
    heading_path: tuple[str, ...]
    """Headings above the piece, outermost first; empty for a learned answer."""
    text: str
    """What a customer is shown, Markdown: the piece itself, or the whole learned answer; empty for a passage
    that an answer is found by and that says nothing, such as an article's title."""
    search_text: str
    """What is embedded and matched: the piece with its title and headings, or the phrasing."""
    url: str
    """Where a customer reads the whole article; empty when there is no page."""
    released: bool = False
    """Whether a person let the bot give this learned answer even where only people handle the matter."""
    for_people: bool = False
    """Whether only people may give this learned answer: its matter is theirs, and nobody released it."""
    picked: bool = False
    """Whether nothing but a customer's pick says that this is a way to ask for it."""
    withheld: str = ""
    """What stands here and is never shown, since a value is missing in it; the piece is found by it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a question differs from the one that a learned answer was approved for.

    Shares are of words' rarity in this knowledge, in [0, 1], so that a product's name weighs and "hello"
    does not.
    """

    same_words: bool
    """They are the same words in the same order, whatever their case and punctuation."""
    other_number: bool
    """It has a number or code that neither the known question nor the answer has."""
    missing_number: bool
    """The known question has a number or code that it lacks."""
    opposite: bool
    """It has a word that excludes one of the known question: export and import, Monday and Friday."""
    negation: int
    """1 where it alone is in the negative, -1 where the known question is, 0 where both or none are."""
    asks_why: int
    """1 where it alone asks why, -1 where the known question does."""
    past: int
    """1 where it alone tells of what has happened, -1 where the known question does."""
    unheard: float
    """Share of its words that the known question lacks."""
    unknown: float
    """Share of its words that no phrasing and not the answer has."""
    rarest_unknown: float
    """Rarity of the rarest of these; 0 when there are none."""
    unsaid: float
    """Share of the known question's words that it lacks."""
    rarest_unsaid: float
    """Rarity of the rarest of these; 0 when there are none."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer considered for a question, with the text of it that fits the question best."""

    passage: Passage
    """What would be shown."""
    dense_score: float
    """Greatest cosine similarity to the question over the answer's passages, in [-1, 1]."""
    second_score: float
    """Second greatest cosine over the answer's passages; the greatest when it has only one."""
    lexical_score: float
    """Greatest BM25 score over the answer's passages, at least 0."""
    fused_score: float
    """The order of candidates; comparable within one search only."""
    coverage: float
    """Share of the question's words that the answer's passages hold, weighted by rarity, in [0, 1]."""
    dense_rank: int
    """1 for the best answer by `dense_score` among those found."""
    lexical_rank: int
    """1 for the best answer by `lexical_score`; the number found + 1 when no word matched."""
    whole_score: float
    """Cosine of the question to the mean vector of all the answer's passages, in [-1, 1]."""
    vote: float = 0.0
    """Share of the vote of the 8 nearest passages, each with the fourth power of its cosine, in [0, 1]."""
    passages: int = 1
    """How many passages lead to the answer."""
    difference: Difference | None = None
    """What differs between the question and the one that a learned answer was approved for; `None` for an
    article."""
    next_passage: Passage | None = None
    """The text of the same answer that fits next best, which may be shown with it."""
    asks_for_withheld: bool = False
    """Whether a word of the question stands in what is withheld, and in nothing that would be shown."""

    @property
    def ref(self) -> Ref:
        """The answer's identity."""
        return self.passage.ref

    @property
    def is_approved(self) -> bool:
        """Whether a person approved the answer for the very words of the question."""
        return self.difference is not None and self.difference.same_words and not self.passage.picked


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer rests on, as shown to the customer."""

    ref: Ref
    kind: CandidateKind
    title: str
    heading_path: tuple[str, ...]
    url: str
    excerpt: str
    """The supporting text, Markdown."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An answer that a bot's message gave, or offered to choose from."""

    ref: str
    title: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    author: Author
    text: str
    offered: tuple[Offered, ...] = ()
    """Of a bot's message: the answers that it asked the customer to choose from."""
    given: tuple[Offered, ...] = ()
    """Of a bot's message: the answers that it gave."""


@dataclass(frozen=True, slots=True)
class IntentInfo:
    """What an intent means for routing."""

    team: str | None
    human_only: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What the resolver is asked, with everything it may know about the conversation."""

    text: str
    history: tuple[Turn, ...] = ()
    """Earlier messages, oldest first, without `text`."""
    mood: float = 0.0
    """Mood before this message, in [-1, 1]."""
    contact: Mapping[str, Any] = field(default_factory=dict)  # JSON attributes set by the business
    """Attributes of the customer, such as `{"plan": "orchard", "high_touch": true}`."""
    owned_by_person: bool = False
    """Whether an agent has taken the conversation: the bot then stays silent."""
    tried_refs: frozenset[str] = frozenset()
    """Answers already given here that did not help; they are not given again."""
    clarifications: int = 0
    """How often the bot has already asked back since it last answered."""
    rewordings: int = 0
    """How often, of these, it asked to say it in other words and offered nothing to choose from."""
    chosen_ref: str | None = None
    """The choice the customer clicked after a clarifying question."""
    intents: Mapping[str, IntentInfo] = field(default_factory=dict)
    """Team and human-only flag of intents, as the business has them now; what the model set was trained with
    counts for the others."""
    danger: DangerWords = NO_DANGER
    """What tells of danger, as the business has it."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the heads read from one message. Probabilities are in [0, 1]."""

    intent: str | None
    """The most probable intent; `None` when no intents are trained or none fits."""
    intent_confidence: float
    intent_probabilities: Mapping[str, float]
    """All intents, in the order of the trained labels."""
    out_of_scope_score: float
    """Greater means less like anything the intents were trained on, in (0, 1]."""
    human_only_probability: float
    """Probability that it is about the business, and about a matter that only people handle."""
    human_only_in_passing: float
    """The greatest such probability of the message and of each of its sentences."""
    team: str | None
    sentiment: SentimentLabel
    sentiment_score: float
    """P(positive) - P(negative), in [-1, 1]."""
    mood: float
    """Mood after this message, in [-1, 1]."""
    wants_person: float
    """Probability that the customer asks for a person."""
    smalltalk: str | None
    """Kind of smalltalk (`greeting`, `thanks` …), or `None`."""
    genre_probabilities: Mapping[str, float]
    """About the business (`none`), `out_of_scope`, or a kind of smalltalk."""
    human_only_intents: frozenset[str] = frozenset()
    """The matters only people handle that the message, or a sentence of it, is about."""
    unhappy: float = 0.0
    """Probability that the conversation ends badly: the customer asks for a person, leaves, rates it low. 0
    for a first message: nothing has been tried yet."""
    telling: bool = True
    """Whether any word of it tells what it is about: noise does not, nor does "it does not work"."""
    sentiment_probabilities: Mapping[str, float] = field(default_factory=dict)
    """Of `negative`, `neutral` and `positive`."""


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """A candidate with the calibrated probability that it resolves the question."""

    candidate: Candidate
    features: Mapping[str, float]
    confidence: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bot does with a message, and why."""

    kind: DecisionKind
    answer: str
    """The words of the reply, Markdown; empty for `silent`. A handoff has words only on danger: what is
    known to do at once. The others are added by serving."""
    sources: tuple[Source, ...]
    """What the words rest on, best first; empty unless `kind` is `answer` or it is a handoff on danger."""
    choices: tuple[Source, ...]
    """What the customer may pick from: of `clarify`, and of an `answer` to only one of several questions."""
    confidence: float
    """Confidence of the best candidate; 0 when there is none."""
    threshold: float
    """The least confidence that is answered under the risk budget; above 1 means never."""
    reasons: tuple[str, ...]
    """Why, in the order the policy looked: `model.reasons.Reason`, or `smalltalk_` and its kind."""
    understanding: Understanding
    candidates: tuple[ScoredCandidate, ...]
    """The trace: best first."""
    model: str
    """Version of the model set."""
    milliseconds: Mapping[str, float]
    """Time by stage: `encode`, `heads`, `retrieve`, `score`, `decide`, `total`."""
    follow_up: float = 0.0
    """How far the message was read with what was said before it, in [0, 1]."""
    ruled_out: frozenset[str] = frozenset()
    """Answers that, in the customer's words, were not the right ones: they are not given again."""
