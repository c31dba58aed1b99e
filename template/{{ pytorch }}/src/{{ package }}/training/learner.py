"""PyTorch's part of training: the network, its moving average, the optimizer, and a step."""

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from ..toolkit.export import measure
from ..toolkit.runs import UserError
from .loss import losses
from .objective import Objective
from .parallel import Process, device, gathered, gathered_moments, scatter, scatter_moments
from .parallel import ready as ready
from .plan import Part

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}


def tensors(network: nn.Module) -> dict[str, np.ndarray]:
    """Return copies of the weights and running statistics, by name."""
    return _arrays(network.state_dict())


def assign(network: nn.Module, arrays: dict[str, np.ndarray]) -> None:
    """Set the weights and running statistics."""
    network.load_state_dict(_tensors(arrays))


def outputs(network: nn.Module, kind: str = "cpu") -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from inputs to logits or values, float32, on a kind of device."""
    place = device(kind)
    network = network.eval().to(place)

    @torch.inference_mode()
    def forward(inputs: np.ndarray) -> np.ndarray:
        return network(torch.from_numpy(inputs).to(place)).float().cpu().numpy()

    return forward


class Learner:
    """Everything that a step changes."""

    def __init__(self, network: nn.Module, objective: Objective, process: Process) -> None:
        self.objective, self.process, self.settings = objective, process, objective.settings
        settings, network = self.settings, copy.deepcopy(network).train()
        self.network = process.to_device(network, settings.shard)
        self.average = self.network  # the one that is validated and kept
        if settings.ema:
            self.average = process.to_device(copy.deepcopy(network), settings.shard)
        self.trainable = [*self.network.parameters()]  # listing them at each step is slow
        self.optimizer = torch.optim.AdamW(_groups(self.network, settings.weight_decay), fused=True)
        fp16 = settings.precision == "fp16"
        self.scaler = torch.amp.GradScaler(process.device.type, enabled=fp16)
        if settings.compile:
            self.network.compile()
        self.trained = process.synchronise(self.network, settings.shard)

    def step(
        self, parts: list[Part], rate: float, factors: dict[str, float], seed: int
    ) -> tuple[Tensor, Tensor]:
        """Take one step of AdamW, return its loss and the norm of its gradient before clipping.

        The learning rate is multiplied by the factor of each part of the network; 0 freezes it.
        """
        self.process.seed(seed)
        self._set_rate(rate, factors)
        loss = torch.zeros((), device=self.process.device)
        for part in parts:
            loss += self._backward(part)
        self.scaler.unscale_(self.optimizer)
        norm = clip_grad_norm_(self.trainable, self.settings.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        if self.settings.ema:
            self._update_average(1 - self.settings.ema)
        return loss, norm

    @torch.no_grad()
    def loss(self, part: Part) -> float:
        """Return the loss of a part by the average, without dropout."""
        network = self.average.eval()
        found = float(self._loss(network, part))
        network.train()
        return found

    def weights(self) -> dict[str, np.ndarray]:
        """Return the unsharded weights of the average, in the first process; {} in others."""
        return _arrays(gathered(self.average))

    def tensors(self) -> dict[str, np.ndarray]:
        """Return everything that a step changes, by name; only in the first process."""
        found = _prefixed("scaler", {k: np.array(v) for k, v in self.scaler.state_dict().items()})
        for name, network in self._networks().items():
            found |= _prefixed(name, _arrays(gathered(network)))
        moments = gathered_moments(self.network, self.optimizer)
        return found | _prefixed("optimizer", _arrays(moments))

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """Set what `tensors` returned."""
        found = _tensors(arrays)
        for name, network in self._networks().items():
            scatter(network, _named(name, found))
        scatter_moments(self.network, self.optimizer, _named("optimizer", found))
        self.scaler.load_state_dict({k: v.item() for k, v in _named("scaler", found).items()})

    def peak_memory(self) -> int:
        """Return the peak memory in bytes, of the GPU or else of this process; 0: unknown."""
        if self.process.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.process.device)
        return measure.peak_memory() or 0

    def _loss(self, network: nn.Module, part: Part) -> Tensor:
        arrays = (part.inputs, part.targets, part.weights, part.teacher_outputs)
        inputs, *known = (
            torch.from_numpy(array).to(self.process.device) for array in arrays if array is not None
        )
        with self._autocast():  # the network alone: sums of losses need float32
            outputs = network(inputs).float()
        members = len(outputs) // len(inputs)
        if members > 1:  # an ensemble, each of whose members is trained on all rows
            known = [each.repeat_interleave(members, dim=0) for each in known]
        targets, weights, *teacher_outputs = known
        return losses(self.objective, outputs, targets, *teacher_outputs) @ weights / members

    def _backward(self, part: Part) -> Tensor:
        """Add the gradient of a part's loss, and return the loss."""
        try:
            loss = self._loss(self.trained, part)
        except ValueError:  # of batch normalisation, which would see one value per channel
            if len(part.targets) > 1:
                raise
            count = self.settings.accumulate * self.process.world
            raise UserError(
                f"train.batch_size {count}: one row per forward pass is too few for batch "
                f"normalisation: set train.batch_size {2 * count}, or lower train.accumulate."
            ) from None
        self.scaler.scale(loss).backward()
        return loss.detach()

    def _set_rate(self, rate: float, factors: dict[str, float]) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate * factors.get(group["part"], 1.0)
        for part, factor in factors.items():
            self.network.get_submodule(part).train(factor > 0)  # running statistics freeze too

    @torch.no_grad()
    def _update_average(self, share: float) -> None:
        average, network = self.average, self.network
        for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(weight, share)
        for copied, buffer in zip(average.buffers(), network.buffers(), strict=True):
            copied.copy_(buffer)

    def _autocast(self) -> AbstractContextManager[None]:
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.process.device.type, PRECISIONS[self.settings.precision])

    def _networks(self) -> dict[str, nn.Module]:
        networks = {"network": self.network, "average": self.average}
        return networks if self.settings.ema else {"network": self.network}


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


def _arrays(found: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return copies, contiguous as safetensors wants them."""
    return {name: t.detach().cpu().contiguous().numpy().copy() for name, t in found.items()}


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def _prefixed(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    start = prefix + "."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}
