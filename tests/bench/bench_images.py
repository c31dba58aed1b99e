"""CPU seconds of each stage of a project of images in a process of its own, and of a whole `run`.

The last column is what `run` costs beyond training alone, in costs of training alone.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

STAGES = ("data", "train", "evaluate", "export", "run")
CLASSES, SIDE = 10, 28
COMMAND = "import sys; from my_model.cli import main; sys.exit(main())"


def main() -> None:
    """Print a row for each number of images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int, nargs="+")
    parser.add_argument("--epochs", type=int, default=5)
    args = parser.parse_args()
    print(f"{'images':>7}" + "".join(f"{stage:>10}" for stage in STAGES) + "  run / train - 1")
    for rows in args.rows:
        with tempfile.TemporaryDirectory() as scratch:
            folder = made(Path(scratch) / "images", rows)
            seconds = [cost(stage, folder, Path(scratch), args.epochs) for stage in STAGES]
        cells = "".join(f"{each:10.1f}" for each in seconds)
        print(f"{rows:7,}{cells}{seconds[-1] / seconds[1] - 1:17.2f}", flush=True)


def made(folder: Path, rows: int) -> Path:
    """Write grey images: a pattern for each class, shifted, in noise."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (CLASSES, 6, 6), np.uint8)
    patterns = [np.asarray(Image.fromarray(each).resize((SIDE, SIDE))) for each in coarse]
    for row in range(rows):
        label = row % CLASSES
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        shifted = np.roll(patterns[label], rng.integers(-4, 5, 2), (0, 1))
        levels = shifted * rng.uniform(0.5, 1) + rng.normal(0, 35, (SIDE, SIDE))
        Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(
            folder / str(label) / f"{row}.png"
        )
    return folder


def cost(stage: str, folder: Path, scratch: Path, epochs: int) -> float:
    """Return the CPU seconds of a stage and its processes."""
    new = f"--data.path={folder}", f"--data.size={SIDE}"
    fit = *new, f"--train.epochs={epochs}"
    options = {"data": new, "train": (*fit, "--run=images"), "run": (*fit, "--run=whole")}.get(
        stage, ["--run=images"]
    )
    paths = [f"--paths.{name}={scratch / name}" for name in ("runs", "processed", "schemas")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", COMMAND, stage, *options, *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):  # 1: the gate, which is not measured here
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
