"""The `data` section of config.yaml."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class Data(BaseModel, extra="forbid", frozen=True):
    """Where the images are, how the model sees them, and how they are split."""

    NAMES: ClassVar = ("image", "target", "group")  # the settings that name columns of the file
    MODALITY: ClassVar = "image"
    SERVED: ClassVar = "onnx"  # the format that monitor and the targets run
    INPUT: ClassVar = "one image (the properties below are for people, not for the model)"
    READS: ClassVar = "a folder or .zip of images, or a table whose column `image` names them"

    path: Path
    image: str = "image"
    target: str = "label"
    size: int = Field(32, ge=8, le=1024, multiple_of=4)
    bits: int | None = Field(None, ge=0, le=32)
    group: str | None = None
    bad_rows: Literal["refuse", "skip"] = "refuse"
    sheet: str | None = None
    skip_broken: bool = False
    splits: Literal["folder", "random"] = "folder"
    val: float = Field(0.2, gt=0, lt=0.5)
    test: float = Field(0.2, gt=0, lt=0.5)
