"""Write TensorBoard event files to the run's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorboardX import SummaryWriter

from .config import Config
from .toolkit.config import flat
from .toolkit.runs import Log


@contextmanager
def start(config: Config, run: Path) -> Iterator[Log]:
    """Open an event file in the run's folder and yield its log(step, metrics).

    A later call adds a second file to the folder; TensorBoard shows both as one run. The
    configuration is written at the first call, as a table under "Text".
    """
    earlier = len(list(run.glob("events.out.tfevents.*")))
    # The suffix makes names unique: the writer names files by the second.
    with SummaryWriter(logdir=str(run), flush_secs=10, filename_suffix=f".{earlier}") as writer:
        if not earlier:
            rows = [f"| {key} | {value} |" for key, value in flat(config).items()]
            writer.add_text("config", "\n".join(["| key | value |", "| --- | --- |", *rows]))

        def log(step: int, metrics: dict[str, float]) -> None:
            for name, value in metrics.items():
                writer.add_scalar(name, float(value), step)

        yield log
