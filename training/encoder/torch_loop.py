"""The loop that trainings in torch share: pace, clipped steps, states to go on from; knows no loss."""

import ctypes
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from eval.report.tracking import Step
from eval.results import Track
from training.encoder.checkpoints import Checkpoints

if TYPE_CHECKING:
    import torch

_STRETCHES = 100
"""Of a training, whose losses are told."""
_TIDY_EVERY = 100
"""Steps after which freed memory goes back to the system."""


def train_steps(
    optimiser: "torch.optim.AdamW",
    backward: Callable[[int], "torch.Tensor"],
    *,
    steps: int,
    seed: int,
    state: Checkpoints | None,
    track: Track,
    doing: str,
) -> list[Step]:
    """Takes the steps that are not done yet: all of them, or those after the state that is kept.

    Gives the losses of these steps: means of about a hundred stretches, each by its last step, in order.

    `backward` gets the number of a step, leaves gradients and gives the loss; gradients are clipped to a norm
    of 1. The rates of the optimiser's groups are their greatest (`rate_share`). Randomness within a step is
    drawn by seed and number, so that a training that goes on ends at the very weights of one that was never
    interrupted.
    """
    import torch

    rates = [float(group["lr"]) for group in optimiser.param_groups]
    trainable = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    begin = state.restore(trainable, optimiser) if state else 0
    stretch, losses, recent = max(1, steps // _STRETCHES), list[Step](), list[torch.Tensor]()
    for number in track(range(begin, steps), doing=doing):
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * rate_share(number, steps)
        torch.manual_seed(seed * 1_000_003 + number)
        optimiser.zero_grad(set_to_none=True)
        recent.append(backward(number).detach())
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimiser.step()
        if state:
            state.keep(number + 1, trainable, optimiser, last=number + 1 == steps)
        if (number + 1) % stretch == 0 or number + 1 == steps:
            losses.append(Step(number + 1, float(torch.stack(recent).mean())))
            recent.clear()
        if number % _TIDY_EVERY == _TIDY_EVERY - 1:
            _give_back_memory()
    return losses


def rate_share(number: int, of: int) -> float:
    """Share of the learning rate at a step: rises over the first tenth of the steps, then falls to 0."""
    warm = max(1, of // 10)
    return (number + 1) / warm if number < warm else (of - number) / max(1, of - warm)


def _give_back_memory() -> None:
    """Gives freed memory back, where the C library can: tensors of ever other sizes tear its heap to pieces.

    Without it 1,400 steps of reading took 9 GB, most of it free.
    """
    with suppress(OSError, AttributeError):  # of the libraries that are common, glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)
