"""Adds what people made known in service to a company's own data, and counts it; reads no file."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from eval.data.labelled import LabelledText
from eval.data.problems import normalised
from model.types import IntentInfo
from serving.company.service import stored_infos
from training.datasets.examples import OUT_OF_SCOPE
from training.datasets.service_rows import (
    RELIABILITY,
    TEACHES,
    FromService,
    ServiceRow,
    ServiceRows,
    TakenRows,
    Teaches,
    service_rows,
)
from training.datasets.training_data import TrainingData

KNOWN = "texts_the_company_labelled_itself"
"""What is left out because a row of the company's own files says the same of the text, or something else."""
SAID_AGAIN = "texts_labelled_again_later"
INTENT_KNOWN = "teams_of_texts_whose_intent_is_known"


def stored_data(session: Session, base: TrainingData) -> TrainingData:
    """`base` with everything that people made known in service; what the bot read itself is not taken.

    Intents and teams are the store's.
    """
    return with_service(base, service_rows(session), stored_infos(session))


def with_service(base: TrainingData, rows: ServiceRows, stored: Mapping[str, IntentInfo]) -> TrainingData:
    """`base` with the rows of service, each with its weight; and what was taken, left out and changed.

    A text that `base` labels for the same head is not taken, and of one that was labelled twice the later
    label counts; texts are compared without regard to case, spacing and marks at the ends. The team that
    answered a text is not taken where its intent is known: that has a team. Intents and teams are those of
    `stored`, which go before those of `base`.
    """
    infos = dict(base.intent_infos) | dict(stored)
    taking = _Taking(rows)
    about = [*base.intents, *base.out_of_scope]
    of_intents = taking.take(("intents", "out_of_scope"), about)
    intents = [row for row in of_intents if row.teaches == "intents"]
    out_of_scope = [row for row in of_intents if row.teaches == "out_of_scope"]
    wished = [*base.wants_person, *base.smalltalk, *base.out_of_scope]
    teams = taking.take(("teams",), [*base.intents, *_labelled(intents)], why=INTENT_KNOWN)
    wishes = taking.take(("wants_person",), wished)
    comments = taking.take(("sentiment",), base.sentiment)
    used = {row.label for row in (*base.intents, *_labelled(intents))}
    data = replace(
        base,
        intents=(*base.intents, *_labelled(intents)),
        out_of_scope=(*base.out_of_scope, *_labelled(out_of_scope)),
        teams=_labelled(teams),
        wants_person=(*base.wants_person, *_labelled(wishes)),
        sentiment=(*base.sentiment, *_labelled(comments)),
        moods=(*base.moods, *rows.moods),
        served=rows.questions,
        intent_infos={name: info for name, info in infos.items() if name in used},
        source=f"{base.source} and the store",
    )
    return replace(data, from_service=taking.report(base, data))


class _Taking:
    """Takes rows head by head, and counts what it takes and leaves."""

    def __init__(self, rows: ServiceRows) -> None:
        self._rows = rows
        self._taken: Counter[tuple[Teaches, str]] = Counter()
        self._left_out = Counter(rows.left_out)

    def take(
        self, teaches: Sequence[Teaches], known: Iterable[LabelledText], *, why: str = KNOWN
    ) -> list[ServiceRow]:
        """The rows that teach one of these, each text once; none whose text is `known`."""
        before = {normalised(row.text) for row in known}
        latest: dict[str, ServiceRow] = {}
        for row in self._rows.texts:
            if row.teaches not in teaches:
                continue
            text = normalised(row.text)
            self._left_out[why] += text in before
            if text not in before:
                self._left_out[SAID_AGAIN] += text in latest
                latest[text] = row
        self._taken += Counter((row.teaches, row.source) for row in latest.values())
        return list(latest.values())

    def report(self, base: TrainingData, data: TrainingData) -> FromService:
        """What was taken and left out, and what that changed of `base`, which became `data`."""
        taken = Counter(self._taken)
        for one in self._rows.questions:
            taken["confidence", one.source] += 1
        taken["moods", "rating"] = len(self._rows.moods)
        counted = [
            TakenRows(teaches, source, count, RELIABILITY[teaches][source])
            for (teaches, source), count in sorted(taken.items(), key=lambda one: _place(one[0]))
            if count
        ]
        left_out = {why: count for why, count in self._left_out.items() if count}
        return FromService(tuple(counted), left_out, _changes(base, data))


def _place(key: tuple[Teaches, str]) -> tuple[int, str]:
    return TEACHES.index(key[0]), key[1]


def _labelled(rows: Iterable[ServiceRow]) -> tuple[LabelledText, ...]:
    return tuple(LabelledText(row.text, row.label, row.weight) for row in rows)


def _changes(base: TrainingData, data: TrainingData) -> dict[str, dict[str, tuple[int, int]]]:
    """Rows by label, before and after, of the labels that gained some."""
    changes = {}
    for name, before, after in (
        ("intents", _counts(base.intents), _counts(data.intents)),
        ("out_of_scope", _strange(base), _strange(data)),
        ("teams", _teams(base), _teams(data)),
        ("wants_person", _counts(base.wants_person), _counts(data.wants_person)),
        ("sentiment", _counts(base.sentiment), _counts(data.sentiment)),
        ("moods", _outcomes(base), _outcomes(data)),
    ):
        gained = {label: (before[label], n) for label, n in sorted(after.items()) if n > before[label]}
        if gained:
            changes[name] = gained
    return changes


def _counts(rows: Iterable[LabelledText]) -> Counter[str]:
    return Counter(row.label for row in rows)


def _strange(data: TrainingData) -> Counter[str]:
    """Texts that no intent is about, whatever each is called."""
    return Counter({OUT_OF_SCOPE: len(data.out_of_scope)})


def _outcomes(data: TrainingData) -> Counter[str]:
    return Counter(conversation.outcome for conversation in data.moods)


def _teams(data: TrainingData) -> Counter[str]:
    """Texts of each team: by their intent, or by who answered them."""
    of_intents = (data.intent_infos[row.label].team for row in data.intents if row.label in data.intent_infos)
    return Counter(filter(None, of_intents)) + _counts(data.teams)
