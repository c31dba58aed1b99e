"""Simple encoders of the baselines, fitted on training rows."""

from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

NUMBERS = make_column_selector(dtype_include="number")
CATEGORIES = make_column_selector(dtype_include="category")


def scaled() -> ColumnTransformer:
    """Return standardized numbers and one-hot categories, for a linear model."""
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    levels = OneHotEncoder(handle_unknown="ignore", max_categories=50)
    return make_column_transformer((numbers, NUMBERS), (levels, CATEGORIES))


def coded() -> ColumnTransformer:
    """Return numbers unchanged and categories as ordinal codes, for trees."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=250)
    return make_column_transformer((codes, CATEGORIES), remainder="passthrough")
