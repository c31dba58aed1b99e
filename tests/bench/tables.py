"""What the tables share."""

import numpy as np


def ratio(values: np.ndarray) -> str:
    """Return the median, and between what the middle half lies."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"
