"""Export an encoder as one ONNX file and its tokenizer: tokens to probabilities and label."""

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
    """Write folder/model.onnx, whose input is token ids of any length."""
    logging.getLogger("torch.onnx").setLevel(
        logging.ERROR
    )  # it warns of a library that is not needed
    program = torch.onnx.export(
        model.inference_network(),
        (torch.full((2, 5), model.pad + 1),),
        dynamo=True,
        dynamic_shapes=({0: Dim("rows"), 1: Dim("tokens", max=model.max_tokens)},),
        opset_version=OPSETS[""],
        verbose=False,
    )
    assert program is not None  # dynamo always returns one
    network = compose.add_prefix(program.model_proto, "node_").graph
    graph = Graph("node")
    graph.add("Identity", "ids", output=network.input[0].name)
    graph.include(network)
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "tokens"])]
    write(graph, inputs, network.output[0].name, schema, threshold, folder)


def accompany(model: Any, folder: Path) -> None:
    """Write folder/tokenizer.json."""
    model.tokenizer.save(str(folder / tokens.FILE))


def describe(model: Any) -> dict[str, Any]:
    """Return what the contract adds: how a text becomes the graph's input."""
    return {"tokens": tokens.describe(model)}
