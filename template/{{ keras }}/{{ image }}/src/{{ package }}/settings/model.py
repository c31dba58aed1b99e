"""The `model` section of config.yaml; `tune` varies the settings marked with Search."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..toolkit.settings.common import ModelSettings, Search
from .augment import Augment


class Model(ModelSettings):
    """Which network, where its weights come from, and the augmentation of training images."""

    # Seconds of `run` on two cores, by name: a constant, and per 10,000 cells and epoch.
    SECONDS: ClassVar[dict[str, tuple[float, float]]] = {
        "cnn": (50.0, 3.0),
        "resnet": (60.0, 6.0),
    }

    name: str = "cnn"
    weights: Literal["hub"] | Path | None = None
    frozen_epochs: int = Field(0, ge=0)
    backbone_rate: float = Field(1.0, gt=0)
    width: int = Field(32, ge=8)
    depth: int = Field(3, ge=1, le=6)
    dropout: Annotated[float, Field(ge=0, lt=1), Search(0.0, 0.5)] = 0.1
    augment: Augment = Augment()
