"""The features of candidates by hand, and confidences from them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from model.answering.confidence import FEATURES, AnsweringModel, Forest, feature_rows, log_odds
from model.answering.past_questions import PastQuestions
from model.errors import ArtifactError
from model.types import Difference
from tests.forests import answering, stump
from tests.model.parts import candidate, signals

NO_PAST = PastQuestions.none()
NEAR_IS_RIGHT = stump("dense_score", limit=0.5, below=0.2, above=0.8)


def named(row: np.ndarray) -> dict[str, float]:
    return dict(zip(FEATURES, map(float, row), strict=True))


PAST = PastQuestions(
    np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 1, 0]], np.float32),
    [["article:a"], [], ["article:a"]],
    ["refund", None, "refund"],
)
"""Two past questions that article a resolved, and one like the question that nothing did."""


DIFFERS = (
    "other_number",
    "missing_number",
    "opposite",
    "negation",
    "asks_why",
    "past",
    "unheard",
    "unknown",
    "rarest_unknown",
    "unsaid",
    "rarest_unsaid",
)


def test_the_features_of_two_candidates_by_hand() -> None:
    first = candidate("article:a", dense=0.8, second=0.6, lexical=6.0, fused=0.9, coverage=1.0, whole=0.7)
    second = candidate(
        "learned_answer:1",
        dense=0.5,
        second=0.5,
        lexical=2.0,
        fused=0.6,
        coverage=0.25,
        whole=0.3,
        vote=0.6,
        passages=3,
        kind="learned_answer",
        difference=Difference(False, True, False, True, -1, 1, 0, 0.5, 0.25, 0.125, 0.75, 0.0625),
    )
    asked = signals(words=3, intents={"refund": 0.75, "delivery": 0.25})
    rows = feature_rows([first, second], asked, PAST)
    a, b = named(rows[0]), named(rows[1])

    # intent: (.75*2 + .5/2) / (2 + .5) = 1.75 / 2.5
    prior = 0.7
    # the vector (1, 0, 0) meets the past questions at 1, .6 and 0: votes 1, .6^4 = .1296 and 0
    share, unanswered = 1 / 1.1296, 0.1296 / 1.1296
    assert a == pytest.approx(
        {
            "dense_score": 0.8,
            "dense_margin": 0.3,
            "coverage": 1.0,
            "coverage_margin": 0.75,
            "fused_score": 0.9,
            "fused_margin": 0.3,
            "lexical_score": 6.0,
            "lexical_margin": 4.0,
            "lexical_share": 1.0,
            "second_score": 0.6,
            "second_margin": 0.1,
            "whole_score": 0.7,
            "whole_margin": 0.4,
            "phrasings_vote": math.nan,
            "phrasings_vote_margin": math.nan,
            "phrasings": math.nan,
            "learned_answer": 0.0,
            **dict.fromkeys(DIFFERS, math.nan),
            "intent_prior": math.log(prior + 0.01),
            "intent_prior_margin": prior,
            "past_share": share,
            "past_margin": share,
            "past_unanswered": unanswered,
            "in_scope": 0.9,
            "out_of_scope": 0.05,
            "human_only": 0.1,
            "smalltalk": 0.0,
            "question_words": math.log(4),
        },
        nan_ok=True,
    )
    assert (b["phrasings_vote"], b["phrasings_vote_margin"]) == (0.6, 0.6)
    assert b["phrasings"] == pytest.approx(math.log(4))
    expected = [1.0, 0.0, 1.0, -1.0, 1.0, 0.0, 0.5, 0.25, 0.125, 0.75, 0.0625]
    assert [b[name] for name in DIFFERS] == expected
    assert (b["dense_margin"], b["fused_margin"], b["coverage_margin"]) == pytest.approx((-0.3, -0.3, -0.75))
    assert (b["lexical_margin"], b["lexical_share"]) == pytest.approx((-4.0, 1 / 3))
    assert (b["second_margin"], b["whole_margin"], b["learned_answer"]) == pytest.approx((-0.1, -0.4, 1.0))
    unknown = ("intent_prior", "intent_prior_margin", "past_share", "past_margin")
    of_matter = ("past_unanswered", "in_scope", "out_of_scope", "human_only")
    assert all(math.isnan(b[name]) for name in (*unknown, *of_matter))
    assert (b["smalltalk"], b["question_words"]) == (a["smalltalk"], a["question_words"])


def test_a_question_is_not_its_own_past() -> None:
    asked = signals(intents={"refund": 0.75, "delivery": 0.25})
    row = named(feature_rows([candidate("article:a")], asked, PAST, without=0)[0])
    # left are .1296 of a question without an answer and 0 of one with; the counts are 1 of refund
    assert (row["past_share"], row["past_unanswered"]) == pytest.approx((0.0, 1.0))
    assert row["intent_prior"] == pytest.approx(math.log((0.75 + 0.25) / 1.5 + 0.01))


def test_where_no_word_matches_no_candidate_has_a_lexical_share() -> None:
    rows = feature_rows([candidate("article:a"), candidate("article:b")], signals(), NO_PAST)
    assert [named(row)["lexical_share"] for row in rows] == [0.0, 0.0]


def test_two_equal_candidates_have_no_margin() -> None:
    rows = feature_rows([candidate("article:a"), candidate("article:b")], signals(), NO_PAST)
    assert [named(row)["dense_margin"] for row in rows] == [0.0, 0.0]


def test_a_lone_candidate_is_ahead_by_all_it_has() -> None:
    row = named(feature_rows([candidate("article:a", dense=0.7)], signals(), NO_PAST)[0])
    assert row["dense_margin"] == pytest.approx(0.7)


def test_no_candidates_give_no_rows_and_no_scores() -> None:
    assert feature_rows([], signals(), NO_PAST).shape == (0, len(FEATURES))
    assert answering(NEAR_IS_RIGHT).score([], signals()) == []


def test_the_prior_is_unknown_without_intents_or_past_questions() -> None:
    one = [candidate("article:a")]
    without_intents = feature_rows(one, signals(intents={}), PAST)
    without_past = feature_rows(one, signals(intents={"refund": 1.0}), NO_PAST)
    for rows in (without_intents, without_past):
        assert math.isnan(named(rows[0])["intent_prior"])


def row(**values: float) -> np.ndarray:
    return np.array([[values.get(name, 0.5) for name in FEATURES]])


def test_a_tree_asks_and_the_limit_itself_goes_left() -> None:
    assert NEAR_IS_RIGHT.shares(row(dense_score=0.6))[0] == pytest.approx(0.8)
    assert NEAR_IS_RIGHT.shares(row(dense_score=0.5))[0] == pytest.approx(0.2)


def test_a_forests_share_is_the_mean_of_its_trees() -> None:
    # tree one: .2 up to a coverage of .5, else .4 up to a similarity of .7, else 1; tree two: always .6
    forest = Forest(
        roots=np.array([0, 5]),
        feature=np.array([FEATURES.index("coverage"), 0, FEATURES.index("dense_score"), 0, 0, 0]),
        limit=np.array([0.5, 0, 0.7, 0, 0, 0], np.float32),
        children=np.array([[2, 1], [1, 1], [4, 3], [3, 3], [4, 4], [5, 5]]),
        value=np.array([0, 0.2, 0, 0.4, 1.0, 0.6], np.float32),
        depth=2,
    )
    rows = np.vstack([row(coverage=0.4), row(coverage=0.6), row(coverage=0.6, dense_score=0.71)])
    np.testing.assert_allclose(forest.shares(rows), [0.4, 0.5, 0.8], atol=1e-6)
    assert forest.shares(np.empty((0, len(FEATURES)))).shape == (0,)


def test_confidence_by_hand() -> None:
    # a share of .8 has log odds ln 4; stretched by .5 and moved by ln 3 they are ln 2 + ln 3 = ln 6: 6 in 7
    model = answering(NEAR_IS_RIGHT, slope=0.5, offset=math.log(3))
    assert model.confidences(row(dense_score=0.9))[0] == pytest.approx(6 / 7, abs=1e-6)


def test_articles_and_learned_answers_are_calibrated_apart() -> None:
    # log odds of .8 are ln 4; moved by ln 2 they are those of 8 in 9
    model = replace(answering(NEAR_IS_RIGHT), offset=np.array([0.0, math.log(2)]))
    rows = np.vstack([row(dense_score=0.9), row(dense_score=0.9, learned_answer=1.0)])
    assert model.confidences(rows) == pytest.approx([0.8, 8 / 9], abs=1e-6)


def test_without_stretching_the_confidence_is_the_share() -> None:
    assert answering(NEAR_IS_RIGHT).confidences(row(dense_score=0.9))[0] == pytest.approx(0.8, abs=1e-6)


def test_shares_of_nothing_and_all_are_never_quite_sure() -> None:
    np.testing.assert_allclose(log_odds(np.array([0.0, 0.5, 1.0])), [-math.log(999), 0, math.log(999)])


def test_an_unknown_feature_takes_its_typical_value() -> None:
    knows_prior = stump("intent_prior", limit=0.4, below=0.2, above=0.8)
    unknown, typical = row(intent_prior=math.nan), row(intent_prior=0.5)
    model = answering(knows_prior)
    assert model.confidences(unknown)[0] == model.confidences(typical)[0] == pytest.approx(0.8, abs=1e-6)


def test_an_answer_that_a_person_approved_for_these_very_words_is_certain() -> None:
    same = Difference(True, False, False, False, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    approved = candidate("learned_answer:1", dense=0.3, kind="learned_answer", difference=same)
    near = replace(approved, difference=replace(same, same_words=False))
    picked = replace(approved, passage=replace(approved.passage, picked=True))  # by a customer alone
    for found, confidence in ((approved, 1.0), (near, 0.2), (picked, 0.2)):
        first, *_ = answering(NEAR_IS_RIGHT).score([found], signals())
        assert first.confidence == pytest.approx(confidence, abs=1e-6)


def test_no_other_answer_is_certain_however_steep_the_calibration() -> None:
    model = AnsweringModel(np.zeros(len(FEATURES)), NEAR_IS_RIGHT, np.full(2, 90.0), np.zeros(2))
    first, *_ = model.score([candidate("article:a", dense=0.9)], signals())
    assert 0.999999 < first.confidence < 1.0


def test_candidates_are_ordered_by_confidence() -> None:
    weak, strong = candidate("article:weak", dense=0.2), candidate("article:strong", dense=0.9)
    got = answering(NEAR_IS_RIGHT).score([weak, strong], signals())
    assert [one.candidate.ref for one in got] == ["article:strong", "article:weak"]
    assert got[0].confidence > got[1].confidence


def test_candidates_of_equal_confidence_keep_their_order() -> None:
    refs = ["article:c", "article:a", "article:b"]
    got = answering(NEAR_IS_RIGHT).score([candidate(ref) for ref in refs], signals())
    assert [one.candidate.ref for one in got] == refs
    assert len({one.confidence for one in got}) == 1


def test_the_trace_names_known_features_alone() -> None:
    features = answering(NEAR_IS_RIGHT).score([candidate("article:a")], signals())[0].features
    assert "intent_prior" not in features
    assert features["in_scope"] == 0.9
    assert all(math.isfinite(value) for value in features.values())


def test_a_model_of_other_features_is_refused() -> None:
    n = len(FEATURES)
    with pytest.raises(ArtifactError, match=rf"has \({n + 1},\) features, expected \({n},\)"):
        AnsweringModel(np.zeros(n + 1), NEAR_IS_RIGHT, 1.0, 0.0)


def test_an_answer_that_is_asked_for_what_it_must_not_show_is_half_as_sure() -> None:
    known = answering(NEAR_IS_RIGHT)
    sure = candidate("article:a", dense=0.9)
    [whole] = known.score([sure], signals())
    [half] = known.score([replace(sure, asks_for_withheld=True)], signals())
    assert half.confidence == pytest.approx(whole.confidence / 2)
