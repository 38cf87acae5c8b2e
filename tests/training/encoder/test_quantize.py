"""Weights cut to 8 bits: the graph says nearly the same, and an encoder that it changes is refused."""

import logging
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from model.encoder.onnx_encoder import OnnxEncoder
from model.errors import ArtifactError
from training.encoder.export import _PROBES, _check_likeness
from training.encoder.quantize import quantize_weights


def product(weights: np.ndarray, path: Path) -> Path:
    """A graph of one matrix product."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(weights)])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", weights.shape[1]])],
        [numpy_helper.from_array(weights, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return path


def outputs(path: Path, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {"x": x})[0]
    return found


def test_a_matrix_in_8_bits_is_smaller_and_says_nearly_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights, x = rng.normal(size=(384, 384)).astype(np.float32), rng.normal(size=(5, 384)).astype(np.float32)
    path = product(weights, tmp_path / "product.onnx")
    before = path.stat().st_size
    quantize_weights(path)
    assert path.stat().st_size < 0.3 * before
    got, expected = outputs(path, x), x @ weights
    assert np.abs(got - expected).max() < 0.02 * np.abs(expected).max()


def test_cutting_weights_turns_no_log_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.WARNING)
    monkeypatch.delitem(sys.modules, "onnxruntime.quantization.matmul_nbits_quantizer", raising=False)
    quantize_weights(product(np.eye(64, dtype=np.float32), tmp_path / "product.onnx"))
    assert root.handlers == []
    assert root.level == logging.WARNING


def test_a_row_does_not_depend_on_those_beside_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    path = product(rng.normal(size=(64, 8)).astype(np.float32), tmp_path / "product.onnx")
    quantize_weights(path)
    x = rng.normal(size=(3, 64)).astype(np.float32) * np.array([[1], [100], [0.01]], np.float32)
    alone = np.concatenate([outputs(path, row[None]) for row in x])
    np.testing.assert_allclose(outputs(path, x), alone, rtol=1e-5)


def test_where_the_code_lay_that_exported_a_graph_is_not_kept_in_it(tmp_path: Path) -> None:
    path = product(np.eye(64, dtype=np.float32), tmp_path / "product.onnx")
    graph = onnx.load(path)
    graph.graph.node[0].metadata_props.add(key="stack_trace", value='File "/home/ida/export.py", line 7')
    onnx.save(graph, path)
    quantize_weights(path)
    assert b"/home/ida" not in path.read_bytes()


def test_an_encoder_that_the_cut_changes_is_refused_with_its_cosine(encoder_folder: Path) -> None:
    vectors = OnnxEncoder.load(encoder_folder).encode(_PROBES)
    _check_likeness(vectors, encoder_folder)
    with pytest.raises(ArtifactError, match=r"too unlike torch's: cosine -1\.0000, at least 0\.998"):
        _check_likeness(-vectors, encoder_folder)
