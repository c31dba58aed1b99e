"""Checkpoints: unsharded tensors in one safetensors file, without pickle."""

import json
import time
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from ..toolkit.runs import UserError, replacing
from .state import State

ALL_RANKS = StateDictOptions(full_state_dict=True)
RANK_ZERO = StateDictOptions(full_state_dict=True, cpu_offload=True)  # the others get nothing
PROGRESS = ("step", "steps", "waited", "best")


def keep_best(state: State) -> None:
    """Copy the validated weights to `best_weights`; the next checkpoint contains them too."""
    weights: Any = get_model_state_dict(state.eval_network, options=RANK_ZERO)
    state.best_weights = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}


def save(state: State, path: Path) -> None:
    """Write everything that `resume` needs; the rest is a function of seed and step."""
    tensors = {"loss": state.loss} | _add_prefix("best", state.best_weights)
    for name, network in _networks(state).items():
        tensors |= _add_prefix(name, get_model_state_dict(network, options=RANK_ZERO))
    optimizer: Any = get_optimizer_state_dict(state.network, state.optimizer, options=RANK_ZERO)
    for name, moments in optimizer.get("state", {}).items():
        tensors |= _add_prefix(f"optimizer.{name}", moments)
    progress = {name: getattr(state, name) for name in PROGRESS}
    _write(state, path, tensors, progress | {"scaler": state.scaler.state_dict()})
    state.saved = time.perf_counter()


def resume(state: State, path: Path) -> None:
    """Resume from a checkpoint, if there is one."""
    if not path.exists():
        return
    try:
        with safe_open(path, "pt") as file:
            progress = json.loads(file.metadata()["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        advice = "train again without --resume"
        raise UserError(f"{path} is damaged ({error}): {advice}.") from None
    state.best_weights = _strip_prefix("best", tensors)
    for name, network in _networks(state).items():
        set_model_state_dict(network, _strip_prefix(name, tensors), options=ALL_RANKS)
    optimizer: Any = get_optimizer_state_dict(state.network, state.optimizer, options=ALL_RANKS)
    for name in optimizer["state"]:
        optimizer["state"][name] = _strip_prefix(f"optimizer.{name}", tensors)
    set_optimizer_state_dict(state.network, state.optimizer, optimizer, options=ALL_RANKS)
    state.loss = tensors["loss"].to(state.process.device)
    state.scaler.load_state_dict(progress.pop("scaler"))
    for name, value in progress.items():
        setattr(state, name, value)


def _networks(state: State) -> dict[str, nn.Module]:
    networks = {"network": state.network, "judged": state.eval_network}
    return networks if state.settings.ema else {"network": state.network}


def _add_prefix(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def _strip_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    start = prefix + "."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def _write(state: State, path: Path, tensors: dict[str, Any], progress: dict[str, Any]) -> None:
    if state.process.rank > 0:
        return
    unsharded = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as scratch:
        save_file(unsharded, scratch, {"progress": json.dumps(progress)})
