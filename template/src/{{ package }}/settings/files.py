"""Read YAML, with an error in one sentence."""

from pathlib import Path
from typing import Any

import yaml

from ..runs import UserError


def read(path: Path) -> dict[str, Any]:
    """Return the sections of a file such as config.yaml."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; run in the project's folder or give --config.")
    try:
        raw = parse(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not a text in UTF-8 ({error.reason}).") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path}: must hold sections such as `data:` with keys below them.")
    return raw


def parse(text: str, path: Path) -> Any:
    """Return the value of a YAML text, which belongs to a file."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
