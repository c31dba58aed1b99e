"""The state of a training run: everything that a step changes."""

import copy
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from ..settings.train import Train
from .parallel import Process, peak_memory

RECENT = 5  # seconds: the end of an epoch writes no checkpoint if the last one is younger
PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}


class State:
    """The network, its moving average, the optimizer, and the progress of training."""

    def __init__(self, network: nn.Module, settings: Train, process: Process) -> None:
        self.settings, self.process = settings, process
        self.network = process.to_device(copy.deepcopy(network), settings.shard)
        self.eval_network = self.network  # the one that is validated and kept
        if settings.ema:
            self.eval_network = process.to_device(copy.deepcopy(network), settings.shard)
        self.weights = [*self.network.parameters()]  # listing them at each step is slow
        self.optimizer = torch.optim.AdamW(_groups(self.network, settings.weight_decay), fused=True)
        fp16 = settings.precision == "fp16"
        self.scaler = torch.amp.GradScaler(process.device.type, enabled=fp16)
        if settings.compile:
            self.network.compile()
        self.trained = process.synchronise(self.network, settings.shard)
        self.step, self.waited, self.best = 0, 0, float("inf")  # waited: epochs without a new best
        self.best_weights: dict[str, Tensor] = {}  # unsharded, in the first process alone
        self.loss, self.steps = torch.zeros((), device=process.device), 0  # of this epoch
        self.rate, self.norm = 0.0, torch.zeros(())
        self.clock = self.saved = time.perf_counter()

    def autocast(self) -> AbstractContextManager[None]:
        """Return the autocast context of `train.precision`."""
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.process.device.type, PRECISIONS[self.settings.precision])

    def set_rate(self, rate: float, factors: dict[str, float]) -> None:
        """Set the learning rate, multiplied by the factor of each part; 0 freezes a part."""
        self.rate = rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate * factors.get(group["part"], 1.0)
        for part, factor in factors.items():
            self.network.get_submodule(part).train(factor > 0)  # running statistics freeze too

    def advance(self) -> None:
        """Count a step, and update the moving average."""
        self.step, self.steps = self.step + 1, self.steps + 1
        if self.settings.ema:
            self._update_average(1 - self.settings.ema)

    @torch.no_grad()
    def _update_average(self, share: float) -> None:
        average, network = self.eval_network, self.network
        for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(weight, share)
        for copied, buffer in zip(average.buffers(), network.buffers(), strict=True):
            copied.copy_(buffer)

    def metrics(self, val_loss: float, batch: int) -> dict[str, float]:
        """Return the metrics of an epoch for the log, and start the next one."""
        seconds, steps = time.perf_counter() - self.clock, self.steps
        loss = self.process.sum(self.loss) / self.process.world / steps
        self.loss, self.steps = torch.zeros_like(self.loss), 0
        self.clock = time.perf_counter()
        return {
            "train_loss": loss,
            "val_loss": val_loss,
            "learning_rate": self.rate,
            "gradient_norm": float(self.norm),
            "samples_per_second": steps * batch / seconds,
            "memory_mb": peak_memory(self.process.device) / 1e6,
        }

    def checkpoint_due(self, epoch: int) -> bool:
        """Return whether a checkpoint is due; all processes return the same."""
        if self.step % self.settings.checkpoint_steps == 0:
            return True
        if self.step % epoch:
            return False
        age = torch.tensor(time.perf_counter() - self.saved, device=self.process.device)
        return self.process.sum(age) > RECENT * self.process.world

    def improves(self, val_loss: float) -> bool:
        """Return whether the loss is a new minimum, by more than the tolerance, and record it."""
        if val_loss < self.best - self.settings.tolerance:
            self.best, self.waited = val_loss, 0
            return True
        self.waited += 1
        return False


def _groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the parameter groups of each part: weight decay is for matrices only."""
    return [
        {"part": part, "params": weights, "weight_decay": decay}
        for part, module in network.named_children()
        for decay, weights in (
            (weight_decay, [weight for weight in module.parameters() if weight.ndim > 1]),
            (0.0, [weight for weight in module.parameters() if weight.ndim < 2]),
        )
        if weights
    ]
