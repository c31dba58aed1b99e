"""What a classifier has to beat."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from ..data import Split

ROWS = 50_000  # enough for a yardstick, however long the table is


def baselines(train: Split, inputs: pd.DataFrame) -> dict[str, np.ndarray]:
    """Predict (rows, classes) by each class's share in training, and by two models as they come."""
    share = np.bincount(train.targets) / len(train.targets)
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
        LogisticRegression(max_iter=1000),
    ).fit(train.inputs[sample], train.targets[sample])
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=250)
    boosting = make_pipeline(
        make_column_transformer(
            (codes, make_column_selector(dtype_include="category")), remainder="passthrough"
        ),
        HistGradientBoostingClassifier(random_state=0),
    ).fit(train.inputs[sample], train.targets[sample])
    return {
        "prevalence": np.tile(share, (len(inputs), 1)).astype(np.float32),
        "linear": linear.predict_proba(inputs).astype(np.float32),
        "boosting": boosting.predict_proba(inputs).astype(np.float32),
    }
