"""The `model` section of config.yaml."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from ..toolkit.settings.common import ModelSettings


class Model(ModelSettings):
    """The language model, its maximum lengths, and the size of one trained from scratch."""

    OWN: ClassVar = ("tiny",)  # trained from scratch

    # Of `run` on two cores, by name: fixed seconds, and seconds per 10,000 cells and epoch.
    SECONDS: ClassVar[dict[str, tuple[float, float]]] = {
        "tiny": (60.0, 310.0),
    }

    name: str = "tiny"
    revision: str | None = None
    prompt: Path | None = None
    max_tokens: int = Field(512, ge=32)
    new_tokens: int = Field(128, ge=1)
    width: int = Field(128, ge=32, multiple_of=32)
    depth: int = Field(2, ge=1)
    vocabulary: int = Field(2000, ge=300)
