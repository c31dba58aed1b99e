"""The Trainer's arguments, the checkpoint to resume from, and the setup of PyTorch."""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import distributed
from transformers import TrainingArguments

from ..config import Config
from ..settings.train import Train
from ..toolkit.runs import UserError
from .batches import MEAN
from .tuner import rate


def arguments(config: Config, rows: int, folder: Path) -> TrainingArguments:
    """Return the Trainer's arguments, after joining the other processes."""
    settings, world = config.train, _set_up(config.train)
    checks = settings.check_steps or max(1, rows // settings.batch_size)
    try:
        args = TrainingArguments(
            output_dir=str(folder),
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=_per_device(settings, world),
            per_device_eval_batch_size=_per_device(settings, world),
            gradient_accumulation_steps=settings.accumulate,
            learning_rate=rate(config),
            activation_checkpointing=settings.gradient_checkpointing,
            weight_decay=settings.weight_decay,
            lr_scheduler_type="cosine",
            warmup_steps=settings.warmup,
            max_grad_norm=settings.clip_norm,
            eval_strategy="steps",
            save_strategy="steps",
            logging_strategy="steps",
            eval_steps=checks,
            save_steps=checks,
            logging_steps=checks,
            save_total_limit=1,  # and the best one
            load_best_model_at_end=True,
            metric_for_best_model=MEAN,
            logging_nan_inf_filter=False,
            include_num_input_tokens_seen="non_padding",
            restore_callback_states_from_checkpoint=True,
            remove_unused_columns=False,
            label_names=[
                "labels"
            ],  # else looked up in the signature of the network, which lacks them
            dataloader_pin_memory=torch.cuda.is_available(),
            seed=config.seed,
            data_seed=config.seed,
            use_cpu=settings.device == "cpu" or not torch.accelerator.is_available(),
            bf16=settings.precision == "bf16",
            fp16=settings.precision == "fp16",
            torch_compile=settings.compile,
            disable_tqdm=True,
            report_to="none",
        )
    except ValueError as error:
        raise UserError(f"train: {' '.join(str(error).split())[:200]}.") from None
    assert args.world_size == world, "the processes have not joined one group"
    if distributed.is_initialized():
        distributed.barrier()  # the first process has created the run's folder
    return args


@contextmanager
def explain_errors() -> Iterator[None]:
    """Raise UserError for an operation without a deterministic kernel on this GPU."""
    try:
        yield
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        kernel = str(error).split()[0]
        raise UserError(
            f"{kernel} is not deterministic on a GPU: set train.deterministic to false."
        ) from None


def newest_checkpoint(folder: Path) -> str | None:
    """Return the newest complete checkpoint, None if there is none.

    UserError if one of its files was cut afterwards, as by a power cut.
    """
    found = {int(path.name.split("-")[1]): path for path in folder.glob("checkpoint-*")}
    complete = [step for step, path in found.items() if _is_complete(path / "trainer_state.json")]
    newest = found[max(complete)] if complete else None
    if newest and (cut := next(filter(_is_cut, newest.iterdir()), None)):
        raise UserError(
            f"{cut} is damaged: delete {newest} to resume from an earlier checkpoint, or train "
            "again without --resume."
        )
    return str(newest) if newest else None


def _is_cut(path: Path) -> bool:
    """Return whether the end of a file is missing, without reading all of it."""
    if path.suffix in (".pt", ".pth", ".bin"):  # PyTorch's are zip files
        return not zipfile.is_zipfile(path)
    if path.suffix != ".safetensors":
        return False
    try:
        with safe_open(path, "pt"):
            return False
    except SafetensorError:
        return True


def _is_complete(state: Path) -> bool:
    """Return whether the file that the Trainer writes last is there."""
    try:
        return bool(json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def _set_up(settings: Train) -> int:
    """Set up PyTorch, and return the number of training processes."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else cuBLAS is not deterministic
    torch.use_deterministic_algorithms(settings.deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if (world := int(os.environ.get("WORLD_SIZE", 1))) == 1:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")  # torchrun starts a process for each
    return world


def _per_device(settings: Train, world: int) -> int:
    """Return the number of rows in one forward pass of one process."""
    parts = world * settings.accumulate
    size, rest = divmod(settings.batch_size, parts)
    if rest or not size:
        raise UserError(
            f"train.batch_size {settings.batch_size} can't be split over {world} processes and "
            f"{settings.accumulate} accumulation steps: use a multiple of {parts}."
        )
    return size
