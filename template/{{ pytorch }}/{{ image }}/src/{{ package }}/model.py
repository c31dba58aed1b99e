"""A network over pictures: pixels -> colours around 0 -> backbone -> head -> logits."""

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
from .library import colours, library
from .networks import Network
from .toolkit.export.onnx_graph import Graph
from .toolkit.images.pixels import read
from .toolkit.tables.schema import Schema
from .toolkit.tables.split import Splits
from .training.objective import answering

SAMPLE = 1000  # training pictures that tell mean and spread of the colours
CACHE = 1 << 30  # bytes of pixels that may stay in memory


@dataclass
class Model:
    """The network, and what it was made from."""

    shape: dict[str, Any]
    network: Network

    def describe(self) -> dict[str, Any]:
        """Return all but the weights, for JSON."""
        return self.shape

    @staticmethod
    def restore(described: dict[str, Any]) -> "Model":
        """Return the model that was described, its weights still to be loaded."""
        return Model(described, Network(**described))

    def answering(self) -> nn.Module:
        """Return the network as it answers: probabilities (rows, classes)."""
        return answering(self.network)

    def onnx_inputs(self, schema: Schema) -> list[ValueInfoProto]:
        """Return one (rows, size, size, 3) uint8 input, under the column's own name."""
        return [
            helper.make_tensor_value_info(c.name, TensorProto.UINT8, ["rows", c.size, c.size, 3])
            for c in schema.columns
        ]

    def onnx(self, graph: Graph, output: str) -> None:
        """Add what turns the input into float32 (rows, size, size, 3) `output`."""
        graph.add("Cast", "image", output=output, to=TensorProto.FLOAT)

    def reads(self) -> Any:
        """Return what decides how pictures become inputs of the network."""
        return self.shape["size"]

    def rates(self, config: Config, epoch: int) -> dict[str, float]:
        """Return the factors of the learning rate of parts of the network in an epoch."""
        frozen = epoch < config.model.frozen_epochs
        return {"backbone": 0.0 if frozen else config.model.backbone_rate}


class Samples(Dataset[Tensor]):
    """The inputs of some rows as the network takes them; for training, `config` says how."""

    def __init__(self, model: Model, inputs: pd.DataFrame, config: Config | None = None) -> None:
        self.files, self.size = inputs["image"].to_numpy(object), model.shape["size"]
        self.config = config
        few = len(self.files) * self.size**2 * 3 <= CACHE
        self.pixels = read(self.files, self.size) if few else None

    def take(self, rows: np.ndarray) -> Tensor:
        """Return uint8 (rows, size, size, 3)."""
        pixels = self.pixels[rows] if self.pixels is not None else read(self.files[rows], self.size)
        return torch.from_numpy(pixels)

    def __getitems__(self, key: tuple[int, np.ndarray]) -> Tensor:
        """Return rows for training in an epoch: changed at random, each epoch in another way."""
        epoch, rows = key
        pixels = self.take(rows)
        if self.config is None:
            return pixels
        draws = [np.random.default_rng([self.config.seed, epoch, row]) for row in rows]
        return augmented(pixels, self.config.model.augment, draws)


def build(config: Config, splits: Splits) -> Model:
    """Return a model with random weights, or with those that `model.weights` names."""
    settings, labels = config.model, splits.schema.labels or []
    shape = {
        **settings.model_dump(include={"name", "width", "depth", "dropout"}),
        "size": config.data.size,
        "outputs": len(labels),
    }
    network = Network(**shape)
    if settings.weights is not None:
        network.backbone = library(settings.name, config.data.size, settings.weights)
        network.expect(*colours(settings.name))
    else:
        sample = splits.train.inputs["image"][:: 1 + len(splits.train.ids) // SAMPLE]
        light = read(sample.tolist(), config.data.size).reshape(-1, 3) / 255
        network.expect(light.mean(axis=0), light.std(axis=0) + 1e-3)
    return Model(shape, network)
