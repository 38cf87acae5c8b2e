"""Runs a simulated month through the loop, and measures what training on it makes of the bot.

The sample company begins with a few labelled texts an intent and a few calibration questions, and has a month
of service (`service_month`). Then a set is trained on its files and its store, and asked the sample company's
test questions beside the set of before, on the same knowledge; and so is a set that was trained on the same
rows with their labels shuffled. Differences come with paired 95 % intervals.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from service_month import Beginning, Habits, Month, beginning

from eval.data.labelled import LabelledQuestion
from eval.metrics.intervals import bootstrap_mean
from eval.replay.caching_encoder import CachingEncoder
from eval.suites import answers
from model.encoder.onnx_encoder import OnnxEncoder
from model.interfaces import Reader
from model.resolver import Resolver
from model.types import IntentInfo, Question
from training.datasets.service_rows import ServiceRows, service_rows
from training.datasets.with_service import with_service
from training.encoder.export import ensure_encoder
from training.heads.model_set import train_model_set

T = TypeVar("T")
RISK = 0.1
"""The budget that answers are given at."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a set does with the test questions, one by one."""

    intent: NDArray[np.bool_]
    """Whether the intent is right, of the questions that have one."""
    team: NDArray[np.bool_]
    """Whether people of the right team would have it, of the same."""
    answered_right: NDArray[np.bool_]
    """Whether it is answered rightly at the budget, of all."""
    answered_wrong: NDArray[np.bool_]

    def figures(self) -> dict[str, float]:
        """The means."""
        return {name: round(float(np.mean(values)), 4) for name, values in _each(self)}

    def gain(self, before: "Outcome", *, seed: int) -> dict[str, dict[str, float]]:
        """By how much each share grew since `before`, with the paired interval."""
        rng = np.random.default_rng(seed)
        gains = {}
        for (name, now), (_, then) in zip(_each(self), _each(before), strict=True):
            difference = now.astype(float) - then.astype(float)
            interval = bootstrap_mean(difference, rng=rng)
            gains[name] = {
                "mean": round(float(difference.mean()), 4),
                "low": round(interval.low, 4),
                "high": round(interval.high, 4),
            }
        return gains


@dataclass(frozen=True, slots=True)
class Loop:
    """The month, and the three sets on the knowledge at its end."""

    from_service: Mapping[str, Any]  # JSON
    before: Outcome
    after: Outcome
    shuffled: Outcome


def run(start: Beginning, encoder: Reader, folder: Path, *, habits: Habits, seed: int) -> Loop:
    """Train on what the company has, run its month, train again with what service gave, and measure."""
    once = CachingEncoder(encoder)
    before = train_model_set(start.data, once, seed=seed).models
    with closing(Month(folder, once, habits=habits, rng=np.random.default_rng(seed))) as month:
        bot = Resolver(once, before, month.index, risk=RISK)
        for row in start.asked:
            month.talk(row, bot)
        with month.database.reading() as session:
            rows = service_rows(session)
        after = with_service(start.data, rows, month.infos)
        mixed = with_service(start.data, shuffled(rows, np.random.default_rng(seed)), month.infos)
        sets = [
            before,
            *(
                train_model_set(data, once, seed=seed, home_index=month.index).models
                for data in (after, mixed)
            ),
        ]
        test = [replace(row, refs=month.right_refs(row)) for row in start.test]
        outcomes = [_outcome(test, Resolver(once, one, month.index, risk=RISK), month.infos) for one in sets]
    assert after.from_service is not None
    return Loop(after.from_service.as_json(), *outcomes)


def shuffled(rows: ServiceRows, rng: np.random.Generator) -> ServiceRows:
    """The same rows, each with the label or the answers of another row that teaches the same."""
    labels: dict[str, list[str]] = {}
    for row in rows.texts:
        labels.setdefault(row.teaches, []).append(row.label)
    mixed = {teaches: iter(_permuted(some, rng)) for teaches, some in labels.items()}
    refs = iter(_permuted([(one.question.refs, one.rejected) for one in rows.questions], rng))
    return replace(
        rows,
        texts=tuple(replace(row, label=next(mixed[row.teaches])) for row in rows.texts),
        questions=tuple(
            replace(one, question=replace(one.question, refs=right), rejected=rejected)
            for one, (right, rejected) in zip(rows.questions, refs, strict=True)
        ),
    )


def _permuted(items: Sequence[T], rng: np.random.Generator) -> list[T]:
    return [items[place] for place in rng.permutation(len(items))]


def _outcome(test: Sequence[LabelledQuestion], bot: Resolver, infos: Mapping[str, IntentInfo]) -> Outcome:
    intents, teams = [], []
    for row in test:
        if row.intent is not None:
            read = bot.read(Question(row.text)).understanding
            team = infos[read.intent].team if read.intent else read.team  # as handing over chooses it
            intents.append(read.intent == row.intent)
            teams.append(team == infos[row.intent].team)
    items = answers.measure(test, resolver=bot).items
    return Outcome(
        np.array(intents),
        np.array(teams),
        np.array([item.outcome == "answered_right" for item in items]),
        np.array([item.outcome == "answered_wrong" for item in items]),
    )


def _each(outcome: Outcome) -> Iterable[tuple[str, NDArray[np.bool_]]]:
    return [
        ("intent", outcome.intent),
        ("team", outcome.team),
        ("answered_right", outcome.answered_right),
        ("answered_wrong", outcome.answered_wrong),
    ]


def main() -> int:
    """0 once all is measured and printed, as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, help="A folder with the encoder; made when left out.")
    parser.add_argument("--conversations", type=int, default=600)
    parser.add_argument("--texts-an-intent", type=int, default=4)
    parser.add_argument("--calibration", type=int, default=40)
    parser.add_argument("--general-share", type=float, default=1.0, help="Of the general texts, in (0, 1].")
    parser.add_argument("--presses", type=float, default=1.0, help="Of those without a right answer.")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = beginning(
        texts_an_intent=options.texts_an_intent,
        calibration=options.calibration,
        conversations=options.conversations,
        general_share=options.general_share,
        rng=np.random.default_rng(options.seed),
    )
    with TemporaryDirectory() as folder:
        place = options.encoder or Path(folder) / "encoder"
        ensure_encoder(place)
        encoder = OnnxEncoder.load(place, threads=1)
        loop = run(start, encoder, Path(folder), habits=Habits(presses=options.presses), seed=options.seed)
    print(json.dumps(as_json(loop, seed=options.seed)))
    return 0


def as_json(loop: Loop, *, seed: int) -> dict[str, Any]:  # JSON
    """Figures of the three sets, and the gains of the two that were trained again."""
    return {
        "from_service": loop.from_service,
        **{name: getattr(loop, name).figures() for name in ("before", "after", "shuffled")},
        "gain": loop.after.gain(loop.before, seed=seed),
        "gain_with_shuffled_labels": loop.shuffled.gain(loop.before, seed=seed),
    }


if __name__ == "__main__":
    raise SystemExit(main())
