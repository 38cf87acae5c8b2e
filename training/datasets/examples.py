"""What a data set consists of: examples by configuration; reads and writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

Config = Literal["intents", "teams", "questions", "handoffs", "wants_person", "sentiment", "csat"]
CONFIGS: tuple[Config, ...] = get_args(Config)
"""What each row says beside its text, and how that is known.

- `intents`: `label`, what the customer wants. From the store: what an agent said, `out_of_scope` for what no
  intent is about; from files and the hub: whatever stands there.
- `teams`: `label`, the team of the agent who answered the first question of a conversation; not where the
  customer's words asked for a person, or where none of them told what it is about.
- `questions`: `refs`, the answers that resolved it; `rejected_refs`, those of which the customer said that
  they did not, or that were offered when they asked for a person instead; `how` that is known, one of `HOW`.
- `handoffs`: `label`, `needed_person` when a person answered after the bot handed over, `resolved_by_bot`
  when the customer said that the bot's answer helped; `reason`, why it was handed over.
- `wants_person`: `label`, `person` for words after which the customer pressed "Talk to a person", and which
  are about nothing: an agent says so, or no word of them tells what; `no` for a question that the bot's
  answer helped with.
- `sentiment`: the comment left with a rating; `label` from its `score`: up to 2 negative, 3 neutral, else
  positive.
- `csat`: all that the customer said in a rated conversation, a message a line; its `score` and `label`.
"""
OUT_OF_SCOPE = "out_of_scope"
"""Label of what no intent is about."""
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
How = Literal["confirmed", "picked", "person", "approved_phrasing", "unresolved"]
HOW: tuple[How, ...] = get_args(How)
"""The surest first: the customer said that it helped; picked it when the bot asked back; an agent answered
(`refs` holds the learned answer when one was approved from the reply); a person approved it as a way to ask
for the learned answer; nothing but `rejected_refs` is known."""

COLUMNS: Mapping[Config, tuple[str, ...]] = {
    "intents": ("label",),
    "teams": ("label",),
    "questions": ("refs", "how", "rejected_refs"),
    "handoffs": ("label", "reason"),
    "wants_person": ("label",),
    "sentiment": ("label", "score"),
    "csat": ("label", "score"),
}
"""The columns of each configuration beside those that all have."""
LISTS = frozenset({"refs", "rejected_refs"})
NUMBERS = frozenset({"score"})


@dataclass(frozen=True, slots=True)
class Person:
    """A customer, as far as their words may betray them; stands in no data set."""

    id: str
    names: tuple[str, ...] = ()
    customer_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One row to be."""

    config: Config
    text: str
    fields: Mapping[str, Any]  # JSON: the columns of the configuration
    source: str
    """`confirmed`, `person`, … for the store; `file:<name>` or `hub:<name>` otherwise."""
    conversation_id: str | None = None
    person: Person | None = None
    asked_at: datetime | None = None
    """When it was said; `None` where nobody knows: such rows are split at random."""
    known_at: datetime | None = None
    """When a person said what is known of it, where that is kept."""
    stands_alone: bool = True
    """Whether nothing was asked before it in its conversation: what came after may lean on what was said."""
    keys: tuple[str, ...] = ()
    """Examples that share one of these stay in one split, as those of a conversation or a person do."""

    @property
    def label(self) -> str:
        """What the rows of its configuration are counted by."""
        return str(self.fields.get("label") or self.fields.get("how"))
