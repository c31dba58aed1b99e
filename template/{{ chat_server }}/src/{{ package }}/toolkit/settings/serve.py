"""The `serve` section of config.yaml."""

from pathlib import Path

from pydantic import BaseModel, Field


class Serve(BaseModel, extra="forbid", frozen=True):
    """The HTTP server; its key comes from the environment variable MODEL_API_KEY."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    engine: str | None = None
    parallel: int = Field(8, ge=1)
    lookup: bool = False
    max_messages: int = Field(100, ge=1)
    max_characters: int = Field(100_000, ge=1)
    max_body_mb: float = Field(1, gt=0)
    max_queue: int = Field(64, ge=0)
    max_seconds: float = Field(300, gt=0)
    request_log: Path | None = Path("logs/requests.jsonl")
