"""The `train` section of config.yaml; `tune` searches over fields marked with Search."""

import logging
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..toolkit.settings.common import Search

# transformers imports it whatever `method` is, and on CPUs with AVX-512 BF16 it warns of a library
# that is not needed here. This module is imported before any framework.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


class Train(BaseModel, extra="forbid", frozen=True):
    """How the model is fine-tuned; a batch is shared by all processes."""

    method: Literal["full", "lora", "qlora", "ia3", "prefix", "bottleneck"] = "full"
    rank: int = Field(8, ge=1)
    epochs: int = Field(10, ge=1)
    batch_size: int = Field(8, ge=1)
    learning_rate: Annotated[float | None, Field(gt=0), Search(1e-5, 3e-2, log=True)] = None
    weight_decay: Annotated[float, Field(ge=0), Search(1e-4, 0.3, log=True)] = 0.01
    warmup: float = Field(0.1, ge=0, lt=1)
    clip_norm: float = Field(1.0, gt=0)
    accumulate: int = Field(1, ge=1)
    gradient_checkpointing: bool = False
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    patience: int = Field(3, ge=1)
    tolerance: float = Field(1e-4, ge=0)
    check_steps: int | None = Field(None, ge=1)
    device: Literal["auto", "cpu"] = "auto"
    precision: Literal["float32", "bf16", "fp16"] = "float32"
    compile: bool = False
    deterministic: bool = True
    threads: int | None = Field(None, ge=1)
