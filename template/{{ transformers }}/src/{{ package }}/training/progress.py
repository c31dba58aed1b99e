"""Trainer callbacks: progress for the run's log and the terminal, and early stopping."""

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

IS_MAIN_PROCESS = os.environ.get("RANK", "0") == "0"  # of those that torchrun starts


class Progress(TrainerCallback):
    """Log each validation, and show a progress bar on a terminal."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.logs: dict[str, float] = {}
        self.last = (0, 0, 0.0)  # steps, tokens and the time at the last validation

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Start the progress bar and the counters."""
        options: Any = {"initial": state.global_step, "leave": False}
        self.bar = tqdm(total=state.max_steps, desc="   train", disable=_hidden(), **options)
        self._count(state)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Advance the progress bar."""
        self.bar.update()

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Keep the values that are logged just before a validation."""
        self.logs |= rest["logs"]

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Log a validation; UserError if a loss is not finite."""
        steps, tokens, start = self.last
        seconds = time.perf_counter() - start - rest["metrics"]["eval_runtime"]
        rows = (state.global_step - steps) * args.train_batch_size * args.world_size
        loss = {"train_loss": self.logs["loss"], "val_loss": rest["metrics"][f"eval_{MEAN}"]}
        if not all(map(math.isfinite, loss.values())):
            raise UserError(
                f"the loss is not finite at step {state.global_step}: lower train.learning_rate."
            )
        speed = {
            "samples_per_second": rows * args.gradient_accumulation_steps / seconds,
            "tokens_per_second": (state.num_input_tokens_seen - tokens) / seconds,
        }
        rates = {
            "learning_rate": self.logs["learning_rate"],
            "gradient_norm": self.logs["grad_norm"],
        }
        memory = {"memory_mb": _peak_memory(args.device) / 1e6}
        self.log(state.global_step, loss | rates | speed | memory)
        self._count(state)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Close the progress bar."""
        self.bar.close()

    def _count(self, state: TrainerState) -> None:
        self.last = state.global_step, state.num_input_tokens_seen, time.perf_counter()


class Patience(EarlyStoppingCallback):
    """Early stopping that also holds when a stopped run is resumed."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Stop at once if the checkpoint had run out of patience."""
        super().on_train_begin(args, state, control, **rest)
        self.over = self.early_stopping_patience_counter >= self.early_stopping_patience
        control.should_training_stop = self.over

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Ignore the one step that the Trainer runs anyway."""
        if self.over:
            control.should_evaluate = control.should_save = False


def _hidden() -> bool | None:
    return None if IS_MAIN_PROCESS else True  # None: shown on terminals only


def _peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes, of the GPU or else of this process; 0 if unknown."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    return measure.peak_memory() or 0
