"""Keeps the state of an interrupted training, whole or not at all, for the very same training alone."""

import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

if TYPE_CHECKING:
    import torch

_FILE = "state.safetensors"
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Checkpoints:
    """The newest state of one training: weights, the optimiser's moments, and how many steps are done."""

    def __init__(self, folder: Path, *, key: str, every_seconds: float) -> None:
        """`key` names everything that the training depends on: another one's state is never taken up."""
        self._path = folder / _FILE
        self._key = key
        self._every_seconds = every_seconds
        self._kept_at = time.monotonic()

    def restore(self, parameters: Sequence["torch.nn.Parameter"], optimiser: "torch.optim.AdamW") -> int:
        """Put the kept state into both; gives how many steps are done, 0 with no state to go on from."""
        import torch

        try:
            with safe_open(self._path, "pt") as file:
                about = file.metadata() or {}
                if about.get("key") != self._key:
                    return 0
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):
            return 0
        with torch.no_grad():
            for number, parameter in enumerate(parameters):
                parameter.copy_(tensors[f"{number}.weights"])
        state = {
            number: {moment: tensors[f"{number}.{moment}"] for moment in _MOMENTS}
            for number in range(len(parameters))
            if f"{number}.step" in tensors
        }
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
        return int(json.loads(about["steps"]))

    def keep(
        self,
        steps: int,
        parameters: Sequence["torch.nn.Parameter"],
        optimiser: "torch.optim.AdamW",
        *,
        last: bool,
    ) -> None:
        """Keep the state after so many steps, if it is the last or a while has passed since."""
        if not last and time.monotonic() - self._kept_at < self._every_seconds:
            return
        from safetensors.torch import save_file

        moments: dict[int, dict[str, Any]] = optimiser.state_dict()["state"]  # torch's own layout
        tensors = {f"{number}.weights": one.detach() for number, one in enumerate(parameters)}
        for number, state in moments.items():
            tensors |= {f"{number}.{moment}": state[moment] for moment in _MOMENTS}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}")
        save_file(tensors, draft, metadata={"key": self._key, "steps": json.dumps(steps)})
        draft.replace(self._path)
        self._kept_at = time.monotonic()

    def forget(self) -> None:
        """Remove what is kept."""
        shutil.rmtree(self._path.parent, ignore_errors=True)
