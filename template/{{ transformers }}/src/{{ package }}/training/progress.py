"""What the Trainer tells while it trains, passed on: to the run's log and the terminal."""

import math
import os
import time
from typing import Any

import torch
from tqdm import tqdm
from transformers import (
    EarlyStoppingCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from ..toolkit.export import measure
from ..toolkit.runs import Log, UserError
from .batches import MEAN

IS_MAIN_PROCESS = (
    os.environ.get("RANK", "0") == "0"
)  # of the processes that torchrun starts, the first


class Progress(TrainerCallback):
    """A line of the log at each check, and a bar on a terminal."""

    def __init__(self, log: Log) -> None:
        self.send = log
        self.logs: dict[str, float] = {}
        self.since = (0, 0, 0.0)  # steps, tokens and the time at the last check

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Begin to count."""
        options: Any = {"initial": state.global_step, "leave": False}
        self.bar = tqdm(total=state.max_steps, desc="   train", disable=_hidden(), **options)
        self._count(state)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Move the bar."""
        self.bar.update()

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Keep what comes just before a validation."""
        self.logs |= rest["logs"]

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Write a line; UserError if the loss is no number."""
        steps, tokens, start = self.since
        seconds = time.perf_counter() - start - rest["metrics"]["eval_runtime"]
        rows = (state.global_step - steps) * args.train_batch_size * args.world_size
        loss = {"train_loss": self.logs["loss"], "val_loss": rest["metrics"][f"eval_{MEAN}"]}
        if not all(map(math.isfinite, loss.values())):
            raise UserError(
                f"the loss is no number at step {state.global_step}: lower train.learning_rate."
            )
        speed = {
            "samples_per_second": rows * args.gradient_accumulation_steps / seconds,
            "tokens_per_second": (state.num_input_tokens_seen - tokens) / seconds,
        }
        told = {name: self.logs[name] for name in ("learning_rate", "grad_norm")}
        told["gradient_norm"] = told.pop("grad_norm")
        self.send(state.global_step, loss | told | speed | {"memory_mb": _peak(args.device) / 1e6})
        self._count(state)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Take the bar away."""
        self.bar.close()

    def _count(self, state: TrainerState) -> None:
        self.since = state.global_step, state.num_input_tokens_seen, time.perf_counter()


class Patience(EarlyStoppingCallback):
    """Stop if the loss does not fall, and if it had been so before a run goes on."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Look at what the checkpoint says."""
        super().on_train_begin(args, state, control, **rest)
        self.over = self.early_stopping_patience_counter >= self.early_stopping_patience
        control.should_training_stop = self.over

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Let the one step that the Trainer takes all the same come to nothing."""
        if self.over:
            control.should_evaluate = control.should_save = False


def _hidden() -> bool | None:
    return None if IS_MAIN_PROCESS else True  # None shows it on a terminal alone


def _peak(device: torch.device) -> int:
    """Return bytes: of the GPU, or else of this process; 0 where it can't be told."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    return measure.peak_memory() or 0
