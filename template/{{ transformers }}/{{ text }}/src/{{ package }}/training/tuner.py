"""The Trainer with its own order of rows and layer-wise learning rates."""

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from transformers import Trainer

from ..config import Config
from ..settings.train import Train
from .batches import Rows
from .lengths import LengthGroupedSampler

LAYER = re.compile(r"\.(?:layers?|h|block)\.(\d+)\.")  # how encoders name their layers
PEFT_PREFIX = "base_model.model."  # of parameter names
TINY, LORA, PRETRAINED = 1e-3, 5e-4, 5e-5


def rate(config: Config) -> float:
    """Return train.learning_rate; if null, the default for this kind of model."""
    default = TINY if config.model.name == "tiny" else LORA if config.train.lora else PRETRAINED
    return config.train.learning_rate or default


class Tuner(Trainer):
    """The library's Trainer, with batches of similar length and a learning rate for each layer."""

    def __init__(self, settings: Train, rows: Rows, **options: Any) -> None:
        self.settings, self.rows = settings, rows
        super().__init__(train_dataset=rows, data_collator=rows.batch, **options)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """Return the order of rows, which a resumed run repeats."""
        size = self.args.train_batch_size * self.args.gradient_accumulation_steps
        world, seed = self.args.world_size, self.args.seed
        return LengthGroupedSampler(
            self.rows.ids, size * world, seed, lambda: int(self.state.epoch or 0)
        )

    def create_optimizer(self, model: nn.Module | None = None) -> Optimizer:
        """Return AdamW over parameter groups, each with its own learning rate."""
        network = self.model if model is None else model
        assert network is not None
        groups = parameter_groups(network, self.settings, self.args.learning_rate)
        self.optimizer = torch.optim.AdamW(groups, fused=True)
        return self.optimizer

    def create_scheduler(
        self, num_training_steps: int, optimizer: Optimizer | None = None
    ) -> LRScheduler:
        """Return the schedule of each group; the encoder may be frozen at first."""
        assert self.optimizer is not None
        warmup = self.args.get_warmup_steps(num_training_steps)
        frozen = num_training_steps * self.settings.frozen_epochs // self.settings.epochs
        factors: list[Callable[[int], float]] = [
            partial(schedule, steps=num_training_steps, warmup=warmup, frozen=frozen * encoder)
            for encoder in [group["encoder"] for group in self.optimizer.param_groups]
        ]
        self.lr_scheduler = LambdaLR(self.optimizer, factors)
        return self.lr_scheduler


def schedule(step: int, steps: int, warmup: int, frozen: int = 0) -> float:
    """Return the learning rate factor: 0 while frozen, linear warmup, then cosine decay."""
    if step < frozen:
        return 0.0
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2


def parameter_groups(network: nn.Module, settings: Train, rate: float) -> list[dict[str, Any]]:
    """Return parameter groups by layer; weight decay applies to matrices only.

    The rate falls by `layer_decay` from each layer to the one below, from the head at the top to
    the embeddings at the bottom (Howard & Ruder 2018).
    """
    weights = [(name.removeprefix(PEFT_PREFIX), w) for name, w in network.named_parameters()]
    encoder = [name for name, _ in weights if name.startswith(f"{network.base_model_prefix}.")]
    numbers = {name: int(found[1]) for name in encoder if (found := LAYER.search(name))}
    top = max(numbers.values(), default=-1) + 1
    groups: dict[tuple[int, bool], dict[str, Any]] = {}
    for name, weight in (pair for pair in weights if pair[1].requires_grad):
        below = 0
        if name in encoder:
            below = top + 1 if "embed" in name else top - numbers.get(name, top - 1)
        decays = weight.ndim > 1
        group = {
            "params": [],
            "lr": rate * settings.layer_decay**below,
            "weight_decay": settings.weight_decay if decays else 0.0,
            "encoder": name in encoder,
        }
        groups.setdefault((below, decays), group)["params"].append(weight)
    return list(groups.values())
