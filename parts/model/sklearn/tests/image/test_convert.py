"""The graph repeats the features to the last bit, so that no tree takes another branch."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from quick import MODELS

from my_model import data, infer
from my_model.config import Config
from my_model.features import Features
from my_model.formats import onnx
from my_model.formats.onnx_features import inputs, matrix
from my_model.formats.onnx_graph import IR_VERSION, OPSETS, Graph
from my_model.images.pixels import read
from my_model.tables.cells import Column
from my_model.tables.schema import Schema
from my_model.train import fit

RNG = np.random.default_rng(0)


def noise(rows: int, size: int) -> np.ndarray:
    """Pixels of every level, with black and white areas, whose edges are the strongest."""
    pixels = RNG.integers(0, 256, (rows, size, size, 3), np.uint8)
    pixels[: rows // 2, : size // 3] = 0
    pixels[: rows // 4, size // 2 :] = 255
    return pixels


@pytest.mark.parametrize("size", [8, 32, 100, 224, 256])
def test_features_are_equal_bit_for_bit(size: int) -> None:
    features, schema = Features(size), Schema(target="y", labels=None, columns=[_image(size)])
    graph = Graph("node")
    matrix(graph, features, "matrix")
    told = helper.make_tensor_value_info("matrix", TensorProto.FLOAT, ["rows", None])
    body = helper.make_graph(graph.nodes, "model", inputs(schema), [told], graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    pixels = noise(8, size)
    found = session.run(None, {"image": pixels})[0]
    np.testing.assert_array_equal(found, features.encode(pixels))
    assert found.shape == (8, len(features.names()))


@pytest.mark.parametrize("name", MODELS)
def test_every_estimator_answers_alike(name: str, config: Config, tmp_path: Path) -> None:
    update = {
        "model": config.model.model_copy(update={"name": name}),
        "train": config.train.model_copy(update={"rounds": 5, "trees": 5, "threads": 1}),
    }
    splits = data.load(config)
    model = fit(config.model_copy(update=update), splits, lambda step, metrics: None, tmp_path)
    onnx.convert(model, splits.schema, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    files = splits.val.inputs["image"].tolist()
    predictions, decided = session.run(None, {"image": read(files, config.data.size)})
    expected = infer.predict(model, splits.val.inputs)
    np.testing.assert_allclose(predictions, expected, rtol=1e-5, atol=1e-5)
    second, first = np.sort(expected, axis=1)[:, -2:].T
    clear, names = first - second > 1e-5, np.array(splits.schema.labels)
    assert (decided == names[expected.argmax(axis=1)])[clear].all()


def test_edges_are_found_where_they_are() -> None:
    pixels = np.zeros((1, 32, 32, 3), np.uint8)
    pixels[:, :, 16:] = 255  # dark on the left, bright on the right
    names, values = Features(32).names(), Features(32).encode(pixels)[0]
    strongest = {names[place] for place in np.flatnonzero(values[:128] == values[:128].max())}
    assert strongest == {f"edge 0° {row},{column}" for row in range(4) for column in (1, 2)}


def _image(size: int) -> Column:
    return Column(name="image", kind="image", size=size)
