"""The `data` section of config.yaml."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class Data(BaseModel, extra="forbid", frozen=True):
    """Where the texts are, what each column is for, and how they are split."""

    NAMES: ClassVar = (
        "text",
        "target",
        "source",
        "group",
        "time",
    )  # settings that name columns
    MODALITY: ClassVar = "text"
    SERVED: ClassVar = "onnx"  # the format that monitor and the targets run
    INPUT: ClassVar = "one text (the properties below are for people, not for the model)"
    READS: ClassVar = "a CSV, JSON, Parquet or Excel file with a column of texts"

    path: Path
    text: str = "text"
    target: str = "label"
    source: str | None = None
    group: str | None = None
    time: str | None = None
    bad_rows: Literal["refuse", "skip"] = "refuse"
    sheet: str | None = None
    val: float = Field(0.2, gt=0, lt=0.5)
    test: float = Field(0.2, gt=0, lt=0.5)
