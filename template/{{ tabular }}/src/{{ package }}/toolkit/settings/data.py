"""The `data` section of config.yaml."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class Data(BaseModel, extra="forbid", frozen=True):
    """Where the rows are, what each column is for, and how they are split."""

    NAMES: ClassVar = ("target", "drop", "group", "time")  # settings that name columns of the file
    MODALITY: ClassVar = "tabular"
    SERVED: ClassVar = "onnx"  # the format that monitor and the targets run
    INPUT: ClassVar = "one row of a table with the columns below"
    READS: ClassVar = "a CSV, JSON, Parquet or Excel file"

    path: Path
    target: str
    drop: list[str] = []
    group: str | None = None
    time: str | None = None
    missing: list[str] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
    dates: Literal["day-first", "month-first"] | None = None
    bad_rows: Literal["refuse", "skip"] = "refuse"
    sheet: str | None = None
    val: float = Field(0.2, gt=0, lt=0.5)
    test: float = Field(0.2, gt=0, lt=0.5)
