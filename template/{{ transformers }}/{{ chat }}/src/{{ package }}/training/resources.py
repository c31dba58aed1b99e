"""An estimate of the memory and time that training needs, before it starts.

Gradients take as much as the trained weights, AdamW's two moments twice that (Rajbhandari et al.
2020, "ZeRO", section 3.1, for float32). Activations grow linearly with the tokens of a batch
(Korthikanti et al. 2023), so they are extrapolated from batches of one and two rows.
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
LOGITS = 6  # further copies of the logits, in parts and gradients, as measured
LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container


def check_resources(trainer: Any) -> None:
    """Print the memory and time that training needs; UserError if there is too little memory.

    It changes no weight and restores the state of the random number generators.
    """
    with torch.random.fork_rng():
        trainer.model.train()
        memory = _memory(trainer)
        needed = sum(memory[name] for name in ("gradients", "optimizer", "activations"))
        if needed > (free := _free(trainer)):
            raise UserError(
                f"training needs about {needed / GB:.1f} GB more, but only {free / GB:.1f} GB are "
                "free: set train.method lora, train.gradient_checkpointing true, a smaller "
                "train.batch_size, a larger train.accumulate, or a smaller model.max_tokens."
            )
        seconds, settings = _seconds(trainer), trainer.settings
    steps = max(1, len(trainer.rows) // settings.batch_size) * settings.epochs
    parts = ", ".join(f"{name} {size / GB:.1f}" for name, size in memory.items())
    total, minutes = sum(memory.values()) / GB, seconds * steps / 60
    say(
        "train",
        f"needs about {total:.1f} GB ({parts}), about {minutes:.1f} minutes for {steps:,} steps",
    )


def _memory(trainer: Any) -> dict[str, float]:
    """Return bytes by use, for the largest batch; the program itself counts only on a CPU."""
    parameters, resident = [*trainer.model.parameters()], psutil.Process().memory_info().rss
    weights = sum(weight.nbytes for weight in parameters)
    trained = sum(weight.nbytes for weight in parameters if weight.requires_grad)
    rows = sorted(map(len, trainer.rows.ids))
    tokens = rows[-1] * min(len(rows), trainer.args.train_batch_size)
    logits = LOGITS * 4 * tokens * trainer.model.config.vocab_size
    program = (
        {} if trainer.args.device.type == "cuda" else {"program": max(0.0, resident - weights)}
    )
    return program | {
        "weights": weights,
        "gradients": trained,
        "optimizer": 2 * trained,
        "activations": _activations(trainer, tokens) + logits,
    }


def _activations(trainer: Any, tokens: int) -> float:
    """Return bytes of a batch; with gradient checkpointing, one layer at a time is recomputed."""
    full = _extrapolate(trainer, tokens)
    if not trainer.args.activation_checkpointing:
        return full
    trainer.model.activation_checkpointing_enable()  # as the Trainer would
    kept = _extrapolate(trainer, tokens)
    return kept + (full - kept) / trainer.model.config.num_hidden_layers


def _extrapolate(trainer: Any, tokens: int) -> float:
    """Return bytes for `tokens`, from two batches: copies of weights, if any, do not grow."""
    (small, fewer), (large, more) = (_saved_tensors(trainer, rows) for rows in (1, 2))
    return large + (tokens - more) * (large - small) / (more - fewer)


def _saved_tensors(trainer: Any, rows: int) -> tuple[int, int]:
    """Return the bytes that autograd saves, without weights, and the tokens of the batch."""
    weights = {weight.untyped_storage().data_ptr() for weight in trainer.model.parameters()}
    saved: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        _graph, tokens = _loss(trainer, rows)  # keeps saved tensors alive, so no address is reused
    return sum(size for address, size in saved.items() if address not in weights), tokens


def _loss(trainer: Any, count: int) -> tuple[Tensor, int]:
    """Return the loss of a batch of rows of median length, and its number of tokens."""
    order = sorted(range(len(trainer.rows)), key=lambda row: len(trainer.rows.ids[row]))
    first = max(0, (len(order) - count) // 2)
    padded = trainer.rows.batch([trainer.rows[row] for row in order[first : first + count]])
    batch = {name: tensor.to(trainer.args.device) for name, tensor in padded.items()}
    with trainer.accelerator.autocast():
        loss = trainer.compute_loss(trainer.model, batch)
    return loss, padded["input_ids"].numel()


def _seconds(trainer: Any) -> float:
    """Return the seconds of a step, measured once; the optimizer takes little of it."""
    start = time.perf_counter()
    loss = _loss(trainer, trainer.args.train_batch_size)[0]
    torch.autograd.grad(loss, [w for w in trainer.model.parameters() if w.requires_grad])
    if trainer.args.device.type == "cuda":
        torch.cuda.synchronize()  # kernels run asynchronously
    return (time.perf_counter() - start) * trainer.args.gradient_accumulation_steps


def _free(trainer: Any) -> float:
    """Return free bytes, of the GPU or else of the machine or container."""
    if trainer.args.device.type == "cuda":
        return torch.cuda.mem_get_info()[0]
    limit = LIMIT.read_text() if LIMIT.exists() else "max"
    remaining = float(limit.replace("max", "inf")) - psutil.Process().memory_info().rss
    return max(0.0, min(psutil.virtual_memory().available, remaining))
