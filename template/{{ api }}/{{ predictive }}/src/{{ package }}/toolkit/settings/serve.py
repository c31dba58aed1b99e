"""The `serve` section of config.yaml."""

import os
from pathlib import Path

from pydantic import BaseModel, Field

from ..runs import UserError


class Serve(BaseModel, extra="forbid", frozen=True):
    """The HTTP server; its key comes from the environment variable MODEL_API_KEY."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    max_rows: int = Field(10_000, ge=1)
    max_body_mb: float = Field(10, gt=0)
    max_batch: int = Field(64, ge=1)
    max_queue: int = Field(20_000, ge=1)
    request_log: Path | None = Path("logs/requests.jsonl")


def serving_key() -> str | None:
    """Return MODEL_API_KEY of the environment; UserError if it is empty, which protects nothing."""
    key = os.environ.get("MODEL_API_KEY")
    if key == "":
        raise UserError("MODEL_API_KEY is empty: set a key, or unset it to serve without one.")
    return key
