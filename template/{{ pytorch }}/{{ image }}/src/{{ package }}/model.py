"""A network for images: pixels -> normalised colours -> backbone -> head -> logits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from onnx import TensorProto, ValueInfoProto, helper
from torch import Tensor, nn
from torch.utils.data import Dataset

from .augment import augmented
from .config import Config
from .library import check_size, colour_statistics, library
from .networks import Network
from .toolkit.export.onnx_graph import Graph
from .toolkit.images.pixels import read
from .toolkit.tables.schema import Schema
from .toolkit.tables.split import Splits
from .training.objective import answering

SAMPLE = 1000  # training images for the mean and standard deviation of the colours
CACHE = 1 << 30  # bytes of pixels that may be kept in memory


@dataclass
class Model:
    """The network, and the settings that it was built with."""

    shape: dict[str, Any]
    network: Network

    def describe(self) -> dict[str, Any]:
        """Return everything but the weights, for JSON."""
        return self.shape

    @staticmethod
    def restore(description: dict[str, Any]) -> "Model":
        """Return the model of a description, its weights still to be loaded."""
        return Model(description, Network(**description))

    def answering(self) -> nn.Module:
        """Return the network for inference: probabilities (rows, classes)."""
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


class Samples(Dataset[Tensor]):
    """The network's inputs for some rows; `config` is given for training only."""

    def __init__(self, model: Model, inputs: pd.DataFrame, config: Config | None = None) -> None:
        self.files, self.size = inputs["image"].to_numpy(object), model.shape["size"]
        self.config = config
        fits = len(self.files) * self.size**2 * 3 <= CACHE
        self.pixels = read(self.files, self.size) if fits else None

    def take(self, rows: np.ndarray) -> Tensor:
        """Return uint8 (rows, size, size, 3)."""
        pixels = self.pixels[rows] if self.pixels is not None else read(self.files[rows], self.size)
        return torch.from_numpy(pixels)

    def __getitems__(self, key: tuple[int, np.ndarray]) -> Tensor:
        """Return rows for training in an epoch, with the random augmentation of that epoch."""
        epoch, rows = key
        pixels = self.take(rows)
        if self.config is None:
            return pixels
        generators = [np.random.default_rng([self.config.seed, epoch, row]) for row in rows]
        return augmented(pixels, self.config.model.augment, generators)


def build(config: Config, splits: Splits) -> Model:
    """Return a model with random weights, or with those of `model.weights`."""
    settings, labels = config.model, splits.schema.labels or []
    shape = {
        **settings.model_dump(include={"name", "width", "depth", "dropout"}),
        "size": config.data.size,
        "outputs": len(labels),
    }
    network = Network(**shape)
    check_size(network.backbone, settings.name, config.data.size)
    if settings.weights is not None:
        network.backbone = library(settings.name, config.data.size, settings.weights)
        network.set_normalisation(*colour_statistics(settings.name))
    else:
        sample = splits.train.inputs["image"][:: 1 + len(splits.train.ids) // SAMPLE]
        colours = read(sample.tolist(), config.data.size).reshape(-1, 3) / 255
        network.set_normalisation(colours.mean(axis=0), colours.std(axis=0) + 1e-3)
    return Model(shape, network)
