"""The `data` section of config.yaml."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field, model_validator

LAYOUTS = ({"messages"}, {"prompt", "answer"}, {"text"}, set[str]())
PARTS = {"context": "prompt", "history": "prompt", "system": "prompt` or `messages"}


class Data(BaseModel, extra="forbid", frozen=True):
    """Where the conversations are, what each column is for, and how they are split."""

    NAMES: ClassVar = (
        *("messages", "prompt", "context", "history", "system", "answer", "text"),
        *("source", "group", "time"),
    )
    MODALITY: ClassVar = "text"
    SERVED: ClassVar = "gguf"
    INPUT: ClassVar = "the messages of a conversation (the properties below are not model inputs)"
    READS: ClassVar = "a JSON, Parquet, CSV or Excel file of conversations, prompts and answers"

    path: Path
    messages: str | None = None
    prompt: str | None = None
    context: str | None = None
    history: str | None = None
    system: str | None = None
    answer: str | None = None
    text: str | None = None
    target: ClassVar = "answer"  # of the rows that are read, not of the file
    source: str | None = None
    group: str | None = None
    time: str | None = None
    bad_rows: Literal["refuse", "skip"] = "refuse"
    free_text: ClassVar = True
    wrappers: ClassVar = {"conversations": ("from", "role")}  # as of ShareGPT, or rows of others
    sheet: str | None = None
    val: float = Field(0.2, gt=0, lt=0.5)
    test: float = Field(0.2, gt=0, lt=0.5)

    @model_validator(mode="after")
    def _one_layout(self) -> "Data":
        names = ("messages", "prompt", "answer", "text")
        given = [name for name in names if getattr(self, name) is not None]
        if set(given) not in LAYOUTS:
            raise ValueError(
                "set the columns of the conversations: either `messages`, or `prompt` and "
                f"`answer`, or `text`; set so far: {', '.join(given)}"
            )
        for part, needed in PARTS.items():
            if getattr(self, part) is not None and not {*given} & {*needed.split("` or `")}:
                raise ValueError(f"`{part}` belongs to a `{needed}`: set that column, too")
        return self
