"""A picture in a few numbers: for slices, warnings and drift, not for the model."""

import numpy as np
from PIL import Image

LONGEST = 256  # pixels of a side that are looked at: enough for light, colour and blur
NAMES = (
    *("width", "height", "aspect", "mode", "bytes"),
    *("brightness", "contrast", "sharpness", "saturation"),
)


def measure(picture: Image.Image, mode: str, size: int) -> dict[str, float | str]:
    """Return the properties of a decoded picture; `size` is that of its file.

    width, height  pixels, upright
    aspect         width / height
    mode           as it was stored: L is grey, P a palette, A means transparency
    bytes          of the file
    brightness     mean grey level, 0 black ... 1 white
    contrast       standard deviation of the grey levels
    sharpness      mean change from a pixel to its neighbours, over the contrast; low is blurred
    saturation     mean distance between the strongest and the weakest of the three colours
    """
    small = np.asarray(picture.reduce(max(1, max(picture.size) // LONGEST)), np.float64) / 255
    grey = small @ [0.299, 0.587, 0.114]
    contrast = grey.std()
    steps = [np.abs(np.diff(grey, axis=axis)) for axis in (0, 1)]
    change = np.mean([step.mean() for step in steps if step.size] or [0.0])
    return {
        "width": picture.width,
        "height": picture.height,
        "aspect": round(picture.width / picture.height, 4),
        "mode": mode,
        "bytes": size,
        "brightness": round(float(grey.mean()), 4),
        "contrast": round(float(contrast), 4),
        "sharpness": round(float(change / contrast), 4) if contrast else 0.0,
        "saturation": round(float(np.ptp(small, axis=2).mean()), 4),
    }
