"""Writing a module as an ONNX graph: traced once, filled with other weights after that, the same file."""

from pathlib import Path

import onnxruntime
import pytest
import torch

from training.encoder import graphs
from training.encoder.graphs import write_graph


class Small(torch.nn.Module):
    """Word vectors and two products with matrices, of which `same` makes the second like the first."""

    def __init__(self, seed: int, *, same: bool = False) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.words = torch.nn.Embedding(10, 4)
        self.first, self.second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)
        if same:
            self.second.load_state_dict(self.first.state_dict())

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        read = (self.first(self.words(input_ids)) * attention_mask.unsqueeze(-1)).sum(1)
        return read, self.second(read)


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which files were traced, of none before."""
    files: list[Path] = []
    trace = graphs._trace

    def traced(module: torch.nn.Module, path: Path) -> None:
        files.append(path)
        trace(module, path)

    monkeypatch.setattr(graphs, "_traced", {})
    monkeypatch.setattr(graphs, "_trace", traced)
    return files


def outputs(path: Path) -> list[torch.Tensor]:
    ids = torch.tensor([[1, 2, 3], [4, 5, 0]])
    session = onnxruntime.InferenceSession(str(path))
    asked = {"input_ids": ids.numpy(), "attention_mask": (ids > 0).long().numpy()}
    return [torch.from_numpy(output) for output in session.run(["vectors", "features"], asked)]


def expected(module: torch.nn.Module) -> list[torch.Tensor]:
    ids = torch.tensor([[1, 2, 3], [4, 5, 0]])
    with torch.inference_mode():
        return list(module(ids, (ids > 0).long()))


def test_other_weights_give_the_file_that_tracing_them_gives(tmp_path: Path, traced: list[Path]) -> None:
    first, filled, afresh = (tmp_path / name for name in ("first", "filled", "afresh"))
    write_graph(Small(1).eval(), first, architecture="small")
    write_graph(Small(2).eval(), filled, architecture="small")
    write_graph(Small(2).eval(), afresh, architecture="of another name")
    assert traced == [first, afresh]
    assert filled.read_bytes() == afresh.read_bytes() != first.read_bytes()
    torch.testing.assert_close(outputs(filled), expected(Small(2)))


def test_weights_that_could_be_taken_for_each_other_are_traced_each_time(
    tmp_path: Path, traced: list[Path]
) -> None:
    write_graph(Small(1, same=True).eval(), tmp_path / "alike", architecture="small")
    write_graph(Small(2).eval(), tmp_path / "apart", architecture="small")
    assert traced == [tmp_path / "alike", tmp_path / "apart"]
    torch.testing.assert_close(outputs(tmp_path / "apart"), expected(Small(2)))
