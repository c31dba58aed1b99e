"""Distributed training: the device of a process, and the other processes of torchrun.

`torchrun --nproc-per-node 4 -m PACKAGE -- train --run NAME` splits each batch among four.
Gradients are averaged (DDP); with `train.shard` parameters, gradients and optimizer are sharded too
(FSDP2).
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.nn.parallel import DistributedDataParallel

from ..config import Config
from ..toolkit.runs import UserError
from . import plan


@dataclass(frozen=True)
class Process(plan.Process):
    """One of torchrun's processes, and its device."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def sum(self, value: float) -> float:
        """Return the sum of the values of all processes."""
        if self.world == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return float(total)

    def seed(self, seed: int) -> None:
        """Seed all generators; torch.manual_seed is slow, as it looks for devices of all kinds."""
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.default_generator.manual_seed(seed)
        if self.device.type != "cpu":
            torch.get_device_module(self.device).manual_seed(seed)

    def to_device(self, network: nn.Module, shard: bool) -> nn.Module:
        """Move a network to the device, and shard its parameters where `shard` is set."""
        network = network.to(self.device)
        if self.world == 1 or not shard:
            return network
        from torch.distributed.fsdp import fully_shard

        mesh = init_device_mesh(self.device.type, (self.world,))
        for block in getattr(network, "blocks", []):
            fully_shard(block, mesh=mesh)
        fully_shard(network, mesh=mesh)
        return network

    def synchronise(self, network: nn.Module, shard: bool) -> nn.Module:
        """Return a network whose gradients are averaged over all processes."""
        return network if self.world == 1 or shard else DistributedDataParallel(network)


@contextmanager
def ready(config: Config) -> Iterator[Process]:
    """Set seed, threads and determinism; join the processes of torchrun, if there are others."""
    settings = config.train
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    process = Process(rank, world, device(settings.device))
    if settings.threads:
        torch.set_num_threads(settings.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # or cuBLAS is not deterministic
    torch.use_deterministic_algorithms(settings.deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    process.seed(config.seed)
    if world > 1:
        distributed.init_process_group("nccl" if process.device.type == "cuda" else "gloo")
        distributed.barrier()  # until the first one has created the run's folder
    try:
        yield process
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        kernel = str(error).split()[0]
        raise UserError(
            f"{kernel} is not deterministic on a GPU: set train.deterministic to false."
        ) from None
    finally:
        if world > 1:
            distributed.destroy_process_group()


def device(kind: str) -> torch.device:
    """Return the device of `train.device`, of this process."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if kind == "auto":
        kind = next((each for each, found in available.items() if found), "cpu")
    if not available.get(kind, True):
        raise UserError(f"train.device: this machine has no {kind}; use auto or cpu.")
    if kind == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device(kind)


def _states() -> Any:
    """Import what handles sharded weights: it takes 0.4 s, and only training needs it."""
    from torch.distributed.checkpoint import state_dict

    return state_dict


def _rank_zero() -> Any:
    """Return the option to collect everything in the first process; the others get nothing."""
    return _states().StateDictOptions(full_state_dict=True, cpu_offload=True)


def _all_ranks() -> Any:
    return _states().StateDictOptions(full_state_dict=True)


def gathered(network: nn.Module) -> dict[str, Tensor]:
    """Return the unsharded weights and buffers, in the first process; {} in others."""
    found: Any = _states().get_model_state_dict(network, options=_rank_zero())
    return found


def scatter(network: nn.Module, tensors: dict[str, Any]) -> None:
    """Set what `gathered` returned, in every process."""
    _states().set_model_state_dict(network, tensors, options=_all_ranks())


def gathered_moments(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the unsharded state of the optimizer by weight and kind, in the first process."""
    found: Any = _states().get_optimizer_state_dict(network, optimizer, options=_rank_zero())
    state = found.get("state", {}).items()
    return {f"{weight}.{kind}": t for weight, kinds in state for kind, t in kinds.items()}


def scatter_moments(
    network: nn.Module, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]
) -> None:
    """Set what `gathered_moments` returned, in every process."""
    state: Any = _states().get_optimizer_state_dict(network, optimizer, options=_all_ranks())
    for weight in state["state"]:
        start = f"{weight}."
        own = {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
        state["state"][weight] = own
    _states().set_optimizer_state_dict(network, optimizer, state, options=_all_ranks())
