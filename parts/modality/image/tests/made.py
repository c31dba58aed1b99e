"""Sets of pictures made for the tests."""

from pathlib import Path

import numpy as np
from PIL import Image

from my_model.config import Config

RNG = np.random.default_rng(0)


def folder_of(path: Path, rows: int = 40, kinds: tuple[str, ...] = ("dots", "lines")) -> Path:
    """Blurred noise, brighter in each class; JPEG and PNG, in folders below each class."""
    for number, kind in enumerate(kinds):
        (path / kind / "deep").mkdir(parents=True, exist_ok=True)
        for row in range(rows):
            grain = RNG.integers(0, 160, (5, 7, 3), np.uint8) + np.uint8(60 * number)
            image = Image.fromarray(grain).resize((70, 50), Image.Resampling.BICUBIC)
            image.save(
                path / kind / ("" if row % 2 else "deep") / f"{row}.{'JPG' if row % 3 else 'png'}"
            )
    return path


def reading(config: Config, path: Path, **settings: object) -> Config:
    """Return a configuration that reads `path`, and writes beside it."""
    paths = {name: path.parent / name for name in ("runs", "processed", "schemas")}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"path": path, "size": 16, **settings}),
            "paths": config.paths.model_copy(update=paths),
        }
    )
