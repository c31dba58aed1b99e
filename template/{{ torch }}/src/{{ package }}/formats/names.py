"""The formats of this project: what this folder has a module for."""

from pathlib import Path

VARIANTS = ("", "-fp16", "-int8", "-q8_0", "-q4_k_m")


def known() -> list[str]:
    """Return all formats, with their smaller variants."""
    folder = Path(__file__).parent
    bases = sorted(path.stem.removesuffix("_runtime") for path in folder.glob("*_runtime.py"))
    names = [f"{base}{variant}" for base in bases for variant in VARIANTS]
    return [name for name in names if (folder / f"{name.replace('-', '_')}.py").exists()]
