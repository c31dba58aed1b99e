"""The `data` section of config.yaml."""

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field


class Data(BaseModel, extra="forbid", frozen=True):
    """Where the rows are, what each column is for, and how they are split."""

    NAMES: ClassVar = ("target", "drop", "group", "time")  # what names columns of the file
    MODALITY: ClassVar = "tabular"
    SERVED: ClassVar = "onnx"  # the format that monitor and the targets run
    INPUT: ClassVar = "one row of a table with the columns below"
    READS: ClassVar = "a CSV, Parquet or JSON-lines file"

    path: Path
    target: str
    drop: list[str] = []
    group: str | None = None
    time: str | None = None
    missing: list[str] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
    val: float = Field(0.2, gt=0, lt=0.5)
    test: float = Field(0.2, gt=0, lt=0.5)
