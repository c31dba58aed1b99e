"""The `train` section of config.yaml; `tune` varies the settings marked with Search."""

import math
from typing import Annotated, Literal

from pydantic import Field

from ..toolkit.settings.common import Search
from .hardware import Hardware


class Train(Hardware):
    """How the network is trained; a batch is that of all processes together."""

    epochs: int = Field(40, ge=1)
    batch_size: int | None = Field(None, ge=1)
    learning_rate: Annotated[float, Field(gt=0), Search(1e-4, 1e-2, log=True)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0), Search(1e-4, 0.3, log=True)] = 0.01
    warmup: float = Field(0.05, ge=0, lt=1)
    clip_norm: float = Field(1.0, gt=0)
    accumulate: int = Field(1, ge=1)
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    class_weight: Literal["balanced"] | None = None
    sampler: Literal["shuffle", "balanced"] = "shuffle"
    ema: float | None = Field(None, gt=0, lt=1)
    start: str | None = None
    prune: float | None = Field(None, gt=0, lt=1)
    teacher: str | None = None
    teacher_weight: float = Field(0.5, ge=0, le=1)
    temperature: float = Field(2.0, gt=0)
    patience: int = Field(8, ge=1)
    tolerance: float = Field(1e-4, ge=0)
    checkpoint_steps: int = Field(500, ge=1)
    workers: int = Field(0, ge=0)

    def batch(self, rows: int) -> int:
        """Return batch_size; if null, a power of two from 8 to 256 for about 20 steps an epoch."""
        return self.batch_size or 2 ** min(8, max(3, round(math.log2(rows / 20))))
