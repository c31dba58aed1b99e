"""A network for images: pixels -> normalised colours -> backbone -> head -> logits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from onnx import TensorProto, ValueInfoProto, helper

from .augment import augmented
from .config import Config
from .library import colour_statistics, load_backbone
from .networks import Network, network
from .toolkit.export.onnx_graph import Graph
from .toolkit.images.pixels import read
from .toolkit.tables.schema import Schema
from .toolkit.tables.split import Splits
from .training.loss import answering

SAMPLE = 1000  # training images for the mean and standard deviation of the colours
CACHE = 1 << 30  # bytes of pixels that may be kept in memory
FITTED = {"mean", "spread"}  # of red, green and blue, each in 0 ... 1


@dataclass
class Model:
    """The network, and what it was built with: settings, and the colours that it is fitted to."""

    shape: dict[str, Any]
    fitted: dict[str, np.ndarray]
    network: Network

    def describe(self) -> dict[str, Any]:
        """Return everything but the arrays, for JSON."""
        return self.shape

    @staticmethod
    def restore(description: dict[str, Any], arrays: dict[str, np.ndarray]) -> "Model":
        """Return the model of a description and its fitted constants; weights are to be loaded."""
        fitted = {name: array for name, array in arrays.items() if name in FITTED}
        return Model(description, fitted, network(fitted, **description))

    def answering(self) -> Any:
        """Return a network of the framework: probabilities (rows, classes)."""
        return answering(self.network)

    def onnx_inputs(self, schema: Schema) -> list[ValueInfoProto]:
        """Return one (rows, size, size, 3) uint8 input, under the column's own name."""
        return [
            helper.make_tensor_value_info(c.name, TensorProto.UINT8, ["rows", c.size, c.size, 3])
            for c in schema.columns
        ]

    def onnx(self, graph: Graph, output: str) -> None:
        """Add the node that turns the input into float32 (rows, size, size, 3) `output`."""
        graph.add("Cast", "image", output=output, to=TensorProto.FLOAT)

    def preprocessing(self) -> Any:
        """Return the setting by which images become inputs of the network."""
        return self.shape["size"]

    def rates(self, config: Config, epoch: int) -> dict[str, float]:
        """Return the learning rate factors of parts of the network in an epoch."""
        frozen = epoch < config.model.frozen_epochs
        return {"backbone": 0.0 if frozen else config.model.backbone_rate}


class Samples:
    """The network's inputs for some rows; `config` is given for training only."""

    def __init__(self, model: Model, inputs: pd.DataFrame, config: Config | None = None) -> None:
        self.files, self.size = inputs["image"].to_numpy(object), model.shape["size"]
        self.config = config
        fits = len(self.files) * self.size**2 * 3 <= CACHE
        self.pixels = read(self.files, self.size) if fits else None

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return uint8 (rows, size, size, 3)."""
        return self.pixels[rows] if self.pixels is not None else read(self.files[rows], self.size)

    def batch(self, epoch: int, rows: np.ndarray) -> np.ndarray:
        """Return rows for training in an epoch, with the random augmentation of that epoch."""
        pixels = self.take(rows)
        if self.config is None:
            return pixels
        generators = [np.random.default_rng([self.config.seed, epoch, row]) for row in rows]
        return augmented(pixels, self.config.model.augment, generators)


def build(config: Config, splits: Splits) -> Model:
    """Return a model with random weights, or with those of `model.weights`."""
    settings, labels, size = config.model, splits.schema.labels or [], config.data.size
    shape = {
        **settings.model_dump(include={"name", "width", "depth", "dropout"}),
        "size": size,
        "outputs": len(labels),
    }
    if settings.weights is None:
        sample = splits.train.inputs["image"][:: 1 + len(splits.train.ids) // SAMPLE]
        colours = read(sample.tolist(), size).reshape(-1, 3) / 255
        mean, spread = colours.mean(axis=0), colours.std(axis=0) + 1e-3
    else:
        mean, spread = colour_statistics(settings.name, settings.weights)
    fitted = {"mean": np.array(mean, np.float32), "spread": np.array(spread, np.float32)}
    model = Model(shape, fitted, network(fitted, config.seed, **shape))
    load_backbone(model.network, settings.name, size, settings.weights)
    return model
