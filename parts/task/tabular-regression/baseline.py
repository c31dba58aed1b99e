"""What a regression model has to beat."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from ..data import Split

ROWS = 50_000  # enough for a yardstick, however long the table is


def baselines(train: Split, inputs: pd.DataFrame) -> dict[str, np.ndarray]:
    """Predict (rows,) by training mean and median, and by two models as they come."""
    sample = slice(None, None, 1 + len(train.targets) // ROWS)
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
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=250)
    boosting = make_pipeline(
        make_column_transformer(
            (codes, make_column_selector(dtype_include="category")), remainder="passthrough"
        ),
        HistGradientBoostingRegressor(random_state=0),
    ).fit(train.inputs[sample], train.targets[sample])
    return {
        "mean": np.full(len(inputs), train.targets.mean(dtype=np.float64), np.float32),
        "median": np.full(len(inputs), np.median(train.targets), np.float32),
        "linear": linear.predict(inputs).astype(np.float32),
        "boosting": boosting.predict(inputs).astype(np.float32),
    }
