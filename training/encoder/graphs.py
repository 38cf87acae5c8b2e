"""Writes a torch module as an ONNX graph; traces each architecture once, and fills in weights after that."""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx
    import torch

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _Traced:
    """A graph without its weights, and where each of them comes from."""

    graph: "onnx.ModelProto"
    sources: Mapping[str, tuple[str, bool]]
    """By the name of an initializer: the parameter, and whether it is transposed."""


_traced: dict[str, _Traced] = {}


def write_graph(module: "torch.nn.Module", path: Path, *, architecture: str) -> None:
    """The module, of token ids and mask, as an ONNX graph with the outputs `vectors` and `features`.

    Tracing takes ten seconds, nearly all of them the same for modules that differ in their weights alone:
    those with the same text for their `architecture`. For them the graph that this process wrote before is
    filled with their weights, which gives the same file to the byte.
    """
    weights = {name: value.numpy(force=True) for name, value in module.state_dict().items()}
    known = _traced.get(architecture)
    if known is None:
        _trace(module, path)
        learned = _without_weights(path, weights)
        if learned is not None:
            _traced[architecture] = learned
        return
    import onnx

    graph = onnx.ModelProto()
    graph.CopyFrom(known.graph)
    for initializer in graph.graph.initializer:
        if initializer.name in known.sources:
            parameter, turned = known.sources[initializer.name]
            value = weights[parameter].T if turned else weights[parameter]
            initializer.raw_data = value.astype("<f4").tobytes()
    onnx.save(graph, path)


def _trace(module: "torch.nn.Module", path: Path) -> None:
    import torch

    ids = torch.ones((2, 8), dtype=torch.int64)
    batch, length = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("length", min=2, max=512)
    shapes = {"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            module,
            (ids, torch.ones_like(ids)),
            path,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors", "features"],
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _without_weights(path: Path, weights: Weights) -> _Traced | None:
    """The graph at `path`; `None` when it does not say which of the weights stands where.

    The exporter writes equal ones once, for all their places; those of another module may differ.
    """
    import onnx
    from onnx import numpy_helper

    if len({(value.shape, value.tobytes()) for value in weights.values()}) < len(weights):
        return None

    graph = onnx.load(path)
    sources: dict[str, tuple[str, bool]] = {}
    for initializer in graph.graph.initializer:
        value = numpy_helper.to_array(initializer)
        if initializer.data_type != onnx.TensorProto.FLOAT or value.size == 1:
            continue  # a number of the architecture
        source = _source(initializer.name, value, weights)
        if source is None or not initializer.HasField("raw_data"):
            return None
        sources[initializer.name] = source
        initializer.raw_data = b""
    return _Traced(graph, sources)


def _source(name: str, value: NDArray[np.float32], weights: Weights) -> tuple[str, bool] | None:
    """The one parameter that `value` is, or is the transposed of; `None` where several may be it."""
    if name in weights and np.array_equal(weights[name], value):
        return name, False
    turned = [key for key, one in weights.items() if one.ndim == 2 and np.array_equal(one.T, value)]
    return (turned[0], True) if len(turned) == 1 else None
