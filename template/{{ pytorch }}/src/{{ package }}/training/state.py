"""What changes while a network is trained."""

import copy
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from ..settings.train import Train
from .parallel import Place, peak_memory

RECENT = 5  # seconds: a checkpoint that is younger does for the end of an epoch, too
PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}


class State:
    """The network, its moving average, the optimizer, and how far training has come."""

    def __init__(self, network: nn.Module, settings: Train, place: Place) -> None:
        self.settings, self.place = settings, place
        self.network = place.hold(copy.deepcopy(network), settings.shard)
        self.judged = self.network  # what is validated and kept
        if settings.ema:
            self.judged = place.hold(copy.deepcopy(network), settings.shard)
        self.weights = [*self.network.parameters()]  # to ask for them takes a while, each time
        self.optimizer = torch.optim.AdamW(_groups(self.network, settings.weight_decay), fused=True)
        self.scaler = torch.amp.GradScaler(place.device.type, enabled=settings.precision == "fp16")
        if settings.compile:
            self.network.compile()
        self.trained = place.synchronise(self.network, settings.shard)
        self.step, self.waited, self.best = 0, 0, float("inf")
        self.kept: dict[str, Tensor] = {}  # the best weights, whole, in the first process
        self.loss, self.steps = torch.zeros((), device=place.device), 0  # of this epoch
        self.rate, self.norm = 0.0, torch.zeros(())
        self.clock = self.saved = time.perf_counter()

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which `train.precision` holds."""
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.place.device.type, PRECISIONS[self.settings.precision])

    def set_rate(self, rate: float, factors: dict[str, float]) -> None:
        """Set the learning rate, times a factor for some parts of the network; 0 freezes a part."""
        self.rate = rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate * factors.get(group["part"], 1.0)
        for part, factor in factors.items():
            self.network.get_submodule(part).train(factor > 0)  # its running means freeze too

    def advance(self) -> None:
        """Count a step, and follow it with the moving average."""
        self.step, self.steps = self.step + 1, self.steps + 1
        if self.settings.ema:
            self._follow(1 - self.settings.ema)

    @torch.no_grad()
    def _follow(self, share: float) -> None:
        for kept, new in zip(self.judged.parameters(), self.network.parameters(), strict=True):
            kept.lerp_(new, share)
        for known, now in zip(self.judged.buffers(), self.network.buffers(), strict=True):
            known.copy_(now)

    def metrics(self, val_loss: float, batch: int) -> dict[str, float]:
        """Return what is logged of an epoch, and begin the next one."""
        seconds, steps = time.perf_counter() - self.clock, self.steps
        loss = self.place.sum(self.loss) / self.place.world / steps
        self.loss, self.steps = torch.zeros_like(self.loss), 0
        self.clock = time.perf_counter()
        return {
            "train_loss": loss,
            "val_loss": val_loss,
            "learning_rate": self.rate,
            "gradient_norm": float(self.norm),
            "samples_per_second": steps * batch / seconds,
            "memory_mb": peak_memory(self.place.device) / 1e6,
        }

    def due(self, epoch: int) -> bool:
        """Return whether it is time for a checkpoint; all processes return the same."""
        if self.step % self.settings.checkpoint_steps == 0:
            return True
        if self.step % epoch:
            return False
        age = torch.tensor(time.perf_counter() - self.saved, device=self.place.device)
        return self.place.sum(age) > RECENT * self.place.world

    def improves(self, val_loss: float) -> bool:
        """Remember the lowest loss; one that is lower by less than the tolerance does not count."""
        if val_loss < self.best - self.settings.tolerance:
            self.best, self.waited = val_loss, 0
            return True
        self.waited += 1
        return False


def _groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Part by part: matrices decay; biases, norms and single vectors do not."""
    return [
        {"part": part, "params": weights, "weight_decay": decay}
        for part, module in network.named_children()
        for decay, weights in (
            (weight_decay, [weight for weight in module.parameters() if weight.ndim > 1]),
            (0.0, [weight for weight in module.parameters() if weight.ndim < 2]),
        )
        if weights
    ]
