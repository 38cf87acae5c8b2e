"""A stream worked out by hand, through the real resolver, store and learning."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from eval.data.labelled import LabelledText
from eval.replay import suite as replay
from eval.results import SuiteResult
from knowledge.index.knowledge_index import KnowledgeIndex
from model.errors import DataError
from model.model_set import ModelSet
from model.types import Decision, Question
from tests.eval.eval_parts import WordEncoder, never_refit
from tests.eval.replay_parts import Bots, numbered, rows, trusting

STREAM = rows(
    ("refund", "money back"),  # nothing is known: a person writes the first answer
    ("pump", "noise"),  # cosine 0 to it: asked back in vain, a person writes the second
    ("refund", "money back"),  # the same words: answered
    ("refund pump", "noise"),  # cosine .71 to both: asked back, and the second is picked
    ("pump refund", "money back"),  # cosine 1 to what was picked: answered with the second, wrong
    ("pump", "money back"),  # the very words of the second: answered with it, wrong
    ("leak", "water"),  # cosine 0 to all: asked back in vain, a person writes the third
)


def replayed(stream: list[LabelledText]) -> SuiteResult:
    encoder = WordEncoder(["refund", "pump", "leak"])
    return replay.run(
        stream, encoder=encoder, models=trusting(encoder), open_bot=Bots(encoder), refit=never_refit
    )


@pytest.fixture(scope="module")
def result() -> SuiteResult:
    return replayed(STREAM)


def test_each_question_ends_as_worked_out_by_hand(result: SuiteResult) -> None:
    assert [item["outcome"] for item in result.items] == [
        *("handed_over", "asked_back_in_vain", "answered", "picked", "wrong", "wrong"),
        "asked_back_in_vain",
    ]
    assert [item["is_new"] for item in result.items] == [True, True, False, False, False, False, True]
    assert [item["ref"] for item in result.items] == [
        *(None, None, "learned_answer:1"),
        *("learned_answer:2", "learned_answer:2", "learned_answer:2"),
        None,
    ]


def test_people_and_picks_teach_and_answers_of_the_bots_own_accord_do_not(result: SuiteResult) -> None:
    assert [item["learned"] for item in result.items] == [True, True, False, True, False, False, True]


def test_the_figures_are_shares_of_all_questions(result: SuiteResult) -> None:
    figures = result.figures
    assert (figures["n"], figures["needs"]) == (7, 3)
    assert figures["needs_person"] == pytest.approx(3 / 7)
    assert figures["wrong"] == pytest.approx(2 / 7)
    assert figures["answered_right"] == pytest.approx(2 / 7)
    assert figures["answered_at_once"] == figures["picked"] == pytest.approx(1 / 7)
    assert figures["asked_back_in_vain"] == pytest.approx(2 / 7)
    assert figures["handed_over"] == pytest.approx(1 / 7)
    assert figures["recurrence"] == 0.0
    assert figures["needs_person_last_1000"] == pytest.approx(3 / 7)
    assert figures["handed_over_by_reason"] == {"nothing_found": 1}


def test_wrong_among_answered_leaves_out_what_the_customer_picked(result: SuiteResult) -> None:
    assert result.figures["n_answered"] == 3
    assert result.figures["wrong_among_answered"] == pytest.approx(2 / 3)
    low, high = result.figures["wrong_among_answered_interval"]
    assert low == pytest.approx(0.0943, abs=1e-4)  # 1 - .025 ** (1 / 3) is the mirror image of the upper end
    assert high == pytest.approx(0.9916, abs=1e-4)


def test_answers_written_are_counted_beside_the_needs(result: SuiteResult) -> None:
    assert result.figures["answers_written"] == 3
    assert result.figures["answers_written_per_need"] == 1.0
    assert result.figures["phrasings_learned"] == 1
    assert result.figures["not_learned"] == 0


def test_repeats_and_contradictions_are_counted(result: SuiteResult) -> None:
    assert result.figures["duplicates"] == 2  # "refund" and "pump" again
    assert result.figures["contradictory"] == 1  # "pump" with another need


def test_the_curve_follows_people_and_wrong_answers_over_time(result: SuiteResult) -> None:
    curves = {curve.name: list(curve.ys) for curve in result.charts["replay"].curves}
    assert curves["needs a person, so far"] == pytest.approx([1, 1, 2 / 3, 1 / 2, 2 / 5, 1 / 3, 3 / 7])
    assert curves["wrong, so far"] == pytest.approx([0, 0, 0, 0, 1 / 5, 1 / 3, 2 / 7])


def test_a_question_that_contradicts_an_answer_is_answered_by_a_person_but_not_learned() -> None:
    encoder = WordEncoder(["refund"])
    models = trusting(encoder)
    cautious = replace(models, limits={**models.limits, "wants_person": 0.0})  # a person for everything
    result = replay.run(
        rows(("refund", "money back"), ("Refund", "noise"), ("refund", "money back")),
        encoder=encoder,
        models=cautious,
        open_bot=Bots(encoder),
        refit=never_refit,
    )
    assert [item["learned"] for item in result.items] == [True, False, True]
    assert result.figures["not_learned"] == 1
    assert result.figures["answers_written"] == 1
    assert result.figures["answers_written_per_need"] == 0.5
    assert result.figures["recurrence"] == pytest.approx(1 / 3)
    assert result.figures["handed_over_by_reason"] == {"wants_person": 3}
    assert result.figures["wrong_among_answered"] is None
    assert result.figures["cache"] is None  # "Refund" has cosine 1 to "refund" and another need
    assert result.figures["careful_cache"] is None


def test_an_empty_stream_is_refused() -> None:
    with pytest.raises(DataError, match="the stream is empty"):
        replayed([])


def test_the_bot_is_fitted_anew_when_50_more_and_a_quarter_more_are_learned() -> None:
    encoder, stream = numbered(110)
    bots = Bots(encoder)
    known: list[int] = []

    def refit(session: Session, models: ModelSet, index: KnowledgeIndex) -> ModelSet:
        known.append(len(index))
        return replace(models, version=f"fitted on {len(index)}")

    figures = replay.run(
        stream, encoder=encoder, models=trusting(encoder), open_bot=bots, refit=refit
    ).figures
    assert known == [50, 100]
    assert bots.versions == ["trusting", "fitted on 50", "fitted on 100"]
    assert figures["refits"] == 2
    assert figures["needs_person"] == 1.0  # no two questions have a word in common


def test_a_question_that_crashes_goes_to_a_person_and_the_others_go_on() -> None:
    encoder = WordEncoder(["refund", "pump"])

    class Crashing:
        def __init__(self, models: ModelSet, index: KnowledgeIndex) -> None:
            self._resolver = Bots(encoder)(models, index)
            self.thresholds = self._resolver.thresholds

        def resolve(self, question: Question) -> Decision:
            if question.text == "pump":
                raise RuntimeError("no pump")
            return self._resolver.resolve(question)

    result = replay.run(
        rows(("refund", "money"), ("pump", "noise"), ("refund", "money")),
        encoder=encoder,
        models=trusting(encoder),
        open_bot=Crashing,
        refit=never_refit,
    )
    assert [item["outcome"] for item in result.items] == ["handed_over", "failed", "answered"]
    assert result.items[1]["error"] == "RuntimeError('no pump')"
    assert result.figures["failed"] == 1
    assert result.figures["needs_person"] == pytest.approx(2 / 3)
