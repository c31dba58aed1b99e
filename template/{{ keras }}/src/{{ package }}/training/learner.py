"""Keras' part of training: the network, its moving average, the optimizers, and a step."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..toolkit.export import measure
from .backend import Tensor, device, keras, tf
from .backend import ready as ready
from .loss import losses
from .objective import Objective
from .plan import Part, Process
from .weights import computed, expect_rows, named, part_of, set_all


def tensors(network: keras.Model) -> dict[str, np.ndarray]:
    """Return copies of the weights and running statistics, by name."""
    return {name: np.array(weight) for name, weight in named(network).items()}


def assign(network: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    """Set the weights and running statistics."""
    set_all(named(network), arrays)


def outputs(network: keras.Model, kind: str = "cpu") -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from inputs to logits or values, float32, on a kind of device."""
    place, forward = device(kind), _forward(network)

    def answer(inputs: np.ndarray) -> np.ndarray:
        with tf.device(place):
            return forward(tf.constant(inputs, tf.float32)).numpy()

    return answer


@lru_cache(4)  # tracing takes longer than many predictions
def _forward(network: keras.Model) -> Any:
    def forward(inputs: Tensor) -> Tensor:
        return network(inputs, training=False)

    return _traced(forward, tf.TensorSpec(network.input_shape, tf.float32))


