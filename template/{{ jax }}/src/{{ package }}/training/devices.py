"""The devices that train: one process shares out the rows of each part among them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import jax

from ..config import Config
from ..toolkit.runs import UserError
from . import plan

DETERMINISTIC = "--xla_gpu_deterministic_ops=true"


@dataclass(frozen=True)
class Process(plan.Process):
    """The only process, and its devices."""

    devices: tuple[jax.Device, ...] = ()


@contextmanager
def ready(config: Config) -> Iterator[Process]:
    """Set determinism, which XLA reads before its first computation, and find the devices."""
    flags = os.environ.get("XLA_FLAGS", "").split()
    if config.train.deterministic and DETERMINISTIC not in flags:
        os.environ["XLA_FLAGS"] = " ".join([*flags, DETERMINISTIC])
    yield Process(devices=devices(config.train.device))


def devices(kind: str) -> tuple[jax.Device, ...]:
    """Return the devices of `train.device`."""
    try:
        return tuple(jax.devices(None if kind == "auto" else kind))
    except RuntimeError:
        raise UserError(f"train.device: this machine has no {kind}; use auto or cpu.") from None
