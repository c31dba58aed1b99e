"""Keras on TensorFlow, imported without their messages; devices, and deterministic training."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..config import Config
from ..toolkit.export.quiet import quietly
from ..toolkit.runs import UserError
from .plan import Process

os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever the user's own settings of Keras are
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with quietly():
    import keras
    import tensorflow as tf
    from keras import KerasTensor as KerasTensor
    from keras import Model as Model
    from tensorflow import Tensor as Tensor


@contextmanager
def ready(config: Config) -> Iterator[Process]:
    """Set seed, threads, determinism and device."""
    settings = config.train
    if settings.threads:
        _set_threads(settings.threads)
    keras.utils.set_random_seed(config.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    with tf.device(device(settings.device)):
        yield Process()


def device(kind: str) -> str:
    """Return the name of the device of `train.device`."""
    available = bool(tf.config.list_physical_devices("GPU"))
    if kind == "gpu" and not available:
        raise UserError(
            "train.device: TensorFlow finds no gpu here; use auto or cpu, or see GPUs in README.md."
        )
    return "/GPU:0" if available and kind != "cpu" else "/CPU:0"


def _set_threads(count: int) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(count)
    except RuntimeError:  # TensorFlow has started, with another number
        raise UserError(
            f"train.threads: {count} can't be set any more in this process: leave it at null."
        ) from None
