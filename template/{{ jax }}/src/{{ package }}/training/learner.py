"""JAX's part of training: the network, its moving average, the optimizer, and a step."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from ..toolkit.export import measure
from ..toolkit.runs import UserError
from .devices import Process, devices
from .devices import ready as ready
from .objective import Objective
from .plan import Part
from .step import ADAM, State, Sums, Traced, added, found_outputs, part_loss, stepped, whole

KEPT = (nnx.Param, nnx.BatchStat)  # what training changes; other variables are fitted before it
GIVEN = {"learning_rate", "weight_decay", "clip_norm", "ema"}  # settings not compiled into steps


def tensors(network: nnx.Module) -> dict[str, np.ndarray]:
    """Return copies of the weights and running statistics, by name."""
    return _arrays(nnx.as_pure(nnx.state(network, KEPT)))


def assign(network: nnx.Module, arrays: dict[str, np.ndarray]) -> None:
    """Set the weights and running statistics."""
    state = nnx.as_pure(nnx.state(network, KEPT))
    found = [jnp.asarray(arrays[name]) for name in _names(state)]
    nnx.update(network, jax.tree.unflatten(jax.tree.structure(state), found))


def outputs(network: nnx.Module, kind: str = "cpu") -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from inputs to logits or values, float32, on a kind of device."""
    network.eval()
    graph, state = nnx.split(network)
    placed = jax.device_put(nnx.as_pure(state), devices(kind)[0])

    def forward(inputs: np.ndarray) -> np.ndarray:
        """Pad the rows to a power of two, since each number of rows is compiled apart."""
        rows = len(inputs)
        above = (1 << max(0, rows - 1).bit_length()) - rows
        padded = np.pad(inputs, [(0, above), *[(0, 0)] * (inputs.ndim - 1)])
        return np.array(found_outputs(graph, placed, padded))[:rows]

    return forward


class Learner:
    """Everything that a step changes."""

    def __init__(self, network: nnx.Module, objective: Objective, process: Process) -> None:
        self.settings, self.process = objective.settings, process
        mesh = Mesh(np.array(process.devices), ("rows",), axis_types=(AxisType.Auto,))
        self.everywhere = NamedSharding(mesh, PartitionSpec())
        self.split = NamedSharding(mesh, PartitionSpec("rows"))
        network.eval()
        graph, *states = nnx.split(network, nnx.Param, nnx.BatchStat, ...)
        self.traced = Traced(graph, _options(objective), objective)
        weights, statistics, self.constants = (self._copied(nnx.as_pure(each)) for each in states)
        average = self._copied(weights) if self.settings.ema else None
        self.given = self._copied({name: getattr(self.settings, name) for name in sorted(GIVEN)})
        self.state = State(weights, statistics, self._copied(ADAM.init(weights)), average)

    def step(
        self, parts: list[Part], rate: float, factors: dict[str, float], seed: int
    ) -> tuple[Array, Array]:
        """Take one step of AdamW, return its loss and the norm of its gradient before clipping.

        The learning rate is multiplied by the factor of each part of the network; 0 freezes it.
        """
        rows, devices = len(parts[0].targets), len(self.process.devices)
        if rows % devices:
            raise UserError(
                f"train.batch_size: {rows} rows of a forward pass can't be split among {devices} "
                f"devices: make it a multiple of {devices * len(parts)}."
            )
        frozen = tuple(name for name, factor in factors.items() if factor == 0)
        rates = self.given | {"rate": rate, "factors": factors}
        fixed, key = (self.traced, frozen, self.constants), np.uint32(seed)
        try:
            if len(parts) == 1:  # compiled as one
                part = self._placed(parts[0])
                self.state, loss, norm = whole(*fixed, self.state, rates, key, part)
                return loss, norm
            sums = Sums(np.uint32(0), np.float32(0), self.state.statistics)
            for part in map(self._placed, parts):
                sums = added(*fixed, self.state.weights, sums, key, part)
        except ValueError:  # of batch normalisation, which would see one value per channel
            if rows > 1:
                raise
            count = self.settings.accumulate
            raise UserError(
                f"train.batch_size {count}: one row per forward pass is too few for batch "
                f"normalisation: set train.batch_size {2 * count}, or lower train.accumulate."
            ) from None
        state = self.state._replace(statistics=sums.statistics)
        self.state, norm = stepped(state, sums.gradient, rates)
        return sums.loss, norm

    def loss(self, part: Part) -> float:
        """Return the loss of a part by the average, without dropout."""
        trained = self._averaged()
        return float(part_loss(self.traced, trained, self.constants, self._placed(part)))

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights and running statistics of the average."""
        weights, statistics = self._averaged()
        return _arrays(weights) | _arrays(statistics)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return everything that a step changes, by name."""
        return _arrays(self.state)

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """Set what `tensors` returned."""
        names, structure = _names(self.state), jax.tree.structure(self.state)
        found = [arrays[name] for name in names]
        for name, array, own in zip(names, found, jax.tree.leaves(self.state), strict=True):
            if array.shape != own.shape:
                raise ValueError(f"{name} has the shape {array.shape}, not {own.shape}")
        self.state = self._copied(jax.tree.unflatten(structure, found))

    def peak_memory(self) -> int:
        """Return the peak memory in bytes, of a GPU or else of this process; 0: unknown."""
        found = self.process.devices[0].memory_stats() or {}
        return found.get("peak_bytes_in_use") or measure.peak_memory() or 0

    def _averaged(self) -> tuple[Any, Any]:
        state = self.state
        return state.weights if state.average is None else state.average, state.statistics

    def _placed(self, part: Part) -> dict[str, Any]:
        """Return the arrays of a part, its rows split among the devices if they can be."""
        count = len(self.process.devices)
        if count == 1:  # a compiled function copies arrays of numpy faster than device_put
            return vars(part)
        even = len(part.targets) % count == 0
        return jax.device_put(vars(part), self.split if even else self.everywhere)

    def _copied(self, tree: Any) -> Any:
        """Return a copy on every device, since a step reuses the memory of what it is given."""
        return jax.device_put(jax.tree.map(jnp.array, tree), self.everywhere)


def _options(objective: Objective) -> str:
    facts = {name: value for name, value in vars(objective).items() if name != "settings"}
    known = {name: np.asarray(value).tolist() for name, value in facts.items()}
    return f"{objective.settings.model_dump_json(exclude=GIVEN)} {known}"


def _names(tree: Any) -> list[str]:
    paths = [path for path, _ in jax.tree_util.tree_leaves_with_path(tree)]
    return [jax.tree_util.keystr(path, simple=True, separator=".") for path in paths]


def _arrays(tree: Any) -> dict[str, np.ndarray]:
    """Return copies, by name."""
    return dict(zip(_names(tree), map(np.array, jax.tree.leaves(tree)), strict=True))
