"""The `train` section of config.yaml; `tune` searches over fields marked with Search."""

import os
from typing import Annotated, Literal

from pydantic import Field

from ..toolkit.settings.common import Search
from .hardware import Hardware

# Else transformers, of which only tokenizers and configurations are needed here, warns that there
# is no PyTorch. This module is imported before it.
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")


class Train(Hardware):
    """How the model is fine-tuned."""

    method: Literal["full", "lora", "qlora"] = "full"
    rank: int = Field(8, ge=1)
    epochs: int = Field(10, ge=1)
    batch_size: int = Field(8, ge=1)
    learning_rate: Annotated[float | None, Field(gt=0), Search(1e-5, 3e-2, log=True)] = None
    weight_decay: Annotated[float, Field(ge=0), Search(1e-4, 0.3, log=True)] = 0.01
    warmup: float = Field(0.1, ge=0, lt=1)
    clip_norm: float = Field(1.0, gt=0)
    accumulate: int = Field(1, ge=1)
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    patience: int = Field(3, ge=1)
    tolerance: float = Field(1e-4, ge=0)
    check_steps: int | None = Field(None, ge=1)

    def batch(self, rows: int) -> int:
        """Return batch_size, for any number of rows."""
        return self.batch_size
