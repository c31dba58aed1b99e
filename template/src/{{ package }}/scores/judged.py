"""Which models each test set has judged: the more there are, the less the best of them means."""

from pathlib import Path

from ..runs import write_text

LOG = "test-evaluations.csv"  # beside the runs


def remember(run: Path, test_set: str, predictions: str) -> None:
    """Log a run by the hashes of the rows that judged it and of what it predicted for them."""
    path, line = run.parent / LOG, f"{test_set},{predictions},"
    if not path.exists():
        write_text(path, "test_set,predictions,run\n")
    if line not in path.read_text(encoding="utf-8"):
        with path.open("a", encoding="utf-8", newline="\n") as log:  # another one may write, too
            log.write(f"{line}{run.name}\n")


def count(root: Path, test_set: str) -> int:
    """Return how many different models of the runs in `root` it has judged, as far as is known."""
    path = root / LOG
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    return max(1, known.count(f"\n{test_set}"))
