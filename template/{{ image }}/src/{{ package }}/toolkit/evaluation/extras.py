"""What images add to an evaluation: thumbnails of the mistakes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ..config import BaseConfig
from ..images.packed import thumbnail
from ..tables.split import Split, Splits
from .errors import Extras

Predict = Callable[[pd.DataFrame], np.ndarray]


def label_issues(splits: Splits) -> list[str]:
    """Return notes about probable label errors: images are not searched for any."""
    return []


def evaluation(
    predictors: dict[str, Predict],
    splits: Splits,
    test: Split,
    threshold: float | None,
    mistakes: pd.DataFrame,
    config: BaseConfig,
) -> Extras:
    """Return a WebP thumbnail of each mistake, with its aspect ratio."""
    bits = splits.schema.columns[0].bits
    names = {f"mistakes/{row:02}.webp": file for row, file in enumerate(mistakes["file"])}
    return Extras(files={name: thumbnail(Path(file), bits) for name, file in names.items()})
