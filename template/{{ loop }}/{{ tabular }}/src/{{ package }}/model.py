"""A network for tables: features -> encoding -> layers -> logits or values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from onnx import ValueInfoProto

from .config import Config
from .features import Features
from .networks import Network, network
from .toolkit.export.feature_parity import check_features
from .toolkit.export.onnx_graph import Graph
from .toolkit.tables.schema import Schema
from .toolkit.tables.split import Splits
from .training.loss import answering
from .training.objective import fitted as fitted_to

BINS = 16  # of each number
MIN_WIDTH = 1e-6  # of a bin, relative to its numbers: quantiles may coincide
FITTED = {"encode.start", "encode.width", "final.mean", "final.spread"}


@dataclass
class Model:
    """The features, the network, and what it was built with: settings, and fitted constants."""

    features: Features
    shape: dict[str, Any]
    fitted: dict[str, np.ndarray]
    network: Network

    def describe(self) -> dict[str, Any]:
        """Return everything but the arrays, for JSON."""
        features = {"settings": self.features.get_params(), "levels": self.features.levels_}
        return {"features": features, "network": self.shape}

    @staticmethod
    def restore(description: dict[str, Any], arrays: dict[str, np.ndarray]) -> "Model":
        """Return the model of a description and its fitted constants; weights are to be loaded."""
        features = Features(**description["features"]["settings"])
        features.levels_ = description["features"]["levels"]
        shape = description["network"]
        fitted = {name: array for name, array in arrays.items() if name in FITTED}
        return Model(features, shape, fitted, network(fitted, **shape))

    def answering(self) -> Any:
        """Return a network of the framework: probabilities (rows, classes) or values (rows,)."""
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


class Samples:
    """The network's inputs for some rows; `config` is given for training only."""

    def __init__(self, model: Model, inputs: pd.DataFrame, config: Config | None = None) -> None:
        self.matrix = model.features.transform(inputs)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return float32 (rows, features)."""
        return self.matrix[rows]

    def batch(self, epoch: int, rows: np.ndarray) -> np.ndarray:
        """Return rows for training in an epoch; they are the same in every epoch."""
        return self.take(rows)


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
    numbers = features.transform(train.inputs)[:, : shape["numbers"]]
    fitted = _bins(numbers) | fitted_to(train.targets)
    return Model(features, shape, fitted, network(fitted, config.seed, **shape))


def _bins(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Return start and width of the bins of each number, float32 (numbers, BINS).

    Takes training rows, float32 (rows, numbers). A network encodes a number piecewise linearly, as
    the part of each bin that lies below it. Bins lie between quantiles, so skew and outliers do no
    harm (Gorishniy, Rubachev and Babenko 2022). A missing number is 0 in all bins.
    """
    if not numbers.shape[1]:
        none = np.zeros((0, BINS), np.float32)
        return {"encode.start": none, "encode.width": none}
    edges = np.nanquantile(numbers.astype(np.float64), np.linspace(0, 1, BINS + 1), axis=0).T
    min_width = MIN_WIDTH * np.maximum(1, np.abs(edges).max(axis=1, keepdims=True))
    width = np.maximum(np.diff(edges, axis=1), min_width)
    arrays = {"encode.start": edges[:, :-1], "encode.width": width}
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
