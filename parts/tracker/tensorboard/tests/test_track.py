"""What a run logs can be read back by TensorBoard's own reader."""

import json
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from my_model import track
from my_model.config import Config


def test_two_processes_make_one_curve(config: Config, tmp_path: Path) -> None:
    with track.start(config, tmp_path) as log:
        for step in range(3):
            log(step, {"loss": 1 / (step + 1)})
    with track.start(config, tmp_path) as log:  # as evaluate does, within the same second
        log(3, {"loss": 0.125, "test/r2": 0.5})

    events = EventAccumulator(str(tmp_path)).Reload()
    losses = [(event.step, round(event.value, 6)) for event in events.Scalars("loss")]
    assert losses == [(0, 1.0), (1, 0.5), (2, 0.333333), (3, 0.125)]
    assert events.Scalars("test/r2")[0].value == 0.5
    (table,) = events.Tensors("config/text_summary")
    assert f"| seed | {config.seed} |" in table.tensor_proto.string_val[0].decode()


def test_what_was_judged_stands_beside_what_it_has_to_beat(run: Path, config: Config) -> None:
    told, events = json.loads((run / "metrics.json").read_text()), EventAccumulator(str(run))
    shown, name = events.Reload(), config.evaluate.primary
    for prefix, scores in (("test", told["metrics"]), ("baseline", told["baseline"])):
        assert shown.Scalars(f"{prefix}_{name}")[0].value == pytest.approx(scores[name])
