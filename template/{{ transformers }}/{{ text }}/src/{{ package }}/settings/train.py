"""The `train` section of config.yaml; `tune` searches over fields marked with Search."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..toolkit.settings.common import Search


class Train(BaseModel, extra="forbid", frozen=True):
    """How the encoder is fine-tuned; a batch is shared by all processes."""

    epochs: int = Field(12, ge=1)
    batch_size: int = Field(32, ge=1)
    learning_rate: Annotated[float | None, Field(gt=0), Search(1e-5, 3e-3, log=True)] = None
    weight_decay: Annotated[float, Field(ge=0), Search(1e-4, 0.3, log=True)] = 0.01
    warmup: float = Field(0.1, ge=0, lt=1)
    clip_norm: float = Field(1.0, gt=0)
    accumulate: int = Field(1, ge=1)
    gradient_checkpointing: bool = False
    layer_decay: float = Field(1.0, gt=0, le=1)
    frozen_epochs: int = Field(0, ge=0)
    lora: int | None = Field(None, ge=1)
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    class_weight: Literal["balanced"] | None = None
    patience: int = Field(3, ge=1)
    tolerance: float = Field(1e-4, ge=0)
    check_steps: int | None = Field(None, ge=1)
    device: Literal["auto", "cpu"] = "auto"
    precision: Literal["float32", "bf16", "fp16"] = "float32"
    compile: bool = False
    deterministic: bool = True
    threads: int | None = Field(None, ge=1)
