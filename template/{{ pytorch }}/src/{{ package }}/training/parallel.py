"""Distributed training: the device of a process, and the other processes of torchrun.

`torchrun --nproc-per-node 4 -m PACKAGE -- train --run NAME` splits each batch among four.
Gradients are averaged (DDP); with `train.shard` parameters, gradients and optimizer are sharded too
(FSDP2).
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from ..settings.train import Train
from ..toolkit.export import measure
from ..toolkit.runs import UserError


@dataclass(frozen=True)
class Process:
    """One process of `world`."""

    device: torch.device
    rank: int
    world: int

    def sum(self, value: Tensor) -> float:
        """Return the sum of the values of all processes."""
        if self.world > 1:
            distributed.all_reduce(value)
        return float(value)

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
        mesh = init_device_mesh(self.device.type, (self.world,))
        for block in getattr(network, "blocks", []):
            fully_shard(block, mesh=mesh)
        fully_shard(network, mesh=mesh)
        return network

    def synchronise(self, network: nn.Module, shard: bool) -> nn.Module:
        """Return a network whose gradients are averaged over all processes."""
        return network if self.world == 1 or shard else DistributedDataParallel(network)


@contextmanager
def process_group(settings: Train) -> Iterator[Process]:
    """Join the process group of torchrun, if there is one, and leave it at the end."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = _device(settings.device)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # or cuBLAS is not deterministic
    torch.use_deterministic_algorithms(settings.deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if world > 1:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        distributed.barrier()  # until the first one has created the run's folder
    try:
        yield Process(device, rank, world)
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


def _device(name: str) -> torch.device:
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next((kind for kind, found in available.items() if found), "cpu")
    if not available.get(name, True):
        raise UserError(f"train.device: this machine has no {name}; use auto or cpu.")
    if name == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device(name)


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes, of the GPU or else of this process; 0 if it is unknown."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return measure.peak_memory() or 0
