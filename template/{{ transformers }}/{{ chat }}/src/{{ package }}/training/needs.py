"""What training needs, told before it begins: memory, by what holds it, and time.

Gradients take as much as what is trained, AdamW's two moments twice that (Rajbhandari et al. 2020,
"ZeRO", section 3.1, for float32). What is kept between forward and backward, the activations, grows
with the tokens of a batch (Korthikanti et al. 2023): it is counted on one row and on two.
"""

import time
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from ..toolkit.runs import UserError, say

GB = 1e9
LOGITS = 6  # copies of the output beside the one that is kept: parts and gradients, as measured
LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container


def check(trainer: Any) -> None:
    """Say what training needs; UserError, before any weight is changed, if memory is too small.

    What is computed for it is thrown away, and random numbers go on as if nothing had been.
    """
    with torch.random.fork_rng():
        trainer.model.train()
        memory = _memory(trainer)
        more = sum(memory[name] for name in ("gradients", "optimizer", "activations"))
        if more > (free := _free(trainer)):
            raise UserError(
                f"training needs about {more / GB:.1f} GB more, and {free / GB:.1f} GB are free: "
                "take train.method lora, train.gradient_checkpointing true, a smaller "
                "train.batch_size, a larger train.accumulate, or fewer model.max_tokens."
            )
        seconds, settings = _seconds(trainer), trainer.settings
    steps = max(1, len(trainer.rows) // settings.batch_size) * settings.epochs
    parts = ", ".join(f"{name} {size / GB:.1f}" for name, size in memory.items())
    told = f"{sum(memory.values()) / GB:.1f} GB ({parts}), about {seconds * steps / 60:.1f} minutes"
    say("train", f"needs about {told} for {steps:,} steps")


def _memory(trainer: Any) -> dict[str, float]:
    """Return bytes by what holds them, of the largest batch; of the program on a CPU alone."""
    weights, started = [*trainer.model.parameters()], psutil.Process().memory_info().rss
    held = sum(weight.nbytes for weight in weights)
    free = sum(weight.nbytes for weight in weights if weight.requires_grad)
    rows = sorted(map(len, trainer.rows.ids))
    tokens = rows[-1] * min(len(rows), trainer.args.train_batch_size)
    logits = LOGITS * 4 * tokens * trainer.model.config.vocab_size
    program = {} if trainer.args.device.type == "cuda" else {"program": max(0.0, started - held)}
    return program | {
        "weights": held,
        "gradients": free,
        "optimizer": 2 * free,
        "activations": _kept(trainer, tokens) + logits,
    }


def _kept(trainer: Any, tokens: int) -> float:
    """Return bytes of a batch; of layers that are computed twice, one at a time is whole."""
    whole = _line(trainer, tokens)
    if not trainer.args.activation_checkpointing:
        return whole
    trainer.model.activation_checkpointing_enable()  # as the Trainer would
    kept = _line(trainer, tokens)
    return kept + (whole - kept) / trainer.model.config.num_hidden_layers


def _line(trainer: Any, tokens: int) -> float:
    """Return bytes by what two batches keep: copies of weights, if any, do not grow."""
    (small, few), (large, more) = (_counted(trainer, rows) for rows in (1, 2))
    return large + (tokens - more) * (large - small) / (more - few)


def _counted(trainer: Any, rows: int) -> tuple[int, int]:
    """Return how many bytes autograd keeps, weights left out, and the tokens of the batch."""
    own = {weight.untyped_storage().data_ptr() for weight in trainer.model.parameters()}
    found: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        _held, tokens = _loss(trainer, rows)  # a loss holds what is kept, so no place is used twice
    return sum(size for place, size in found.items() if place not in own), tokens


def _loss(trainer: Any, count: int) -> tuple[Tensor, int]:
    """Return the loss of a batch of rows of middling length, and its tokens."""
    order = sorted(range(len(trainer.rows)), key=lambda row: len(trainer.rows.ids[row]))
    first = max(0, (len(order) - count) // 2)
    made = trainer.rows.batch([trainer.rows[row] for row in order[first : first + count]])
    batch = {name: tensor.to(trainer.args.device) for name, tensor in made.items()}
    with trainer.accelerator.autocast():
        loss = trainer.compute_loss(trainer.model, batch)
    return loss, made["input_ids"].numel()


def _seconds(trainer: Any) -> float:
    """Return the seconds of a step, measured on one; the optimizer takes little of it."""
    start = time.perf_counter()
    loss = _loss(trainer, trainer.args.train_batch_size)[0]
    torch.autograd.grad(loss, [w for w in trainer.model.parameters() if w.requires_grad])
    if trainer.args.device.type == "cuda":
        torch.cuda.synchronize()  # kernels run on their own
    return (time.perf_counter() - start) * trainer.args.gradient_accumulation_steps


def _free(trainer: Any) -> float:
    """Return the bytes that are free: of the GPU, or else of the machine or the container."""
    if trainer.args.device.type == "cuda":
        return torch.cuda.mem_get_info()[0]
    told = LIMIT.read_text() if LIMIT.exists() else "max"
    inside = float(told.replace("max", "inf")) - psutil.Process().memory_info().rss
    return max(0.0, min(psutil.virtual_memory().available, inside))
