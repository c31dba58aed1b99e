"""The augmentation of training images, in the `model` section of config.yaml."""

from pydantic import Field

from ..toolkit.settings.common import Section


class Augment(Section):
    """Limits of the random augmentation of training images."""

    flip: bool = False
    rotate: float = Field(10, ge=0, le=180)
    shift: float = Field(0.1, ge=0, le=0.5)
    scale: float = Field(0.1, ge=0, lt=1)
    light: float = Field(0.1, ge=0, lt=1)
