"""What a business has approved, asked again as if it were new, and the confidence fitted on it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.data.labelled import LabelledQuestion, LabelledText
from eval.data.words import TaughtAnswer
from eval.replay.simulated_team import Team
from model.errors import DataError
from model.model_set import ModelSet
from model.resolver import Read
from model.types import Reading, Vector, Vectors
from tests.training.training_parts import a_read, candidate, trained_set
from training.confidence.experience import approved_questions, experienced, held_out_reads, refit
from training.confidence.refitting import train_on_experience

WORDS = ("refund", "money", "back", "pump", "loud", "noise", "please", "now", "thanks", "hello")


class AxisEncoder:
    """Each known word is an axis; a text is their mean direction."""

    fingerprint = "encoder-a"
    words = frozenset[str]()
    dim = len(WORDS)

    def encode(self, texts: Sequence[str]) -> Vectors:
        counts = [[text.lower().split().count(word) for word in WORDS] for text in texts]
        rows = np.array(counts, dtype=np.float32).reshape(-1, self.dim)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def encode_one(self, text: str) -> Vector:
        vector: Vector = self.encode([text])[0]
        return vector

    def read(self, texts: Sequence[str]) -> Reading:
        vectors = self.encode(texts)
        return Reading(vectors, vectors[:, :4])

    def pieces(self, word: str) -> int:
        return 1


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    made = Team(tmp_path, AxisEncoder())
    yield made
    made.close()


@pytest.fixture
def models() -> ModelSet:
    return trained_set("before").models


def asked(team: Team) -> list[LabelledQuestion]:
    with team.database.reading() as session:
        return approved_questions(session)


def test_every_phrasing_of_an_answer_in_use_is_a_question_that_it_answers(team: Team) -> None:
    team.answer(LabelledText("refund", "money"))
    team.answer(LabelledText("loud pump", "noise"))
    team.answer(LabelledText("money back", "money"))
    assert [(one.text, set(one.refs)) for one in asked(team)] == [
        ("refund", {"learned_answer:1"}),
        ("money back", {"learned_answer:1"}),
        ("loud pump", {"learned_answer:2"}),
    ]


def test_without_answers_there_is_no_experience(team: Team, models: ModelSet) -> None:
    assert asked(team) == []
    with team.database.reading() as session:
        assert refit(session, models, team.encoder, team.index, head_encoders={}) is models


def test_each_question_is_read_as_if_it_had_not_been_learned(team: Team, models: ModelSet) -> None:
    team.answer(LabelledText("refund money", "money"))
    team.answer(LabelledText("refund", "money"))
    team.answer(LabelledText("loud pump", "noise"))
    reads = held_out_reads(asked(team), models, team.encoder, team.index, head_encoders={})
    best = [(read.candidates[0].ref, round(read.candidates[0].dense_score, 4)) for read in reads]
    assert best == [
        ("learned_answer:1", 0.7071),  # "refund", the other phrasing
        ("learned_answer:1", 0.7071),
        ("learned_answer:1", 0.0),  # its own answer had no other phrasing: the need is new
    ]
    assert [candidate.ref for candidate in reads[2].candidates] == ["learned_answer:1"]


def test_a_store_with_too_little_experience_says_how_much_is_needed(team: Team, models: ModelSet) -> None:
    team.answer(LabelledText("refund", "money"))
    with (
        team.database.reading() as session,
        pytest.raises(DataError, match=r"1 approved phrasings .* too little experience: 50 are needed"),
    ):
        train_on_experience(models, session, team.encoder, team.index, head_encoders={})


def labelled(n: int, *, wants_person: Sequence[float]) -> tuple[list[LabelledQuestion], list[Read]]:
    """`n` questions whose answer comes first with cosine .9, beside one with .2."""
    questions = [
        LabelledQuestion(str(i), f"Words {i}.", "answerable", None, frozenset({"learned_answer:1"}))
        for i in range(n)
    ]
    found = (candidate("learned_answer:1", 0.9, 1), candidate("learned_answer:2", 0.2, 2))
    return questions, [a_read(*found, wants_person=wants_person[i]) for i in range(n)]


@pytest.mark.parametrize(
    ("alarms", "limit"),
    [(0.3, 0.5), (0.7, 0.7), (0.97, 0.9)],  # never lower than it was, and never above .9
)
def test_the_limit_of_a_wish_for_a_person_follows_what_people_answered(
    models: ModelSet, alarms: float, limit: float
) -> None:
    questions, reads = labelled(100, wants_person=[alarms] * 100)
    assert experienced(models, questions, reads, seed=0).limits["wants_person"] == pytest.approx(limit)


def test_questions_that_people_get_in_any_case_are_not_in_the_sample(models: ModelSet) -> None:
    questions, reads = labelled(100, wants_person=[0.0] * 90 + [0.95] * 10)
    fitted = experienced(models, questions, reads, seed=0)
    assert fitted.limits["wants_person"] == 0.9
    assert len(fitted.calibration.confidences) == 90


def test_heads_version_and_past_stay_and_confidence_is_new(models: ModelSet) -> None:
    questions, reads = labelled(60, wants_person=[0.0] * 60)
    fitted = experienced(models, questions, reads, seed=0)
    assert (fitted.heads, fitted.version) == (models.heads, models.version)
    assert fitted.answering.past is models.answering.past
    assert fitted.calibration.correct.all()
    first, second = fitted.answering.score(reads[0].candidates, reads[0].signals)
    assert (first.candidate.ref, second.candidate.ref) == ("learned_answer:1", "learned_answer:2")
    assert first.confidence > 0.9 > 0.1 > second.confidence


def test_a_store_is_fitted_on_from_50_phrasings_of_which_20_find_their_answer(
    team: Team, models: ModelSet
) -> None:
    models = replace(models, limits={**models.limits, "wants_person": 0.6})  # its head always says .5
    texts = [f"{one} {other} {third}" for one in WORDS for other in WORDS for third in WORDS]
    refunds = [text for text in texts if "refund" in text and "pump" not in text][:30]
    pumps = [text for text in texts if "pump" in text and "refund" not in text][:30]
    for text in refunds:
        team.answer(LabelledText(text, "money"))
    with team.database.reading() as session:
        assert refit(session, models, team.encoder, team.index, head_encoders={}) is models
    for text in pumps:
        team.answer(LabelledText(text, "noise"))
    with team.database.reading() as session:
        fitted = refit(session, models, team.encoder, team.index, head_encoders={})
        trained = train_on_experience(models, session, team.encoder, team.index, head_encoders={})
        elsewhere = TaughtAnswer("1", "pump noise", "Yes.", ("noise",), ("refund noise",))
        taught = refit(session, models, team.encoder, team.index, head_encoders={}, taught=[elsewhere])
    assert trained.parameters["calibrated_on"] == "the home's approved learned answers"
    assert trained.metrics["answers.n"] == 60
    # what other businesses were taught teaches too, and no budget is kept on it
    assert len(taught.calibration.correct) == 60
    assert len(taught.answering.forest.roots) == len(fitted.answering.forest.roots)
    assert not np.array_equal(taught.answering.typical, fitted.answering.typical)
    assert len(fitted.calibration.confidences) == 60
    assert fitted.calibration.correct.mean() > 0.9


def test_past_questions_of_the_business_count_for_its_experience_too(models: ModelSet) -> None:
    """They were asked before and are none of the questions fitted on: none is left out."""
    past = type(models.answering.past)(np.ones((1, 1), np.float32), [["learned_answer:1"]], [None])
    models = replace(models, answering=replace(models.answering, past=past))
    questions, reads = labelled(60, wants_person=[0.0] * 60)
    fitted = experienced(models, questions, reads, seed=0)
    scored = fitted.answering.score(reads[0].candidates, reads[0].signals)
    assert scored[0].features["past_share"] == 1.0
