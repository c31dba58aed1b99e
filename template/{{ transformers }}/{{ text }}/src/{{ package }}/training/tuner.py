"""The Trainer: in which order it takes rows, and how fast each part of a network learns."""

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.utils.data import Sampler
from transformers import Trainer

from ..config import Config
from ..settings.train import Train
from .batches import Rows
from .order import ByLength

LAYER = re.compile(r"\.(?:layers?|h|block)\.(\d+)\.")  # as encoders number their layers
ADAPTED = "base_model.model."  # what peft puts before a name
TINY, LORA, PRETRAINED = 1e-3, 5e-4, 5e-5


def rate(config: Config) -> float:
    """Return train.learning_rate; if null, what usually suits such a model."""
    usual = TINY if config.model.name == "tiny" else LORA if config.train.lora else PRETRAINED
    return config.train.learning_rate or usual


class Tuner(Trainer):
    """The library's Trainer, with rows of like length together and a rate for each layer."""

    def __init__(self, settings: Train, rows: Rows, **options: Any) -> None:
        self.settings, self.rows = settings, rows
        super().__init__(train_dataset=rows, data_collator=rows.batch, **options)

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        """Return the order of rows, which a run that goes on repeats."""
        size = self.args.train_batch_size * self.args.gradient_accumulation_steps
        world, seed = self.args.world_size, self.args.seed
        return ByLength(self.rows.ids, size * world, seed, lambda: int(self.state.epoch or 0))

    def create_optimizer(self, model: nn.Module | None = None) -> Optimizer:
        """Return AdamW over groups of weights, each at its own rate."""
        network = self.model if model is None else model
        assert network is not None
        made = groups(network, self.settings, self.args.learning_rate)
        self.optimizer = torch.optim.AdamW(made, fused=True)
        return self.optimizer

    def create_scheduler(
        self, num_training_steps: int, optimizer: Optimizer | None = None
    ) -> LRScheduler:
        """Return the schedule of each group: the encoder's may begin later."""
        assert self.optimizer is not None
        rise = self.args.get_warmup_steps(num_training_steps)
        frozen = num_training_steps * self.settings.frozen_epochs // self.settings.epochs
        shares: list[Callable[[int], float]] = [
            partial(schedule, steps=num_training_steps, rise=rise, frozen=frozen * group["encoder"])
            for group in self.optimizer.param_groups
        ]
        self.lr_scheduler = LambdaLR(self.optimizer, shares)
        return self.lr_scheduler


def schedule(step: int, steps: int, rise: int, frozen: int = 0) -> float:
    """Return the share of the learning rate: 0 while frozen, a linear rise, then half a cosine."""
    if step < frozen:
        return 0.0
    if step < rise:
        return (step + 1) / rise
    return (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2


def groups(network: nn.Module, settings: Train, rate: float) -> list[dict[str, Any]]:
    """Return weights by their layer; matrices decay, biases, norms and single vectors do not.

    The rate falls by `layer_decay` from each layer to the one below it; the embeddings are the
    lowest, and the head is above all (Howard & Ruder 2018).
    """
    weights = [(name.removeprefix(ADAPTED), w) for name, w in network.named_parameters()]
    inside = [name for name, _ in weights if name.startswith(f"{network.base_model_prefix}.")]
    numbers = {name: int(found[1]) for name in inside if (found := LAYER.search(name))}
    top = max(numbers.values(), default=-1) + 1
    made: dict[tuple[int, bool], dict[str, Any]] = {}
    for name, weight in (pair for pair in weights if pair[1].requires_grad):
        below = 0
        if name in inside:
            below = top + 1 if "embed" in name else top - numbers.get(name, top - 1)
        decays = weight.ndim > 1
        begun = {
            "params": [],
            "lr": rate * settings.layer_decay**below,
            "weight_decay": settings.weight_decay if decays else 0.0,
            "encoder": name in inside,
        }
        made.setdefault((below, decays), begun)["params"].append(weight)
    return list(made.values())
