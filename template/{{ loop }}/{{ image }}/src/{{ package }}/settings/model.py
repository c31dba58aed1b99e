"""The `model` section of config.yaml; `tune` varies the settings marked with Search."""

from typing import Annotated, ClassVar

from pydantic import Field

from ..toolkit.settings.common import ModelSettings, Search, Section
from .networks import SECONDS, Name, Weights


class Augment(Section):
    """Limits of the random augmentation of training images."""

    flip: bool = False
    rotate: float = Field(10, ge=0, le=180)
    shift: float = Field(0.1, ge=0, le=0.5)
    scale: float = Field(0.1, ge=0, lt=1)
    light: float = Field(0.1, ge=0, lt=1)


class Model(ModelSettings):
    """Which network, where its weights come from, and the augmentation of training images."""

    SECONDS: ClassVar[dict[str, tuple[float, float]]] = SECONDS

    name: Name = "cnn"
    weights: Weights = None
    frozen_epochs: int = Field(0, ge=0)
    backbone_rate: float = Field(1.0, gt=0)
    width: int = Field(32, ge=8)
    depth: int = Field(3, ge=1, le=6)
    dropout: Annotated[float, Field(ge=0, lt=1), Search(0.0, 0.5)] = 0.1
    augment: Augment = Augment()
