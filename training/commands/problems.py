"""Tells people what is wrong with their data, on standard error: counts and lines, never texts."""

from collections.abc import Iterable

from eval.data.problems import Problem
from serving.command_line import messages


def tell_problems(problems: Iterable[Problem]) -> None:
    """One line for each problem."""
    for problem in problems:
        messages.print(f"data: {problem}", style="yellow", highlight=False, markup=False, soft_wrap=True)
