"""The loop of trainings in torch tells of its losses, each stretch by its mean and its last step."""

import pytest

from eval.report.tracking import Step
from eval.results import untracked
from training.encoder.torch_loop import train_steps


@pytest.mark.parametrize(
    ("steps", "first", "last", "count"),
    [
        (3, Step(1, 0.0), Step(3, 2.0), 3),  # a stretch a step
        (250, Step(2, 0.5), Step(250, 248.5), 125),  # stretches of two
        (301, Step(3, 1.0), Step(301, 300.0), 101),  # of three, and one that is left
    ],
)
def test_losses_are_means_of_about_a_hundred_stretches(
    steps: int, first: Step, last: Step, count: int
) -> None:
    import torch

    weight = torch.nn.Parameter(torch.zeros(1))

    def backward(number: int) -> torch.Tensor:
        (0 * weight.sum()).backward()
        return torch.tensor(float(number))

    optimiser = torch.optim.AdamW([weight])
    how = {"seed": 0, "state": None, "track": untracked, "doing": "Training"}
    losses = train_steps(optimiser, backward, steps=steps, **how)
    assert (losses[0], losses[-1], len(losses)) == (first, last, count)
