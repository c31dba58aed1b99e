"""The `model` section of config.yaml; `tune` varies what is marked with Search."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ..estimators import ESTIMATORS
from ..toolkit.settings.common import ModelSettings, Search


class Model(ModelSettings):
    """Which estimator, and what it counts in a text."""

    SECONDS: ClassVar = {name: each.seconds for name, each in ESTIMATORS.items()}

    name: Literal[*ESTIMATORS] = "linear"  # type: ignore[valid-type]
    max_words: Annotated[int, Field(ge=0, le=5), Search(1, 3)] = 2
    min_letters: int = Field(3, ge=1, le=8)
    max_letters: Annotated[int, Field(ge=0, le=8), Search(2, 6)] = 5
    min_texts: Annotated[int, Field(ge=1), Search(1, 5)] = 2
    max_terms: int = Field(50_000, ge=1)

    @model_validator(mode="after")
    def _something_counts(self) -> "Model":
        if not self.max_words and self.max_letters < self.min_letters:
            raise ValueError("neither words nor letters are left; raise max_words or max_letters")
        return self
