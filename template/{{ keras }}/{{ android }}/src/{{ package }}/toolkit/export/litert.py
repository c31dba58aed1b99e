"""A network as a LiteRT file (.tflite) for Android and small boards, one row at a time."""

from pathlib import Path
from typing import Any

from ..tables.schema import Schema
from .encode import describe as describe
from .program import TENSORFLOW, frozen, tf
from .quiet import quietly

PACKAGES = ("keras", TENSORFLOW)  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.tflite, which takes one row of the matrix of the contract."""
    with quietly():
        graph = frozen(model, 1)
        wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
        answer = wrapped.prune("matrix:0", "output:0")
        converter = tf.lite.TFLiteConverter.from_concrete_functions([answer])
        (folder / "model.tflite").write_bytes(converter.convert())
