"""Settings that keep the tests short, and the models to try: those whose packages are there."""

from importlib.util import find_spec
from typing import get_args

import pytest

from my_model.settings.model import Model

QUICK = {"train.rounds": 60}
ABSENT = pytest.mark.skipif(not find_spec("catboost"), reason="`uv sync --group catboost` adds it")
MODELS = [
    pytest.param(name, marks=ABSENT) if name == "catboost" else name
    for name in get_args(Model.model_fields["name"].annotation)
]
