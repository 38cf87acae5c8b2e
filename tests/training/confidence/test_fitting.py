"""The confidence is fitted on questions and judged on questions held out; limits are found by hand."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from eval.data.labelled import LabelledQuestion
from model.answering.confidence import FEATURES, feature_rows
from model.answering.past_questions import PastQuestions
from model.errors import DataError
from model.resolver import Read
from tests.training.training_parts import a_read, candidate
from training.confidence.fitting import (
    FittedConfidence,
    _flattened,
    fit_confidence,
    limit_for_recall,
    past_questions,
)

NO_PAST = PastQuestions.none()


def question(
    number: int, *refs: str, intent: str | None = None, kind: str = "answerable"
) -> LabelledQuestion:
    return LabelledQuestion(f"q{number}", f"question {number}", kind, intent, frozenset(refs))  # type: ignore[arg-type]


def always(_: Read) -> bool:
    return True


def labelled(n: int) -> tuple[list[LabelledQuestion], list[Read]]:
    """Even questions are answered by their near candidate, odd ones by nothing and find only far ones."""
    questions, reads = [], []
    for i in range(n):
        answered = i % 2 == 0
        near = 0.9 - i * 0.001 if answered else 0.4 + i * 0.001
        questions.append(question(i, "article:a") if answered else question(i, kind="out_of_scope"))
        reads.append(a_read(candidate("article:a", near, 1), candidate("article:b", 0.2, 2)))
    return questions, reads


@pytest.fixture(scope="module")
def fitted() -> FittedConfidence:
    """Fitted on 60 questions, every second of which has an answer."""
    questions, reads = labelled(60)
    return fit_confidence(questions, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20)


@pytest.mark.parametrize(
    ("recall", "limit"),
    [(1.0, 0.1), (0.9, 0.2), (0.8, 0.3), (0.5, 0.45)],
)
def test_the_limit_is_the_greatest_that_enough_positives_reach(recall: float, limit: float) -> None:
    # of ten, one may be missed at .9, two at .8, five at .5; more than .45 is never asked for
    probabilities = np.array([0.3, 0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert limit_for_recall(probabilities, recall=recall, most=0.45) == pytest.approx(limit)


def test_without_positives_the_limit_is_the_most() -> None:
    assert limit_for_recall(np.empty(0), recall=0.9, most=0.5) == 0.5


def test_right_answers_get_more_confidence_than_wrong_ones(fitted: FittedConfidence) -> None:
    _, reads = labelled(2)
    right = fitted.model.score(reads[0].candidates, reads[0].signals)
    wrong = fitted.model.score(reads[1].candidates, reads[1].signals)
    assert right[0].candidate.ref == "article:a"
    assert right[0].confidence > 0.8
    assert wrong[0].confidence < 0.2


@pytest.mark.parametrize(("questions", "most"), [(30, 0.99), (60, 0.995)])
def test_a_few_questions_all_told_apart_make_nothing_certain(questions: int, most: float) -> None:
    """Of 15 answers that were right, the next one is so with 16 of 17 at best, not for certain."""
    asked, reads = labelled(questions)
    sample = fit_confidence(asked, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20).sample
    assert 0.9 < sample.confidences.max() < most
    assert 1 - most < sample.confidences.min() < 0.1


def test_what_is_hardly_believed_hardly_lowers_confidence() -> None:
    """Half of the near candidates are said to be wrong: believed like the others, or hardly."""
    questions, reads = labelled(60)
    doubted = [replace(question(i + 100, kind="out_of_scope"), text=f"again {i}") for i in range(0, 60, 2)]
    again = [reads[i] for i in range(0, 60, 2)]

    def confidence(weight: float) -> float:
        said = [replace(one, weight=weight, counts=False) for one in doubted]
        fitted = fit_confidence(
            [*questions, *said], [*reads, *again], past=NO_PAST, reaches_answer=always, seed=0, trees=20
        )
        shares = fitted.model.forest.shares(
            feature_rows(reads[0].candidates, reads[0].signals, NO_PAST).astype(np.float64)
        )
        return float(shares[0])

    assert confidence(1.0) == pytest.approx(0.5, abs=0.15)
    assert confidence(0.01) > 0.9


def test_the_sample_holds_one_held_out_decision_a_question(fitted: FittedConfidence) -> None:
    sample = fitted.sample
    assert sample.confidences.shape == sample.correct.shape == (60,)
    assert sample.correct.sum() == 30
    assert sample.confidences[sample.correct].min() > sample.confidences[~sample.correct].max()


def test_a_text_and_its_hidden_twin_are_judged_by_models_that_saw_neither() -> None:
    """Twins differ in their label alone: who had seen one twin would be sure of the other, and be wrong."""
    questions, reads = [], []
    for i in range(30):
        near = a_read(candidate("article:a", 0.3 + i * 0.02, 1))
        text = question(i, "article:a")
        questions += [text, replace(text, id=f"{i} (hidden)", kind="out_of_scope", refs=frozenset())]
        reads += [near, near]
    sample = fit_confidence(questions, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20).sample
    assert sample.confidences == pytest.approx(np.full(60, 0.5), abs=0.1)


def test_questions_that_go_to_people_anyway_are_not_in_the_sample() -> None:
    questions, reads = labelled(40)
    reads = [a_read(*read.candidates, wants_person=float(i >= 30)) for i, read in enumerate(reads)]
    sample = fit_confidence(
        questions,
        reads,
        past=NO_PAST,
        reaches_answer=lambda read: read.understanding.wants_person < 0.5,
        seed=0,
        trees=20,
    ).sample
    assert len(sample.correct) == 30


def test_each_decision_of_the_sample_names_its_question(fitted: FittedConfidence) -> None:
    assert fitted.asked.tolist() == list(range(60))
    assert fitted.sample.correct.tolist() == [i % 2 == 0 for i in range(60)]


def test_a_question_that_finds_nothing_is_not_in_the_sample() -> None:
    questions, reads = labelled(40)
    sample = fit_confidence(
        questions, [a_read(), *reads[1:]], past=NO_PAST, reaches_answer=always, seed=0, trees=20
    ).sample
    assert len(sample.correct) == 39


def test_the_same_seed_gives_the_same_confidence(fitted: FittedConfidence) -> None:
    questions, reads = labelled(60)
    again = fit_confidence(questions, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20)
    np.testing.assert_array_equal(again.sample.confidences, fitted.sample.confidences)
    np.testing.assert_array_equal(again.model.forest.value, fitted.model.forest.value)


def test_the_forest_says_what_scikit_learns_says() -> None:
    """Its trees as flat arrays, on rows that never were and on rows that lie on its limits."""
    generator = np.random.default_rng(4)
    rows = generator.normal(size=(300, len(FEATURES))).round(1)
    correct = rows[:, 0] + rows[:, 3] + generator.normal(size=300) > 0
    others = np.vstack([generator.normal(size=(200, len(FEATURES))).round(1), rows])
    reference = ExtraTreesClassifier(20, min_samples_leaf=3, max_features=0.4, random_state=7)
    reference.fit(rows.astype(np.float32), correct)
    expected = reference.predict_proba(others.astype(np.float32))[:, 1]
    np.testing.assert_allclose(_flattened(reference).shares(others), expected, atol=1e-6)


def test_labelled_questions_become_the_past() -> None:
    questions = [
        question(1, "article:b", "article:a", intent="refund"),
        question(2, "article:a", intent="delivery"),
        question(3, "article:a"),
        question(4, intent="refund", kind="needs_person"),
    ]
    past = past_questions(questions, np.eye(4, dtype=np.float32))
    assert past.refs == (("article:a", "article:b"), ("article:a",), ("article:a",), ())
    assert past.intents_of("article:a") == {"refund": 1, "delivery": 1}


def test_too_few_questions_are_refused_with_their_number() -> None:
    questions, reads = labelled(19)
    with pytest.raises(
        DataError,
        match=r"19 calibration questions, 10 different ones with their answer found, are not enough: 20 are",
    ):
        fit_confidence(questions, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20)


def test_where_every_best_candidate_is_right_the_confidence_is_fitted_all_the_same() -> None:
    _, reads = labelled(60)
    questions = [question(i, "article:a") for i in range(60)]
    fitted = fit_confidence(questions, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20)
    assert fitted.sample.correct.all()
    assert fitted.sample.confidences.min() > 0.5


def test_one_answered_question_among_many_is_not_enough() -> None:
    _, reads = labelled(30)
    questions = [question(0, "article:a"), *(question(i, kind="out_of_scope") for i in range(1, 30))]
    with pytest.raises(DataError, match="1 different ones with their answer found, are not enough"):
        fit_confidence(questions, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20)


def test_questions_that_nothing_answers_are_refused() -> None:
    _, reads = labelled(30)
    questions = [question(i, kind="out_of_scope") for i in range(30)]
    with pytest.raises(DataError, match=r"0 different ones .* 10 with their answer found"):
        fit_confidence(questions, reads, past=NO_PAST, reaches_answer=always, seed=0, trees=20)


@pytest.mark.parametrize("n", [0, 30])
def test_questions_that_find_nothing_are_refused(n: int) -> None:
    questions, _ = labelled(n)
    with pytest.raises(DataError, match="are not enough"):
        fit_confidence(questions, [a_read()] * n, past=NO_PAST, reaches_answer=always, seed=0, trees=20)
