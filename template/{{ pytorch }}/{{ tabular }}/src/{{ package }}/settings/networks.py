"""The networks for tables, as `model.name` in config.yaml."""

from typing import Literal

Name = Literal["mlp", "tabm", "ft-transformer"]
# Seconds of `run` on two cores, by name: a constant, and per 10,000 cells and epoch.
SECONDS = {"mlp": (32.0, 0.05), "tabm": (32.0, 1.5), "ft-transformer": (32.0, 1.2)}
