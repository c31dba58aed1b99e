"""What a regression model has to beat."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ..data import Split

LINEAR_ROWS = 50_000  # enough for a yardstick, however long the table is


def baselines(train: Split, inputs: pd.DataFrame) -> dict[str, np.ndarray]:
    """Predict (rows,) by the training mean, by the training median, and by a linear model."""
    sample = slice(None, None, 1 + len(train.targets) // LINEAR_ROWS)
    linear = make_pipeline(
        make_column_transformer(
            (
                make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()),
                make_column_selector(dtype_include="number"),
            ),
            (
                OneHotEncoder(handle_unknown="ignore", max_categories=50),
                make_column_selector(dtype_include="category"),
            ),
        ),
        Ridge(),
    ).fit(train.inputs[sample], train.targets[sample])
    return {
        "mean": np.full(len(inputs), train.targets.mean(dtype=np.float64), np.float32),
        "median": np.full(len(inputs), np.median(train.targets), np.float32),
        "linear": linear.predict(inputs).astype(np.float32),
    }
