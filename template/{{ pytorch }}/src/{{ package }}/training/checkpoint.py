"""Checkpoints: whole tensors in one safetensors file, without pickle, whatever was sharded."""

import json
import time
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from ..toolkit.runs import replacing
from .state import State

EVERYWHERE = StateDictOptions(full_state_dict=True)  # in each process
LEADER = StateDictOptions(full_state_dict=True, cpu_offload=True)  # others get nothing
PROGRESS = ("step", "steps", "waited", "best")


def keep(state: State) -> None:
    """Remember the weights that are judged; the next checkpoint holds them, too."""
    weights: Any = get_model_state_dict(state.judged, options=LEADER)
    state.kept = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}


def save(state: State, path: Path) -> None:
    """Write all that `resume` needs; the rest is a function of seed and step."""
    tensors = {"loss": state.loss} | _named("best", state.kept)
    for name, network in _networks(state).items():
        tensors |= _named(name, get_model_state_dict(network, options=LEADER))
    optimizer: Any = get_optimizer_state_dict(state.network, state.optimizer, options=LEADER)
    for name, moments in optimizer.get("state", {}).items():
        tensors |= _named(f"optimizer.{name}", moments)
    progress = {name: getattr(state, name) for name in PROGRESS}
    _write(state, path, tensors, progress | {"scaler": state.scaler.state_dict()})
    state.saved = time.perf_counter()


def resume(state: State, path: Path) -> None:
    """Go on from a checkpoint, if there is one."""
    if not path.exists():
        return
    with safe_open(path, "pt") as file:
        progress = json.loads(file.metadata()["progress"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    state.kept = _below("best", tensors)
    for name, network in _networks(state).items():
        set_model_state_dict(network, _below(name, tensors), options=EVERYWHERE)
    optimizer: Any = get_optimizer_state_dict(state.network, state.optimizer, options=EVERYWHERE)
    for name in optimizer["state"]:
        optimizer["state"][name] = _below(f"optimizer.{name}", tensors)
    set_optimizer_state_dict(state.network, state.optimizer, optimizer, options=EVERYWHERE)
    state.loss = tensors["loss"].to(state.place.device)
    state.scaler.load_state_dict(progress.pop("scaler"))
    for name, value in progress.items():
        setattr(state, name, value)


def _networks(state: State) -> dict[str, nn.Module]:
    networks = {"network": state.network, "judged": state.judged}
    return networks if state.settings.ema else {"network": state.network}


def _named(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    start = prefix + "."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def _write(state: State, path: Path, tensors: dict[str, Any], progress: dict[str, Any]) -> None:
    if state.place.rank > 0:
        return
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as scratch:
        save_file(whole, scratch, {"progress": json.dumps(progress)})
