"""Wall time and peak memory of `train` against bare pandas + scikit-learn, on the same rows and settings.

    python bench_train.py PROJECT [ROWS ...]

PROJECT is a rendered tabular-classification project with its environment (`uv sync`).
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import sys
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

frame = pd.read_csv(sys.argv[1])
frame["day"] = (pd.to_datetime(frame.pop("day")) - pd.Timestamp(0)).dt.days
target = frame.pop("damage") == "yes"
rest, _, y_rest, _ = train_test_split(frame, target, test_size=0.2, stratify=target, random_state=0)
train, val, y_train, y_val = train_test_split(rest, y_rest, test_size=0.25, stratify=y_rest, random_state=0)
text = list(frame.select_dtypes(exclude="number"))
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=255)
prepare = ColumnTransformer([("codes", codes, text)], remainder="passthrough")
model = HistGradientBoostingClassifier(
    max_iter=100, learning_rate=0.05, max_leaf_nodes=15, l2_regularization=1.0,
    early_stopping=True, n_iter_no_change=20, tol=1e-4, random_state=0,
)
x_train, x_val = prepare.fit_transform(train), prepare.transform(val)
model.fit(x_train, y_train, X_val=x_val, y_val=y_val)
print(average_precision_score(y_val, model.predict_proba(x_val)[:, 1]))
"""

MAKE = """
import sys
import numpy as np, pandas as pd

demo = pd.read_csv("data/raw/birdstrikes.csv", keep_default_na=False, na_values=[""])
rows, rng = int(sys.argv[2]), np.random.default_rng(0)
table = demo.drop(columns=[c for c in demo if c.startswith("Cost")]).sample(rows, replace=True, random_state=0)
table = table.rename(columns={"Flight Date": "day"}).reset_index(drop=True)
for number in range(4):
    table[f"noise {number}"] = rng.normal(size=rows).round(4)
table.to_csv(sys.argv[1], index=False)
"""


def main() -> None:
    """Print a table: seconds and MB of both, and their ratios."""
    project = Path(sys.argv[1]).resolve()
    python = project / ".venv/bin/python"
    sizes = [int(size) for size in sys.argv[2:]] or [10_000, 100_000, 1_000_000]
    command = next((project / ".venv/bin").glob(tomllib_script(project)))
    print(
        f"{'rows':>9} {'ours s':>7} {'bare s':>7} {'ratio':>6} {'ours MB':>8} {'bare MB':>8} {'ratio':>6}"
    )
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.csv"
            subprocess.run([python, "-c", MAKE, file, str(rows)], cwd=project, check=True)
            paths = [f"--paths.{key}={folder}/{key}" for key in ("runs", "processed", "schemas")]
            options = [f"--data.path={file}", "--data.target=damage", "--data.drop=[]"]
            ours = measure([command, "train", "--train.rounds=100", *paths, *options], project)
            bare = measure([python, "-c", BARE, file], project)
        print(
            f"{rows:>9,} {ours[0]:>7.1f} {bare[0]:>7.1f} {ours[0] / bare[0]:>6.2f}"
            f" {ours[1]:>8.0f} {bare[1]:>8.0f} {ours[1] / bare[1]:>6.2f}",
            flush=True,
        )


def tomllib_script(project: Path) -> str:
    """Return the project's command."""
    import tomllib

    scripts = tomllib.loads((project / "pyproject.toml").read_text())["project"]["scripts"]
    return next(iter(scripts))


def measure(command: list, folder: Path) -> tuple[float, float]:
    """Run a command in a child of its own; return wall seconds and peak resident MB."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=2);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    started = time.perf_counter()
    words = [sys.executable, "-c", code, *map(str, command)]
    done = subprocess.run(words, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - started, int(done.stdout) / 1024


if __name__ == "__main__":
    main()
