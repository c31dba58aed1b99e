"""A search goes on where it stopped, passes over what can't be trained, and belongs to its data."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from my_model import cli, data, train, tune
from my_model.config import Config, load
from my_model.runs import UserError


def test_a_search_goes_on_and_passes_over_what_can_not_be_trained(
    options: list[str],
    config: Config,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = list[Config]()

    def fit(candidate: Config, *rest: Any) -> Any:
        tried.append(candidate)
        if len(tried) > 1:
            return train.fit(candidate, *rest)
        raise UserError("the loss is no number.")

    monkeypatch.setattr(tune, "fit", fit)
    path = shutil.copy("config.yaml", tmp_path)
    words = ["tune", f"--config={path}", *options, f"--paths.runs={tmp_path}", "--tune.trials"]
    assert cli.main([*words, "1"]) == 2
    told = capsys.readouterr()
    assert "trial 0: the loss is no number." in told.out and "no trial could be" in told.err
    for attempt in ("second", "again"):
        assert cli.main([*words, "2"]) == 0, attempt
        assert len(tried) == 2  # the one that failed is not repeated, nor is the one that did not
    best = load(tmp_path / "config.tuned.yaml", {})
    assert tried[0].train == config.train != tried[1].train == best.train


def test_a_search_belongs_to_its_rows_and_targets(config: Config, tmp_path: Path) -> None:
    paths = config.paths.model_copy(update={"runs": tmp_path})
    config, splits = config.model_copy(update={"paths": paths}), data.load(config)
    names = {tune._study(config, splits).study_name}
    for changed in ("split_sha256", "targets_sha256"):
        others = replace(splits, manifest=splits.manifest | {changed: "of other data"})
        names.add(tune._study(config, others).study_name)
    assert len(names) == 3
