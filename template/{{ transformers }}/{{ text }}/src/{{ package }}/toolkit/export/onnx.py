"""An encoder as one ONNX file and its tokenizer: tokens in, probabilities and label out."""

import logging
from pathlib import Path
from typing import Any

import torch
from onnx import TensorProto, compose, helper
from torch.export import Dim

from ..tables.schema import Schema
from ..texts import tokens
from .onnx_graph import OPSETS, Graph, write

PACKAGES = ("onnx", "onnxruntime", "onnxscript", "tokenizers", "torch", "transformers")


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx, which takes the tokens of texts of any length."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses a library we don't use
    program = torch.onnx.export(
        model.answering(),
        (torch.full((2, 5), model.pad + 1),),
        dynamo=True,
        dynamic_shapes=({0: Dim("rows"), 1: Dim("tokens", max=model.max_tokens)},),
        opset_version=OPSETS[""],
        verbose=False,
    )
    assert program is not None  # with dynamo there is one
    network = compose.add_prefix(program.model_proto, "node_").graph
    graph = Graph("node")
    graph.add("Identity", "ids", output=network.input[0].name)
    graph.include(network)
    taken = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "tokens"])]
    write(graph, taken, network.output[0].name, schema, threshold, folder)


def accompany(model: Any, folder: Path) -> None:
    """Write folder/tokenizer.json."""
    model.tokenizer.save(str(folder / tokens.FILE))


def describe(model: Any) -> dict[str, Any]:
    """Return what the contract says besides: how a text becomes the graph's input."""
    return {"tokens": tokens.describe(model)}
