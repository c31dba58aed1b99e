"""The `export` section of config.yaml."""

from pydantic import BaseModel, Field, field_validator

from ..formats.names import known


class Export(BaseModel, extra="forbid", frozen=True):
    """What to convert to, and how well it has to agree with the model."""

    formats: list[str] = ["gguf"]
    tolerance: float = Field(0.01, gt=0)
    max_drop: float = Field(0.02, ge=0)

    @field_validator("formats")
    @classmethod
    def _exist(cls, names: list[str]) -> list[str]:
        if unknown := [name for name in names if name not in known()]:
            raise ValueError(f"{unknown[0]} is not one of {', '.join(known())}")
        return names
