"""Heads by hand: probabilities, temperature, and shapes that cannot be."""

import math

import numpy as np
import pytest

from model.errors import ArtifactError
from model.heads.head import Blend, Head, Kernel, Linear, blended, likenesses, softmax

LN3 = math.log(3)


def head(*, temperature: float = 1.0) -> Head:
    """`yes` scores ln 3 per unit of the first input, `no` scores 0."""
    return Head(("no", "yes"), linear([[0, 0], [LN3, 0]]), temperature)


def linear(weights: list[list[float]], bias: tuple[float, float] = (0, 0)) -> Linear:
    return Linear(np.array(weights, np.float32), np.array(bias, np.float32))


def test_probabilities_follow_the_scores() -> None:
    # scores (0, ln 3) -> 1 : 3; scores (0, 2 ln 3) -> 1 : 9; scores (0, 0) -> 1 : 1
    got = head().probabilities(np.array([[1, 5], [2, 5], [0, 5]], np.float32))
    np.testing.assert_allclose(got, [[0.25, 0.75], [0.1, 0.9], [0.5, 0.5]], atol=1e-6)


def test_the_bias_is_added() -> None:
    biased = Head(("no", "yes"), linear([[0], [0]], bias=(LN3, 0)))
    np.testing.assert_allclose(biased.probabilities(np.zeros((1, 1), np.float32)), [[0.75, 0.25]], atol=1e-6)


def test_a_temperature_of_two_halves_the_scores() -> None:
    got = head(temperature=2.0).read(np.array([2, 0], np.float32))
    assert got == pytest.approx({"no": 0.25, "yes": 0.75}, abs=1e-6)


def test_labels_are_read_in_their_order() -> None:
    assert list(head().read(np.array([1, 0], np.float32))) == ["no", "yes"]


def test_no_texts_give_no_rows() -> None:
    assert head().probabilities(np.empty((0, 2), np.float32)).shape == (0, 2)


def test_huge_scores_do_not_overflow() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e5, 0.0], [-1e5, -1e5]])), [[1, 0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("weights", "bias"), [((2, 2), (3,)), ((1, 2), (2,)), ((2,), (2,)), ((2, 2), (2, 1))]
)
def test_shapes_that_do_not_fit_each_other_are_refused(
    weights: tuple[int, ...], bias: tuple[int, ...]
) -> None:
    with pytest.raises(ArtifactError, match=r"weights of shape .* and bias of shape .*firstlast train heads"):
        Linear(np.zeros(weights, np.float32), np.zeros(bias, np.float32))


@pytest.mark.parametrize("labels", [("yes",), ("no", "perhaps", "yes")])
def test_a_scorer_of_more_or_fewer_labels_than_the_head_has_is_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ArtifactError, match=rf"a head with {len(labels)} labels has a scorer of 2;"):
        Head(labels, linear([[0], [0]]))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_a_temperature_that_is_not_above_zero_is_refused(temperature: float) -> None:
    with pytest.raises(ArtifactError, match="temperature must be above 0"):
        head(temperature=temperature)


def kernel(**changes: object) -> Kernel:
    """Looks at the second input alone; likeness 1 to its one landmark, at 0, scores ln 3 for `yes`."""
    parts: dict[str, object] = {
        "linear": linear([[0], [LN3]]),
        "projection": np.array([[0, 1]], np.float32),
        "landmarks": np.zeros((1, 1), np.float32),
        "gamma": math.log(2),
    }
    return Kernel(**(parts | changes))  # type: ignore[arg-type]


def test_likeness_falls_with_the_square_of_the_distance() -> None:
    got = likenesses(np.array([[0], [1], [2]], np.float32), np.zeros((1, 1), np.float32), gamma=math.log(2))
    np.testing.assert_allclose(got, [[1], [1 / 2], [1 / 16]], atol=1e-6)


def test_a_kernel_head_sees_its_directions_alone() -> None:
    got = Head(("no", "yes"), kernel()).probabilities(np.array([[9, 0], [-4, 0]], np.float32))
    np.testing.assert_allclose(got, [[0.25, 0.75], [0.25, 0.75]], atol=1e-6)


def test_far_from_its_landmarks_a_kernel_head_is_undecided() -> None:
    far = Head(("no", "yes"), kernel()).read(np.array([0, 30], np.float32))
    assert far == pytest.approx({"no": 0.5, "yes": 0.5})


def test_a_kernel_head_of_shapes_that_cannot_be_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"landmarks have shape \(2, 1\), expected \(1, 1\)"):
        kernel(landmarks=np.zeros((2, 1), np.float32))
    with pytest.raises(ArtifactError, match="gamma must be above 0, got 0"):
        kernel(gamma=0.0)


def test_a_blend_adds_log_odds_of_evidence_to_linear_scores() -> None:
    """Evidence of .03 counts ln 2, .09 counts ln 4, and less than none counts as none."""
    linear = np.array([[1.0, -1.0, 0.5]])
    kernel = np.array([[0.03, 0.09, -0.4]])
    np.testing.assert_allclose(blended(linear, kernel, share=1.0), [[math.log(2), math.log(4), 0]])
    np.testing.assert_allclose(
        blended(linear, kernel, share=0.25),
        [[0.75 + 0.25 * math.log(2), -0.75 + 0.25 * math.log(4), 0.375]],
    )


def blended_head(*, share: float = 0.5, temperature: float = 1.0, bias: tuple[float, float] = (0, 0)) -> Head:
    """The linear part knows nothing; the kernel says `yes` by one landmark at 0, with likeness .03 there."""
    near = kernel(linear=linear([[0], [0.03]]))
    return Head(("no", "yes"), Blend(linear([[0, 0], [0, 0]], bias), near, share), temperature)


def test_a_blended_head_listens_to_its_kernel_by_its_share() -> None:
    """At the landmark `yes` has half of ln 2 at share .5, with temperature .5 all of it: odds of 2 to 1."""
    assert blended_head(temperature=0.5).read(np.zeros(2, np.float32))["yes"] == pytest.approx(2 / 3)
    assert blended_head(share=0.0).read(np.zeros(2, np.float32))["yes"] == pytest.approx(1 / 2)


def test_far_from_all_landmarks_a_blended_head_is_its_linear_part() -> None:
    head = blended_head(bias=(0, 2 * LN3))
    assert head.read(np.array([0, 30], np.float32))["yes"] == pytest.approx(3 / 4)


def test_a_blend_that_cannot_be_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"share must be in \[0, 1\], got 1.5"):
        blended_head(share=1.5)
    three = Linear(np.zeros((3, 2), np.float32), np.zeros(3, np.float32))
    with pytest.raises(ArtifactError, match="of 3 labels are blended with a kernel's of 2"):
        Blend(three, kernel(), share=0.5)