class Learner:
    """Everything that a step changes."""

    def __init__(self, network: keras.Model, objective: Objective, process: Process) -> None:
        self.network, self.objective, self.settings = network, objective, objective.settings
        self.all = named(network)
        names = {id(weight): name for name, weight in self.all.items()}
        self.trainable = {names[id(each)]: each for each in network.trainable_variables}
        self.average = self.trainable  # the weights that are validated and kept
        if self.settings.ema:
            self.average = {name: tf.Variable(each) for name, each in self.trainable.items()}
        parts = dict.fromkeys(map(part_of, self.trainable))
        self.optimizers = {part: self._optimizer(part) for part in parts}
        states = network.non_trainable_variables
        self.states = [each for each in states if id(each) not in names]  # of random generators
        self.validate = _traced(self._validate, *self._specs())
        self.functions: dict[frozenset[str], tuple[Any, ...]] = {}  # by frozen parts

    def step(
        self, parts: list[Part], rate: float, factors: dict[str, float], seed: int
    ) -> tuple[Tensor, Tensor]:
        """Take one step of AdamW, return its loss and the norm of its gradient before clipping.

        The learning rate is multiplied by the factor of each part of the network; 0 freezes it.
        """
        frozen = frozenset(part for part in self.optimizers if factors.get(part) == 0)
        if frozen not in self.functions:
            self.functions[frozen] = self._functions(frozen)
        backward, update, both = self.functions[frozen]
        rates = [tf.constant(rate * factors.get(part, 1.0)) for part in self.optimizers]
        loss, total = tf.zeros(()), None
        for number, part in enumerate(parts):
            expect_rows(self.network, len(part.targets), self.settings.accumulate)
            arrays = (self._seeds(seed, number), *_arrays(part))
            if len(parts) == 1:
                return both(rates, *arrays)
            found, gradients = backward(*arrays)
            loss += found
            total = gradients if total is None else [*map(tf.add, total, gradients)]
        return loss, update(total, rates)

    def loss(self, part: Part) -> float:
        """Return the loss of a part by the average, without dropout."""
        return float(self.validate(*_arrays(part)[:3]))

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights of the average, and the running statistics."""
        return {name: np.array(weight) for name, weight in (self.all | self.average).items()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return everything that a step changes, by name."""
        return {name: np.array(variable) for name, variable in self._variables().items()}

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """Set what `tensors` returned."""
        set_all(self._variables(), arrays)

    def peak_memory(self) -> int:
        """Return the peak memory of this process in bytes; 0: unknown."""
        return measure.peak_memory() or 0

    def _variables(self) -> dict[str, Any]:
        found = {f"network.{name}": weight for name, weight in self.all.items()}
        if self.settings.ema:
            found |= {f"average.{name}": weight for name, weight in self.average.items()}
        for part, optimizer in self.optimizers.items():
            moments = enumerate(optimizer.variables)
            found |= {f"optimizer.{part}.{number}": each for number, each in moments}
        return found

    def _optimizer(self, part: str) -> Any:
        """Return the optimizer of a part of the network: weight decay is for matrices only."""
        weights = [weight for name, weight in self.trainable.items() if part_of(name) == part]
        decay = self.settings.weight_decay
        optimizer = keras.optimizers.AdamW(weight_decay=decay, epsilon=1e-8)
        vectors = [weight for weight in weights if len(weight.shape) < 2]
        optimizer.exclude_from_weight_decay(var_list=vectors)
        optimizer.build(weights)
        return optimizer

    def _specs(self) -> list[Any]:
        """Return what `_arrays` gives of a part without a teacher; rows vary, so none is static."""
        kind = tf.int64 if len(self.network.output_shape) == 2 else tf.float32
        rows = (tf.TensorSpec([None], kind), tf.TensorSpec([None], tf.float32))
        return [tf.TensorSpec(self.network.input_shape, tf.float32), *rows]

    def _seeds(self, seed: int, number: int) -> np.ndarray:
        """Return (generators, 2): seeds of a part of a step, for each generator of the network."""
        count = len(self.states)
        places = np.arange(count, dtype=np.uint32) + np.uint32(count * number)
        return np.stack([np.full(count, seed, np.uint32), places], axis=1)

    def _functions(self, frozen: frozenset[str]) -> tuple[Any, ...]:
        """Return what a step calls if some parts are frozen: of gradients, the update, both."""
        weights = {n: each for n, each in self.trainable.items() if part_of(n) not in frozen}

        def backward(seeds: Tensor, *arrays: Tensor) -> tuple[Tensor, list[Tensor]]:
            for number, state in enumerate(self.states):
                state.assign(seeds[number])
            with tf.GradientTape() as tape, computed(self.network, self.settings.precision, frozen):
                loss = self._loss(self.network(arrays[0], training=True), *arrays[1:])
            found = tape.gradient(loss, [each.value for each in weights.values()])
            return loss, [tf.convert_to_tensor(each) for each in found]  # embeddings' are sparse

        def update(gradients: list[Tensor], rates: list[Tensor]) -> Tensor:
            clipped, norm = tf.clip_by_global_norm(gradients, self.settings.clip_norm)
            found = dict(zip(weights, clipped, strict=True))
            for rate, (part, optimizer) in zip(rates, self.optimizers.items(), strict=True):
                if part not in frozen:
                    names = [name for name in weights if part_of(name) == part]
                    optimizer.learning_rate.assign(rate)
                    optimizer.apply([found[n] for n in names], [weights[n] for n in names])
            self._update_average()
            return norm

        seeds = tf.TensorSpec([len(self.states), 2], tf.uint32)
        shape = [None] * len(self.network.output_shape)
        teacher = [tf.TensorSpec(shape, tf.float32)] if self.settings.teacher else []
        specs = [seeds, *self._specs(), *teacher]
        rates = [tf.TensorSpec([], tf.float32)] * len(self.optimizers)

        def both(rates: list[Tensor], *arrays: Tensor) -> tuple[Tensor, Tensor]:
            loss, gradients = backward(*arrays)
            return loss, update(gradients, rates)

        separate = _traced(backward, *specs), tf.function(update, autograph=False)
        return *separate, _traced(both, rates, *specs)

    def _validate(self, inputs: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        with computed(self.network, self.settings.precision):
            state = [*self.average.values()], self.network.non_trainable_variables
            found, _ = self.network.stateless_call(*state, inputs, training=False)
        return self._loss(found, targets, weights)

    def _loss(self, found: Tensor, targets: Tensor, weights: Tensor, *teacher: Tensor) -> Tensor:
        rows = losses(self.objective, tf.cast(found, tf.float32), targets, *teacher)
        return tf.reduce_sum(rows * weights)

    def _update_average(self) -> None:
        if self.settings.ema:
            for name, mean in self.average.items():
                mean.assign_add((self.trainable[name] - mean) * (1 - self.settings.ema))


def _arrays(part: Part) -> list[np.ndarray]:
    found = [np.asarray(part.inputs, np.float32), part.targets, part.weights]
    return found if part.teacher_outputs is None else [*found, part.teacher_outputs]


def _traced(function: Callable[..., Any], *specs: Any) -> Any:
    """Return a graph for any number of rows: a graph for each could round differently."""
    return tf.function(function, input_signature=specs, autograph=False)
