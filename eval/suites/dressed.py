"""What a question's dress changes: case, keywords, a typing mistake, politeness; changes nothing."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np

from eval.results import Figure, SuiteResult, Track, figures_json, untracked
from knowledge.index.lexical import STOP_WORDS
from model.errors import DataError
from model.reasons import Reason
from model.types import Decision, Question, Ref
from serving.runtime.in_service import QuestionResolver

Dress = Literal["exact", "lower", "keywords", "typo", "polite"]
DRESSES: tuple[Dress, ...] = get_args(Dress)
Outcome = Literal[
    "answered_right", "answered_wrong", "offered", "clarified_without", "to_person", "smalltalk"
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_WORD = re.compile(r"[^\W\d_]+")
_POLITE = (
    "Hello, {inside} Thanks in advance!",
    "Hi there! {alone} Thank you very much.",
    "Good morning, I hope you are well. {alone} Many thanks!",
    "Hello, a quick question: {inside} Thanks!",
    "Dear team, I have been a customer for two years. {alone} Best regards, Kim",
    "Hi, my sister told me about you last week and I like it so far. {alone} Thanks for your help.",
    "Hello, could you please help me? {alone} Thank you, have a nice day!",
    "Good evening, {inside} I looked around for a while and could not find it. Thank you!",
)
_NOTHING_KNOWN = frozenset({Reason.BELOW_THRESHOLD, Reason.NOTHING_FOUND})


@dataclass(frozen=True, slots=True)
class DressedItem:
    """What became of one title in one dress."""

    ref: Ref
    dress: Dress
    text: str
    outcome: Outcome
    by_rule: bool
    """Whether a rule handed it to a person, whatever the bot knew."""
    confidence: float
    best_right: bool
    """Whether the most confident candidate is the title's article."""
    reasons: tuple[str, ...]
    given: tuple[str, ...]
    """The answers given or offered."""


@dataclass(frozen=True, slots=True)
class DressFigures:
    """What became of all titles in one dress; shares of the titles.

    - `answered_right`, `answered_wrong`: at once, with the title's article or another one.
    - `offered`, `clarified_without`: asked back, with it among the choices or not.
    - `to_person`: handed over; `to_person_by_rule` of them for no want of an answer (a matter for people,
      a wish for one, the mood).
    - `best_right`: the most confident candidate is the title's article, whatever was decided.
    """

    answered_right: Figure
    answered_wrong: Figure
    offered: Figure
    clarified_without: Figure
    to_person: Figure
    to_person_by_rule: Figure
    best_right: Figure
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DressedFigures:
    """Figures by dress; `n` titles, each asked in all dresses. `to_person_by_rule` is of all messages."""

    n: int
    to_person_by_rule: Figure
    exact: DressFigures
    lower: DressFigures
    keywords: DressFigures
    typo: DressFigures
    polite: DressFigures


def run(
    titles: Mapping[Ref, str], *, resolver: QuestionResolver, seed: int = 0, track: Track = untracked
) -> SuiteResult:
    """Asks each title, given by ref, in all dresses, as the first message of an unknown customer.

    Raises `DataError` without titles.
    """
    if not titles:
        raise DataError("there are no titles to ask; give a help centre that holds articles")
    rng = np.random.default_rng(seed)
    asked = [
        (ref, dress, text) for ref, title in titles.items() for dress, text in dressed(title, rng).items()
    ]
    items = [
        _item(ref, dress, text, resolver.resolve(Question(text)))
        for ref, dress, text in track(asked, doing="Asking")
    ]
    return SuiteResult(figures_json(_figures(items)), tuple(asdict(item) for item in items))


def dressed(title: str, rng: np.random.Generator) -> Mapping[Dress, str]:
    """The title in each dress; only the polite one is drawn.

    - `lower`: lower case, without its last punctuation. `keywords`: without stop words and punctuation.
    - `typo`: two neighbouring letters within its longest word, the first of equals, have changed places.
    """
    ended = title if title[-1:] in ".?!" else f"{title}."
    polite = _POLITE[rng.integers(len(_POLITE))]
    keywords = [word for word in re.findall(r"[\w'’-]+", title) if word.casefold() not in STOP_WORDS]
    return {
        "exact": title,
        "lower": title.lower().rstrip(".?! "),
        "keywords": " ".join(keywords) or title,
        "typo": _mistyped(title),
        "polite": polite.format(alone=ended, inside=_within(ended)),
    }


def _mistyped(title: str) -> str:
    """The two letters nearest to the word's middle that differ; a title of short words stays as it is."""
    longest = max(_WORD.finditer(title), key=lambda found: len(found.group()), default=None)
    if longest is None:
        return title
    word, middle = longest.group(), len(longest.group()) // 2 - 1
    places = [at for at in range(1, len(word) - 2) if word[at] != word[at + 1]]
    if not places:
        return title
    at = min(places, key=lambda place: abs(place - middle))
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return title[: longest.start()] + swapped + title[longest.end() :]


def _within(title: str) -> str:
    """As it is written after a comma: a first word that is capitalised like any other starts small."""
    first = title.split()[0]
    return title[0].lower() + title[1:] if first != "I" and first[1:].islower() else title


def _item(ref: Ref, dress: Dress, text: str, decision: Decision) -> DressedItem:
    given = tuple(source.ref for source in decision.sources)
    offered = tuple(choice.ref for choice in decision.choices)
    outcome: Outcome = "to_person"
    if decision.kind == "answer":
        outcome = "answered_right" if ref in given else "answered_wrong"
    elif decision.kind == "clarify":
        outcome = "offered" if ref in offered else "clarified_without"
    elif decision.kind == "smalltalk":
        outcome = "smalltalk"
    return DressedItem(
        ref=ref,
        dress=dress,
        text=text,
        outcome=outcome,
        by_rule=outcome == "to_person" and _NOTHING_KNOWN.isdisjoint(decision.reasons),
        confidence=decision.confidence,
        best_right=bool(decision.candidates) and decision.candidates[0].candidate.ref == ref,
        reasons=decision.reasons,
        given=(*given, *offered),
    )


def _figures(items: Sequence[DressedItem]) -> DressedFigures:
    return DressedFigures(
        n=len({item.ref for item in items}),
        to_person_by_rule=Figure.share(sum(item.by_rule for item in items), len(items)),
        **{dress: _dress_figures([item for item in items if item.dress == dress]) for dress in DRESSES},
    )


def _dress_figures(items: Sequence[DressedItem]) -> DressFigures:
    n, outcomes = len(items), Counter(item.outcome for item in items)
    return DressFigures(
        answered_right=Figure.share(outcomes["answered_right"], n),
        answered_wrong=Figure.share(outcomes["answered_wrong"], n),
        offered=Figure.share(outcomes["offered"], n),
        clarified_without=Figure.share(outcomes["clarified_without"], n),
        to_person=Figure.share(outcomes["to_person"], n),
        to_person_by_rule=Figure.share(sum(item.by_rule for item in items), n),
        best_right=Figure.share(sum(item.best_right for item in items), n),
        outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES},
    )
