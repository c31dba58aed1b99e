"""Texts: tokens per second in training against the library's example script, and latency.

    python bench_text.py train EPOCHS [--key=value ...]
    python bench_text.py serve [--key=value ...]

Runs in the folder of a rendered project of transformers, in its environment; keys are those of its
config.yaml. The example script pads each batch to its longest text and takes rows at random; both
validate after each epoch, the project alone also writes its log and its checkpoints, and the first
epoch does not count. Served are single texts and 64 together, with one thread, by the exported file
full and in 8 bits and by the `pipeline` of transformers; the network is untrained, which costs as
much. All take turns.
"""

import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tables import ratio
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    pipeline,
)

from my_model import config as configuration
from my_model import data, predict, train
from my_model.model import build
from my_model.toolkit.export import contract, onnx, onnx_int8, onnx_runtime
from my_model.toolkit.runs import history
from my_model.toolkit.texts.padding import numbers

TURNS, ROUNDS = 3, 100


class Stamping(TrainerCallback):
    """What notes the end of each epoch."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_evaluate(self, *words: Any, **others: Any) -> None:
        self.times.append(time.perf_counter())


def ours(config: Any, splits: Any, folder: Path) -> list[float]:
    """Train as the project does; return when each epoch ended."""
    times: list[float] = []
    log = history(folder, lambda step, metrics: times.append(time.perf_counter()))
    train.fit(config, splits, log, folder)
    return times


def plain(config: Any, splits: Any, folder: Path) -> list[float]:
    """Train with the script that the library's pages show, from the same untrained network."""
    predict.save(build(config, splits), folder / "start")
    tokenizer = AutoTokenizer.from_pretrained(folder / "start")
    network = AutoModelForSequenceClassification.from_pretrained(folder / "start")

    def encoded(split: Any) -> list[dict[str, Any]]:
        texts = split.inputs["text"].tolist()
        known = tokenizer(texts, truncation=True, max_length=config.model.max_tokens)
        ids, labels = known["input_ids"], split.targets.tolist()
        return [{"input_ids": i, "label": label} for i, label in zip(ids, labels, strict=True)]

    settings, stamping = config.train, Stamping()
    trainer = Trainer(
        network,
        TrainingArguments(
            str(folder / "plain"),
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_size,
            per_device_eval_batch_size=settings.batch_size,
            learning_rate=1e-3,
            eval_strategy="epoch",
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
        ),
        train_dataset=encoded(splits.train),
        eval_dataset=encoded(splits.val),
        data_collator=DataCollatorWithPadding(tokenizer),
        callbacks=[stamping],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return stamping.times


def bench_training(config: Any, splits: Any) -> None:
    """Print tokens per second of both, and how many times as fast the project is."""
    model = build(config, splits)
    count = sum(map(len, numbers(splits.train.inputs["text"].tolist(), model.tokenizer)))
    speeds: dict[str, list[float]] = {"ours": [], "plain": []}
    for loop in [ours, plain] * TURNS:
        torch.use_deterministic_algorithms(loop is ours, warn_only=True)
        with tempfile.TemporaryDirectory() as folder:
            speeds[loop.__name__] += (count / np.diff(loop(config, splits, Path(folder)))).tolist()
    print(f"\n{config.model.name}, {len(splits.train.ids):,} training texts, {count:,} tokens\n")
    print(f"{'':>6} {'tokens/s':>9} {'ours, times as fast':>20}")
    for name, found in speeds.items():
        times = ratio(np.divide(speeds["ours"], found))
        print(f"{name:>6} {np.median(found):>9,.0f} {times:>20}")


def bench_serving(config: Any, splits: Any, folder: Path) -> None:
    """Print milliseconds, and how many times as fast as the pipeline each export is."""
    model, texts = build(config, splits), splits.val.inputs["text"].tolist()
    predict.save(model, folder / "model")
    cut = {"truncation": True, "max_length": config.model.max_tokens}
    clients = {"pipeline": pipeline("text-classification", str(folder / "model"), **cut)}
    for name, make in {"onnx": onnx.convert, "onnx-int8": onnx_int8.compress}.items():
        clients[name] = _exported(make, model, splits, folder / name)
    print(f"\n{sum(w.numel() for w in model.network.parameters()) / 1e6:.1f} M weights: ms\n")
    print(f"{'texts':>6}" + "".join(f"{name:>28}" for name in clients))
    for rows, rounds in {1: ROUNDS, 64: ROUNDS // 10}.items():
        took = np.array([_turn(clients, texts, rows, n) for n in range(rounds + 1)])[1:]
        columns = [f"{np.median(took[:, 0]):.2f}"]
        columns += [f"{np.median(t):.2f} {ratio(took[:, 0] / t)}" for t in took.T[1:]]
        print(f"{rows:>6}" + "".join(f"{text:>28}" for text in columns))


def _exported(make: Callable[..., None], model: Any, splits: Any, folder: Path) -> Any:
    folder.mkdir()
    extra = {"inputs": splits.train.inputs} if make is onnx_int8.compress else {}
    make(model, splits.schema, folder, 0.5, **extra)
    onnx.accompany(model, folder)
    entries: Any = {"inputs": [{"name": "text"}], "model": "model.onnx", **onnx.describe(model)}
    options = onnx_runtime.onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnx_runtime.onnxruntime.InferenceSession(folder / "model.onnx", options)
    predictor = onnx_runtime.Predictor(session, contract.Contract(**entries, folder=str(folder)))
    return lambda texts: predictor({"text": texts})


def _turn(clients: dict[str, Any], texts: list[str], rows: int, number: int) -> list[float]:
    """Return the milliseconds of each for the same texts."""
    part = [texts[(number * rows + row) % len(texts)] for row in range(rows)]
    found = []
    for ask in clients.values():
        start = time.perf_counter()
        ask(part)
        found.append(1000 * (time.perf_counter() - start))
    return found


def main() -> None:
    """Read the settings, and measure."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    words = [word for word in sys.argv[2:] if word.startswith("--")]
    options = dict(word.removeprefix("--").split("=", 1) for word in words)
    if sys.argv[1] == "train":
        options |= {"train.epochs": sys.argv[2], "train.patience": sys.argv[2]}
    config = configuration.load(Path("config.yaml"), options)
    splits = data.load(config)
    if sys.argv[1] == "train":
        bench_training(config, splits)
    else:
        with tempfile.TemporaryDirectory() as folder:
            bench_serving(config, splits, Path(folder))


if __name__ == "__main__":
    main()
