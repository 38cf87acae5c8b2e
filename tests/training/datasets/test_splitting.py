"""What belongs together stays in one split, and the newest is the test; vectors can be worked out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ConfigurationError
from model.types import Vector, Vectors
from training.datasets.examples import Config, Example, Person
from training.datasets.splitting import Shares, group_examples, near_pairs, split_examples

START = datetime(2026, 1, 1, tzinfo=UTC)


class Apart:
    """Every text is at a right angle to every other, except those that differ only behind a `~`."""

    dim = 64

    def encode(self, texts: Sequence[str]) -> Vectors:
        stems = {stem: number for number, stem in enumerate(dict.fromkeys(map(self._stem, texts)))}
        rows = np.zeros((len(texts), len(stems) + 1), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[stems[self._stem(text)]] = 1
        return rows

    def encode_one(self, text: str) -> Vector:
        return self.encode([text])[0]

    def _stem(self, text: str) -> str:
        return text.partition("~")[0]


def asked(
    text: str,
    *,
    day: int | None = None,
    talk: str | None = None,
    who: str | None = None,
    label: str = "a",
    config: Config = "intents",
    keys: tuple[str, ...] = (),
) -> Example:
    return Example(
        config,
        text,
        {"label": label},
        "file:a",
        conversation_id=talk,
        person=Person(who) if who else None,
        asked_at=None if day is None else START + timedelta(days=day),
        keys=keys,
    )


def test_rows_are_grouped_by_conversation_person_key_text_and_likeness() -> None:
    rows = [
        asked("one", talk="t1"),
        asked("two", talk="t1", who="ida"),
        asked("three", who="ida"),
        asked("  THREE!"),
        asked("three~reworded"),
        asked("four", keys=("k",)),
        asked("five", keys=("k",), config="handoffs"),
        asked("six"),
    ]
    assert group_examples(rows, Apart()).tolist() == [0, 0, 0, 0, 0, 1, 1, 2]


def test_pairs_are_near_from_the_limit_on() -> None:
    angle = np.arccos(0.95)
    vectors = np.array([[1, 0], [np.cos(angle), np.sin(angle)], [0, 1]], np.float32)
    assert near_pairs(vectors, 0.9499).tolist() == [[0, 1]]
    assert near_pairs(vectors, 0.96).tolist() == []
    assert near_pairs(np.empty((0, 2), np.float32), 0.9).tolist() == []


def test_near_pairs_are_found_across_blocks() -> None:
    vectors = np.zeros((1030, 1030), np.float32)
    np.fill_diagonal(vectors, 1)
    vectors[1027] = vectors[3]
    assert near_pairs(vectors, 0.95).tolist() == [[3, 1027]]


def test_the_newest_conversations_are_the_test_and_those_before_them_validate() -> None:
    rows = [asked(f"q{day}", day=day, talk=f"t{day}") for day in range(10)]
    found = split_examples(rows, Apart(), shares=Shares(validation=0.2, test=0.3))
    assert found.splits == ("train",) * 5 + ("validation",) * 2 + ("test",) * 3


def test_an_old_question_asked_again_lately_goes_to_the_test_with_its_rewording() -> None:
    rows = [asked(f"q{day}", day=day, talk=f"t{day}") for day in range(10)]
    rows[0] = asked("q9~in other words", day=0, talk="t0")
    found = split_examples(rows, Apart(), shares=Shares(validation=0, test=0.2))
    assert found.splits[0] == found.splits[9] == "test"
    assert found.splits.count("test") == 2


def test_a_group_larger_than_the_split_stays_in_train_and_is_counted() -> None:
    rows = [asked(f"q{day}", day=day, who="ida" if day >= 5 else None) for day in range(10)]
    found = split_examples(rows, Apart(), shares=Shares(validation=0, test=0.2))
    assert found.splits == ("train",) * 3 + ("test",) * 2 + ("train",) * 5
    assert found.too_large == 1


def test_rows_without_time_are_drawn_label_by_label_and_the_seed_decides() -> None:
    rows = [asked(f"{label}{i}", label=label) for label in "abc" for i in range(20)]
    first = split_examples(rows, Apart(), seed=1)
    assert split_examples(rows, Apart(), seed=1).splits == first.splits
    assert split_examples(rows, Apart(), seed=2).splits != first.splits
    for label in "abc":
        own = [split for row, split in zip(rows, first.splits, strict=True) if row.label == label]
        assert (own.count("test"), own.count("validation"), own.count("train")) == (2, 2, 16)


def test_a_label_with_few_rows_stays_in_train() -> None:
    rows = [asked("lonely", label="rare"), *(asked(f"q{i}") for i in range(20))]
    assert split_examples(rows, Apart()).splits[0] == "train"


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (-0.1, 0.1), (0.2, 1)])
def test_shares_that_leave_nothing_to_train_on_are_refused(validation: float, test: float) -> None:
    with pytest.raises(ConfigurationError, match="leave something to train on"):
        Shares(validation, test)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 25), st.none() | st.integers(0, 9), st.none() | st.integers(0, 12), st.booleans()
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(0, 5),
)
def test_no_conversation_person_or_likeness_is_ever_split(
    drawn: list[tuple[int, int | None, int | None, bool]], seed: int
) -> None:
    rows = [
        asked(
            f"q{text}" + ("~reworded" if reworded else ""),
            day=talk,
            talk=None if talk is None else f"t{talk}",
            who=None if who is None else f"p{who}",
        )
        for text, talk, who, reworded in drawn
    ]
    found = split_examples(rows, Apart(), seed=seed)
    seen: dict[str, set[str]] = {}
    for row, split in zip(rows, found.splits, strict=True):
        stem = row.text.partition("~")[0]
        for key in (stem, row.conversation_id, row.person and f"person {row.person.id}"):
            if key:
                seen.setdefault(key, set()).add(split)
    assert all(len(splits) == 1 for splits in seen.values())
    newest: dict[int, tuple[datetime, str]] = {}
    for row, group, split in zip(rows, found.groups.tolist(), found.splits, strict=True):
        if row.asked_at is not None:
            newest[group] = max(newest.get(group, (row.asked_at, split)), (row.asked_at, split))
    trained = [time for time, split in newest.values() if split == "train"]
    held_out = [time for time, split in newest.values() if split != "train"]
    if not found.too_large and trained and held_out:
        assert max(trained) <= min(held_out)


def test_rewordings_are_held_together_by_the_real_encoder(encoder: OnnxEncoder) -> None:
    rows = [
        asked("Why won't my top up go through?"),
        asked("Why won't my top up go through now?"),
        asked("How do I change my PIN?"),
    ]
    assert group_examples(rows, encoder).tolist() == [0, 0, 1]
