"""A network for tables: features -> encoding -> layers -> logits or values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from onnx import ValueInfoProto
from torch import Tensor, nn
from torch.utils.data import Dataset

from .columns import Numbers
from .config import Config
from .features import Features
from .networks import NETWORKS
from .toolkit.export.feature_parity import check_features
from .toolkit.export.onnx_graph import Graph
from .toolkit.tables.schema import Schema
from .toolkit.tables.split import Splits
from .training.objective import answering, final
from .training.pruning import Hidden, shrink


class Network(nn.Module):
    """The network that is trained and exported; its inputs are those of `Features`, codes last."""

    def __init__(
        self, name: str, numbers: int, outputs: int, hidden: Sequence[int] = (), **shape: Any
    ) -> None:
        super().__init__()
        self.encode = Numbers(numbers)
        self.layers = NETWORKS[name](numbers=numbers, outputs=outputs, **shape)
        self.final = final()
        shrink(self, hidden)

    @property
    def blocks(self) -> nn.ModuleList:
        """The layers that are sharded separately."""
        return self.layers.blocks

    def hidden(self) -> list[Hidden]:
        """Return the units between layers."""
        return self.layers.hidden()

    def forward(self, matrix: Tensor) -> Tensor:
        """Take float32 (rows, features), return (rows, classes) logits or (rows,) values."""
        numbers, codes = matrix[:, : self.encode.count], matrix[:, self.encode.count :]
        return self.final(self.layers(self.encode(numbers), codes))


@dataclass
class Model:
    """The features, the network, and the settings that it was built with."""

    features: Features
    shape: dict[str, Any]
    network: Network

    def describe(self) -> dict[str, Any]:
        """Return everything but the weights, for JSON."""
        features = {"settings": self.features.get_params(), "levels": self.features.levels_}
        return {"features": features, "network": self.shape}

    @staticmethod
    def restore(description: dict[str, Any]) -> "Model":
        """Return the model of a description, its weights still to be loaded."""
        features = Features(**description["features"]["settings"])
        features.levels_ = description["features"]["levels"]
        return Model(features, description["network"], Network(**description["network"]))

    def answering(self) -> nn.Module:
        """Return the network for inference: probabilities (rows, classes) or values (rows,)."""
        return answering(self.network)

    def onnx_inputs(self, schema: Schema) -> list[ValueInfoProto]:
        """Return the inputs of the ONNX graph, those of `features`."""
        return self.features.onnx_inputs(schema)

    def onnx(self, graph: Graph, output: str) -> None:
        """Add the nodes that turn the inputs into float32 (rows, features) `output`."""
        self.features.onnx(graph, output)

    def preprocessing(self) -> Any:
        """Return the settings by which rows become inputs of the network."""
        return self.describe()["features"]

    def rates(self, config: Config, epoch: int) -> dict[str, float]:
        """Return the learning rate factors of parts of the network: none differs."""
        return {}


class Samples(Dataset[Tensor]):
    """The network's inputs for some rows; `config` is given for training only."""

    def __init__(self, model: Model, inputs: pd.DataFrame, config: Config | None = None) -> None:
        self.matrix = torch.from_numpy(model.features.transform(inputs))

    def take(self, rows: np.ndarray) -> Tensor:
        """Return float32 (rows, features)."""
        return self.matrix[rows]

    def __getitems__(self, key: tuple[int, np.ndarray]) -> Tensor:
        """Return rows for training in an epoch; they are the same in every epoch."""
        return self.take(key[1])


def build(config: Config, splits: Splits) -> Model:
    """Return an untrained model; levels, bins and sizes are fitted to the training rows."""
    train, labels = splits.train, splits.schema.labels
    features = Features.of(config, splits.schema).fit(train.inputs)
    check_features(features, splits.schema, train.inputs)
    levels = [1 + len(known) for known in features.levels_]
    shape = {
        **config.model.model_dump(exclude={"min_category_rows"}),
        "numbers": len(features.names()) - len(levels),
        "levels": levels,
        "outputs": len(labels) if labels else 1,
    }
    network = Network(**shape)
    network.encode.fit(features.transform(train.inputs)[:, : shape["numbers"]])
    network.final = final(train.targets)
    return Model(features, shape, network)
