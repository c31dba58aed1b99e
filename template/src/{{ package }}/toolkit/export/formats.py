"""The export formats of this project: those with a module in this folder."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def known() -> list[str]:
    """Return the formats with a runtime module, each followed by its smaller variants."""
    folder = Path(__file__).parent
    bases = sorted(path.stem.removesuffix("_runtime") for path in folder.glob("*_runtime.py"))
    return [name for base in bases for name in (base, *_variants(folder, base))]


def _variants(folder: Path, base: str) -> list[str]:
    """Return names such as onnx-int8, for modules that compress a format."""
    modules = sorted(folder.glob(f"{base}_*.py"))
    found = [path for path in modules if "\ndef compress(" in path.read_text(encoding="utf-8")]
    return [f"{base}-{path.stem.removeprefix(f'{base}_')}" for path in found]


def _exist(names: list[str]) -> list[str]:
    if unknown := [name for name in names if name not in known()]:
        raise ValueError(f"{unknown[0]} is not one of {', '.join(known())}")
    return names


Formats = Annotated[list[str], AfterValidator(_exist)]
