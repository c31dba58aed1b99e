"""The `evaluate` section of config.yaml."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class Judge(BaseModel, extra="forbid", frozen=True):
    """Which server compares answers; its key is in the environment, as JUDGE_API_KEY."""

    url: str | None = Field(None, pattern="^https?://")
    model: str | None = None
    prompt: Path = Path("prompts/judge.yaml")
    max_tokens: int | None = Field(512, ge=1)
    parallel: int = Field(4, ge=1)
    seconds: float = Field(120, gt=0)


class Evaluate(BaseModel, extra="forbid", frozen=True):
    """Which number decides, and how sure it has to be."""

    PROBLEM: ClassVar = "generation"

    primary: Literal["bits_per_byte"] = "bits_per_byte"
    resamples: int = Field(1000, ge=100)
    checks: Path | None = None
    answers: int = Field(24, ge=1)
    judge: Judge = Judge()
