"""Keras' loops for bench_loop.py: a bare one under tf.function, and model.fit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from cases import Case, Stamp

from my_model.training.backend import keras, tf

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def exactly(exact: bool) -> None:
    """Do nothing: once TensorFlow is deterministic, it stays so."""


def adamw(network: Any, case: Case) -> Any:
    """Return the project's optimizer: weight decay is for matrices only."""
    settings = case.settings
    optimizer = keras.optimizers.AdamW(
        weight_decay=settings.weight_decay, epsilon=1e-8, global_clipnorm=settings.clip_norm
    )
    weights = network.trainable_variables
    optimizer.exclude_from_weight_decay(var_list=[w for w in weights if len(w.shape) < 2])
    return optimizer


def bare(case: Case, stamp: Stamp) -> None:
    """Train with the loop of Keras' guide to custom training."""
    network = case.network()
    optimizer, weights = adamw(network, case), network.trainable_variables
    optimizer.build(weights)
    shape = tf.TensorSpec(network.input_shape, tf.float32)
    specs = [shape, tf.TensorSpec([None], tf.int64)]

    @tf.function(input_signature=specs)
    def step_on(inputs: Any, labels: Any) -> None:
        with tf.GradientTape() as tape:
            loss = LOSS(labels, network(inputs, training=True))
        optimizer.apply(tape.gradient(loss, [w.value for w in weights]), weights)

    @tf.function(input_signature=specs)
    def loss_of(inputs: Any, labels: Any) -> Any:
        return LOSS(labels, network(inputs, training=False))

    for epoch in range(case.settings.epochs):
        for step, key in case.steps(epoch):
            optimizer.learning_rate.assign(case.rate(step))
            step_on(*batch(case.train, key))
        sums = [float(loss_of(*batch(case.val, key))) * len(key[1]) for key in case.chunks]
        stamp(sum(sums) / len(case.val.targets))


class Rates(keras.callbacks.Callback):
    """The learning rate of each step, and the validation loss of each epoch."""

    def __init__(self, case: Case, stamp: Stamp) -> None:
        super().__init__()
        self.case, self.stamp, self.step = case, stamp, 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate.assign(self.case.rate(self.step))
        self.step += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.stamp(logs["val_loss"])


def with_fit(case: Case, stamp: Stamp) -> None:
    """Train with model.fit."""

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for epoch in range(case.settings.epochs):
            for _, key in case.steps(epoch):
                yield batch(case.train, key)

    network = case.network()
    network.compile(optimizer=adamw(network, case), loss=LOSS)
    held = [batch(case.val, key) for key in case.chunks]
    network.fit(
        batches(),
        steps_per_epoch=case.plan.epoch,
        epochs=case.settings.epochs,
        validation_data=tuple(np.concatenate(each) for each in zip(*held, strict=True)),
        validation_batch_size=len(held[0][1]),
        callbacks=[Rates(case, stamp)],
        verbose=0,
    )


def batch(rows: Any, key: tuple[int, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels of the rows of a key."""
    return rows.samples.batch(*key).astype(np.float32), rows.targets[key[1]]


LOOPS = {"bare": bare, "model.fit": with_fit}
