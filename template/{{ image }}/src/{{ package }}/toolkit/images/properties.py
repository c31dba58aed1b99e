"""Properties of an image: for slices, warnings and drift, not for the model."""

import numpy as np
from PIL import Image

MAX_SIDE = 256  # pixels to which an image is reduced: enough for light, colour and blur
NAMES = (
    *("width", "height", "aspect", "mode", "bytes"),
    *("brightness", "contrast", "sharpness", "saturation"),
)


def measure(image: Image.Image, mode: str, size: int) -> dict[str, float | str]:
    """Return the properties of a decoded image; `size` is the bytes of its file.

    width, height  pixels, after the EXIF orientation
    aspect         width / height
    mode           of the file: L is grey, P a palette, A means transparency
    bytes          of the file
    brightness     mean grey level, 0 black ... 1 white
    contrast       standard deviation of the grey levels
    sharpness      mean difference of neighbouring pixels, divided by the contrast; low is blurred
    saturation     mean difference of the strongest and the weakest of the three colours
    """
    small = np.asarray(image.reduce(max(1, max(image.size) // MAX_SIDE)), np.float64) / 255
    grey = small @ [0.299, 0.587, 0.114]
    contrast = grey.std()
    steps = [np.abs(np.diff(grey, axis=axis)) for axis in (0, 1)]
    change = np.mean([step.mean() for step in steps if step.size] or [np.float64(0)])
    return {
        "width": image.width,
        "height": image.height,
        "aspect": round(image.width / image.height, 4),
        "mode": mode,
        "bytes": size,
        "brightness": round(float(grey.mean()), 4),
        "contrast": round(float(contrast), 4),
        "sharpness": round(float(change / contrast), 4) if contrast else 0.0,
        "saturation": round(float(np.ptp(small, axis=2).mean()), 4),
    }
