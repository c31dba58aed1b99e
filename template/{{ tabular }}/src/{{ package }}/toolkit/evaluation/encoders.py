"""Columns as plain models want them, learnt from training rows: the baselines' own, kept simple."""

from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

NUMBERS = make_column_selector(dtype_include="number")
CATEGORIES = make_column_selector(dtype_include="category")


def scaled() -> ColumnTransformer:
    """Return numbers around 0 and a column for each frequent category, for a linear model."""
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    levels = OneHotEncoder(handle_unknown="ignore", max_categories=50)
    return make_column_transformer((numbers, NUMBERS), (levels, CATEGORIES))


def coded() -> ColumnTransformer:
    """Return numbers as they are and a code for each category, for trees."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=250)
    return make_column_transformer((codes, CATEGORIES), remainder="passthrough")
