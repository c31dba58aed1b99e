"""Export an encoder as one ONNX file and its tokenizer: tokens to probabilities and label."""

import logging
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from onnx import ModelProto, TensorProto, compose, helper
from torch.export import Dim

from ..runs import UserError
from ..tables.schema import Schema
from ..texts import tokens
from .onnx_graph import OPSETS, Graph, write
from .quiet import quietly

PACKAGES = ("onnx", "onnxruntime", "onnxscript", "tokenizers", "torch", "transformers")


def check(model: Any) -> None:
    """Raise UserError if the network, with one layer only, can't be exported.

    An export of all layers takes as long as some training; BERT is known to work.
    """
    config = deepcopy(model.network.config)
    if config.model_type == "bert":
        return
    config.num_hidden_layers = 1
    with torch.random.fork_rng():  # training goes on as if there had been no check
        small = type(model)(type(model.network)(config), model.tokenizer)
    try:
        with quietly():
            _graph(small)
    except Exception as error:  # each step of the exporter raises its own
        raise UserError(f"a {config.model_type} has operations that ONNX lacks") from error


def convert(model: Any, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.onnx, whose input is token ids of any length."""
    network = compose.add_prefix(_graph(model), "node_").graph
    graph = Graph("node")
    graph.add("Identity", "ids", output=network.input[0].name)
    graph.include(network)
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "tokens"])]
    write(graph, inputs, network.output[0].name, schema, threshold, folder)


def _graph(model: Any) -> ModelProto:
    """Return the network for inference as ONNX."""
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
    return program.model_proto


def accompany(model: Any, folder: Path) -> None:
    """Write folder/tokenizer.json."""
    model.tokenizer.save(str(folder / tokens.FILE))


def describe(model: Any) -> dict[str, Any]:
    """Return what the contract adds: how a text becomes the graph's input."""
    return {"tokens": tokens.describe(model)}
