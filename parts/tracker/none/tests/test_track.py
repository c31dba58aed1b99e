"""Without a tracker the same calls work and leave nothing behind."""

from pathlib import Path

from my_model import track
from my_model.config import Config


def test_log_keeps_nothing(config: Config, tmp_path: Path) -> None:
    with track.start(config, tmp_path) as log:
        log(0, {"loss": 1.0})
    assert not list(tmp_path.iterdir())
