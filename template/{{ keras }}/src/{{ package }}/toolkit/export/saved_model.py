"""A network as a SavedModel, in the folder layout of TensorFlow Serving.

Its graph is that of `program.frozen`: `tf.saved_model.save` never writes the same bytes twice.
"""

from pathlib import Path
from typing import Any

from ..evaluation import metrics
from ..tables.schema import Schema
from .contract import free_name
from .encode import describe as describe
from .program import TENSORFLOW, frozen, tf
from .quiet import quietly
from .saved_model_runtime import VERSION

PACKAGES = ("keras", TENSORFLOW)  # their versions go into the contract


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.saved, whose signature takes the matrix of the contract, any rows."""
    name = free_name(metrics.OUTPUT[0], [column.name for column in schema.columns])
    saved = folder / "model.saved" / VERSION
    constant = frozen(model, None, name)
    with quietly(), tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        tf.import_graph_def(constant, name="")
        inputs, outputs = (
            {each: graph.get_tensor_by_name(f"{each}:0")} for each in ("matrix", name)
        )
        tf.compat.v1.saved_model.simple_save(session, str(saved), inputs, outputs)
