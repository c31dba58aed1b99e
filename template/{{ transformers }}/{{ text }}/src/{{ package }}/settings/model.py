"""The `model` section of config.yaml; `tune` searches over fields marked with Search."""

from typing import Annotated, ClassVar

from pydantic import Field

from ..toolkit.settings.common import ModelSettings, Search


class Model(ModelSettings):
    """The encoder, its maximum length, and the size of a tiny one."""

    # Of `run` on two cores, by name: fixed seconds, and seconds per 10,000 cells and epoch.
    SECONDS: ClassVar[dict[str, tuple[float, float]]] = {
        "tiny": (60.0, 6.0),
    }

    name: str = "tiny"
    revision: str | None = None
    max_tokens: int = Field(128, ge=8)
    width: int = Field(128, ge=32, multiple_of=32)
    depth: int = Field(2, ge=1)
    vocabulary: int = Field(8000, ge=300)
    dropout: Annotated[float, Field(ge=0, lt=1), Search(0.0, 0.5)] = 0.1
