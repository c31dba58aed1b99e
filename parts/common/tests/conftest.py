"""One real run on the demo data, shared by all tests."""

import os
from pathlib import Path

import pytest
from quick import QUICK

from my_model import cli
from my_model.config import Config, load

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that keep every made file out of the project, and the run short."""
    folder = tmp_path_factory.mktemp("made")
    paths = {name: folder / name for name in ("runs", "processed", "schemas")}
    settings = {f"paths.{name}": path for name, path in paths.items()}
    settings |= {**QUICK, "evaluate.resamples": 100}
    return [f"--{key}={value}" for key, value in settings.items()]


@pytest.fixture(scope="session")
def config(options: list[str]) -> Config:
    """The project's configuration with those options."""
    overrides = dict(option.removeprefix("--").split("=", 1) for option in options)
    return load(ROOT / "config.yaml", overrides)


@pytest.fixture(scope="session")
def run(options: list[str], config: Config) -> Path:
    """The folder of a finished run: trained, evaluated, exported."""
    os.chdir(ROOT)
    assert cli.main(["run", "--run=demo", *options]) == 0
    return config.paths.runs / "demo"
