"""report.html (one page, no network) and model-card.md, from the files of a run alone.

The page includes every file of fragments/: what this kind of input and of target adds to it.
"""

import base64
from functools import cache, lru_cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..config import BaseConfig, dump
from ..runs import UserError, models_evaluated, read_json, write_text
from . import figures, metrics, plots

FOLDER = Path(__file__).parent


def write(run: Path, config: BaseConfig) -> Path:
    """Write both into the run's folder and return the page's path."""
    if not (run / "metrics.json").exists():
        raise UserError(f"{run} has not been evaluated: run `evaluate` first.")
    context = _context(run, config)
    for name in ("model-card.md", "report.html"):
        write_text(run / name, _templates().get_template(f"{name}.j2").render(context))
    return run / "report.html"


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=lambda name: str(name).endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"number": _number, "cell": _cell, "bytes": _bytes}
    return found


def _context(run: Path, config: BaseConfig) -> dict[str, Any]:
    details = _json(run, "evaluation/details.json")
    return {
        "about": metadata.metadata(str(__package__).split(".")[0].replace("_", "-")),
        "task": f"{config.data.MODALITY}-{config.evaluate.PROBLEM}",
        "run": run.name,
        "config": config,
        "settings": dump(config),
        "data": _json(run, "data.json"),
        "summary": _json(run, "metrics.json"),
        "details": details,
        "cost": _json(run, "evaluation/cost.json"),
        "greater": metrics.GREATER_IS_BETTER
        | {name: metric.greater_is_better for name, metric in config.evaluate.OWN.items()},
        "row_loss": metrics.ROW_LOSS,
        "evaluated": models_evaluated(run.parent, details["test_set"]),
        "slices": _table(run, "slices").to_dict("records"),
        "mistakes": _table(run, "mistakes", dtype=str).drop(columns="id"),
        "mistakes_about": metrics.MISTAKES,
        "fragments": sorted(f"fragments/{path.name}" for path in FOLDER.glob("fragments/*.j2")),
        "table": lambda name: _table(run, name).to_dict("records"),
        "texts": lambda name: _table(run, name, dtype=str).to_dict("records"),
        "document": partial(_document, run),
        "base64": lambda name: base64.b64encode((run / "evaluation" / name).read_bytes()).decode(),
        **_drawn(run, config.evaluate.primary, str(details)),
        "exports": _exports(run),
    }


def _json(run: Path, name: str) -> Any:
    return read_json(run / name)


def _document(run: Path, name: str) -> Any:
    """Read a JSON file of evaluation/; None if there is none."""
    path = run / "evaluation" / f"{name}.json"
    return read_json(path) if path.exists() else None


def _table(run: Path, name: str, **options: Any) -> pd.DataFrame:
    """Read a table of evaluation/, empty if there is none; texts such as NA are values."""
    path = run / "evaluation" / f"{name}.csv"
    return pd.read_csv(path, keep_default_na=False, **options) if path.exists() else pd.DataFrame()


@lru_cache(maxsize=1)  # the page is written once more after the export
def _drawn(run: Path, primary: str, state: str) -> dict[str, Any]:
    """Draw the figures of a run; `state` changes with them: details.json hashes the predictions."""
    details = _json(run, "evaluation/details.json")
    return {
        "comparison": figures.compare(details["models"], primary),
        "figures": _figures(run, details),
        "history": figures.learning_curves(pd.read_csv(run / "history.csv")),
    }


def _figures(run: Path, details: dict[str, Any]) -> dict[str, str]:
    labels = details["labels"]
    table = _table(run, "predictions", dtype={"truth": str} if labels else None)
    values = table.iloc[:, 3 if labels else 2 :].to_numpy(np.float32)
    if labels is None:
        values = values if values.shape[1] > 1 else values[:, 0]
        return plots.figures(table["truth"].to_numpy(np.float32), values, None, None)
    targets = pd.Categorical(table["truth"], categories=labels).codes.astype(np.int64)
    return plots.figures(targets, values, details["threshold"], labels)


def _exports(run: Path) -> dict[str, dict[str, Any]]:
    found = sorted((run / "export").glob("*/contract.json"))
    names = ("contract", "parity", "measurements")
    return {p.parent.name: {name: _json(p.parent, f"{name}.json") for name in names} for p in found}


def _number(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _bytes(size: float | None) -> str:
    if size is None:
        return "-"
    return f"{size / 1e3:,.0f} kB" if size < 1e6 else f"{size / 1e6:,.1f} MB"


def _cell(value: Any) -> str:
    """Return text that neither ends a cell of a Markdown table nor is a tag."""
    return " ".join(str(value).replace("|", r"\|").replace("<", "&lt;").split())
