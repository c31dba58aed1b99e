"""The `evaluate` section of config.yaml."""

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field

from .common import EvaluateSettings


class Judge(BaseModel, extra="forbid", frozen=True):
    """Which server compares answers; its key is in the environment, as JUDGE_API_KEY."""

    url: str | None = Field(None, pattern="^https?://")
    model: str | None = None
    prompt: Path = Path("prompts/judge.yaml")
    max_tokens: int | None = Field(512, ge=1)
    parallel: int = Field(4, ge=1)
    seconds: float = Field(120, gt=0)


class Evaluate(EvaluateSettings):
    """The primary metric, and what else is compared of the answers."""

    PROBLEM: ClassVar = "generation"
    CHOICES: ClassVar = ("bits_per_byte",)

    primary: str = "bits_per_byte"
    checks: Path | None = None
    answers: int = Field(24, ge=1)
    judge: Judge = Judge()
