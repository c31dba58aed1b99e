"""The networks for tables, as `model.name` in config.yaml."""

from typing import Literal

Name = Literal["mlp", "ft-transformer"]
# Seconds of `run` on two cores, by name: a constant, and per 10,000 cells and epoch.
SECONDS = {"mlp": (40.0, 0.1), "ft-transformer": (45.0, 1.2)}
