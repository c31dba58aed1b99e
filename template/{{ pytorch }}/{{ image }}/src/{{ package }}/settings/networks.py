"""The networks for images, as `model.name` and `model.weights` in config.yaml."""

from pathlib import Path
from typing import Literal

Name = str  # of this project, or of timm or torchvision
Weights = Literal["hub"] | Path | None
# Seconds of `run` on two cores, by name: a constant, and per 10,000 cells and epoch.
SECONDS = {"cnn": (50.0, 3.0)}
