"""Latency of ONNX, full and in 8 bits, compared with eager PyTorch: one row and 256, one thread.

    python bench_onnx.py [--key=value ...]

Runs in the folder of a rendered PyTorch project, in its environment; keys are those of its
config.yaml. PyTorch gets what the network takes; ONNX Runtime gets raw columns, and encodes them
too. The network is untrained, which costs as much. The three take turns.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from tables import ratio

from my_model import config as configuration
from my_model import data
from my_model.model import Samples, build
from my_model.toolkit.export import onnx, onnx_int8
from my_model.toolkit.export.feed import describe, feed

ROUNDS = 300


def session(folder: Path) -> onnxruntime.InferenceSession:
    """Open a model as the project does, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = folder / "model.onnx"
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def sessions(model: Any, splits: Any) -> list[onnxruntime.InferenceSession]:
    """Return the full model, and the one in 8 bits."""
    with tempfile.TemporaryDirectory() as name:
        full, small = Path(name) / "full", Path(name) / "small"
        for folder in (full, small):
            folder.mkdir()
        onnx.convert(model, splits.schema, full)
        onnx_int8.compress(model, splits.schema, small, None, splits.train.inputs)
        return [session(full), session(small)]


def seconds(call: Any, *words: Any) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    call(*words)
    return time.perf_counter() - started


@torch.inference_mode()
def main() -> None:
    """Print a line for each number of rows."""
    torch.set_num_threads(1)
    options = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[1:])
    config = configuration.load(Path("config.yaml"), options)
    splits = data.load(config)
    model = build(config, splits)
    exported, network = sessions(model, splits), model.answering()
    print(f"\n{config.model.name}: ms, and how many times as fast as PyTorch\n")
    print(f"{'rows':>5} {'PyTorch':>8} {'onnx':>8} {'onnx-int8':>9} {'onnx':>22} {'onnx-int8':>22}")
    for rows in (1, 256):
        inputs = splits.train.inputs.iloc[np.resize(np.arange(len(splits.train.ids)), rows)]
        taken = torch.from_numpy(Samples(model, inputs).take(np.arange(rows)))
        fed = feed(inputs, {"inputs": describe(splits.schema)})
        calls = [(network, taken), *((each.run, None, fed) for each in exported)]
        found = np.array([[seconds(*call) for call in calls] for _ in range(ROUNDS)])[10:]
        eager, full, small = 1000 * np.median(found, axis=0)
        times = [ratio(found[:, 0] / found[:, number]) for number in (1, 2)]
        print(f"{rows:>5} {eager:>8.3f} {full:>8.3f} {small:>9.3f} {times[0]:>22} {times[1]:>22}")


if __name__ == "__main__":
    main()
