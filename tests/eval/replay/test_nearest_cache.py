"""The rival worked out by hand, on vectors of two numbers."""

from collections.abc import Callable

import numpy as np

from eval.replay.nearest_cache import CacheRun, best_run, cache_runs

VECTORS = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]], dtype=np.float32)
"""Cosines: second to first .8; third to first 0, to second .6; fourth to first .6,
to the second .96, to the third .8."""
LABELS = ("a", "a", "b", "a")


def test_a_question_near_enough_gets_the_nearest_answer_and_is_not_cached() -> None:
    run = cache_runs(VECTORS, LABELS, thresholds=[0.7])[0]
    assert run.needs_person.tolist() == [True, False, True, False]
    assert run.wrong.tolist() == [False, False, False, True]  # the second, nearer and right, was not cached
    assert (run.wrong_share, run.wrong_among_answered) == (0.25, 0.5)


def test_a_stricter_cache_asks_people_and_knows_more() -> None:
    run = cache_runs(VECTORS, LABELS, thresholds=[0.9])[0]
    assert run.needs_person.tolist() == [True, True, True, False]
    assert run.wrong.tolist() == [False, False, False, False]
    assert (run.wrong_share, run.wrong_among_answered) == (0.0, 0.0)


def test_a_threshold_is_reached_by_a_cosine_equal_to_it() -> None:
    assert cache_runs(VECTORS[:2], LABELS[:2], thresholds=[0.8])[0].needs_person.tolist() == [True, False]


def test_of_equally_near_questions_the_earliest_answers() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    run = cache_runs(vectors, ("a", "b", "a"), thresholds=[1.0])[0]
    assert run.wrong.tolist() == [False, True, False]


def of_all(run: CacheRun) -> float:
    return run.wrong_share


def of_answers(run: CacheRun) -> float | None:
    return run.wrong_among_answered


def test_the_best_threshold_needs_people_most_rarely_within_the_allowed_wrong_share() -> None:
    runs = cache_runs(VECTORS, LABELS, thresholds=[0.7, 0.9, 0.99])

    def best(most_wrong: float, share: Callable[[CacheRun], float | None]) -> float | None:
        found = best_run(runs, most_wrong=most_wrong, share=share)
        return found.threshold if found else None

    assert best(0.03, of_all) == best(0.03, of_answers) == 0.9  # .7 is wrong too often, .99 answers nothing
    assert best(0.3, of_all) == 0.7  # 1 of 4 questions
    assert best(0.3, of_answers) == 0.9  # 1 of 2 answers
    assert best(0.5, of_answers) == 0.7


def test_there_is_no_best_when_all_thresholds_are_wrong_too_often() -> None:
    assert best_run(cache_runs(VECTORS, LABELS, thresholds=[0.7]), most_wrong=0.03, share=of_all) is None


def test_a_cache_that_never_answers_is_the_best_of_all_questions_and_none_of_answers() -> None:
    runs = cache_runs(VECTORS, LABELS, thresholds=[0.99])
    assert best_run(runs, most_wrong=0.03, share=of_all) is runs[0]
    assert best_run(runs, most_wrong=0.03, share=of_answers) is None
