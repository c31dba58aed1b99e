"""The device that MLX computes on."""

from collections.abc import Iterator
from contextlib import contextmanager

import mlx.core as mx

from ..config import Config
from ..toolkit.runs import UserError
from .plan import Process


@contextmanager
def ready(config: Config) -> Iterator[Process]:
    """Set the device and the seed; a single process trains."""
    mx.random.seed(config.seed)
    with mx.stream(device(config.train.device)):
        yield Process()


def device(kind: str) -> mx.DeviceType:
    """Return the device of `train.device`."""
    has_gpu = mx.is_available(mx.Device(mx.gpu))
    if kind == "gpu" and not has_gpu:
        raise UserError("train.device: this machine has no gpu that MLX supports; use auto or cpu.")
    if has_gpu and kind != "cpu":
        mx.enable_compile()
        return mx.gpu
    mx.disable_compile()  # for CPUs it starts a C++ compiler, even for an activation of `nn`
    return mx.cpu
