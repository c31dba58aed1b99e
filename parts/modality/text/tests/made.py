"""Tables of texts made for the tests."""

from pathlib import Path

import numpy as np
import pandas as pd

from my_model.config import Config

SYLLABLES = ["ba", "do", "fi", "gu", "ke", "lo", "mi", "na", "po", "ru", "sé", "ti"]
HOSTILE = [
    "",
    " \t\n",
    "🐦 engine 🔥❤\ufe0f shut down 👩\u200d🚀",
    "\u202e\u05e9\u05dc\u05d5\u05dd engine shut down\u202c مرحبا",
    "engine shut down " * 3334,
    "engine\0shut\x01down\x7f\x85",
    "e\u0301ngine é " + "o\u0300\u0316" * 5000,
    "発動機が停止した。空港に戻った",
    "İSTANBUL ENGİNE STRASSE straße ΣΊΣΥΦΟΣ ﬁre \uff26\uff35\uff2c\uff2c ① ½ ™",
    "x" * 100_000,
    "~<engine> ~ < > | \\ '\"`",
    "\ud800 lone surrogate",
]


def table(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Texts of made-up words, some of which only one of two labels has."""
    rng = np.random.default_rng(seed)
    words = np.array([f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES])
    told = rng.integers(2, size=rows)
    texts = [
        " ".join([*rng.choice(words, 12), ["calm", "storm"][label], *rng.choice(words, 3)])
        for label in told
    ]
    return pd.DataFrame({"text": texts, "label": np.array(["good", "bad"])[told]})


def written(folder: Path, frame: pd.DataFrame) -> Path:
    """Write a table as CSV and return its path."""
    frame.to_csv(folder / "texts.csv", index=False)
    return folder / "texts.csv"


def reading(config: Config, path: Path, **settings: object) -> Config:
    """Return a configuration that reads `path`, and writes beside it."""
    paths = {name: path.parent / name for name in ("runs", "processed", "schemas")}
    plain = {"text": "text", "target": "label", "source": None}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"path": path, **plain, **settings}),
            "paths": config.paths.model_copy(update=paths),
        }
    )
