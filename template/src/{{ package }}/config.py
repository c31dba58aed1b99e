"""One typed, strict configuration: config.yaml, overridden by --section.key on the command line."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from .runs import UserError, find
from .settings.common import Monitor, Page, Paths, Predict, Section, Tune
from .settings.data import Data
from .settings.evaluate import Evaluate
from .settings.export import Export
from .settings.model import Model
from .settings.serve import Serve
from .settings.train import Train


class Config(Section):
    """Every setting of the project."""

    seed: int = Field(0, ge=0)
    data: Data
    model: Model = Model()
    train: Train = Train()
    tune: Tune = Tune()
    evaluate: Evaluate = Evaluate()
    export: Export = Export()
    serve: Serve = Serve()
    predict: Predict = Predict()
    page: Page = Page()
    monitor: Monitor = Monitor()
    paths: Paths = Paths()


def keys(section: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every dotted key with its field."""
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def load(path: Path, overrides: dict[str, str]) -> Config:
    """Return the configuration of a file with overrides, each a dotted key and a YAML value."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        values = {key: yaml.safe_load(text) for key, text in overrides.items()}
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(
            f"{path}: no such file; run in the project's folder or give --config."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path}: must hold sections such as `data:` with keys below them.")
    if "data.path" in overrides and isinstance(raw.get("data"), dict):
        for key in Data.NAMES:  # the columns named in config.yaml are those of another file
            raw["data"].pop(key, None)
    for key, value in values.items():
        _set(raw, key, value, path)
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise UserError("\n".join(_explain(e, path, overrides) for e in error.errors())) from None


def _set(raw: Any, key: str, value: Any, path: Path) -> None:
    *sections, last = key.split(".")
    for section in sections:
        if not isinstance(raw, dict) or not isinstance(raw.setdefault(section, {}), dict):
            raise UserError(f"{path}: {section} must be a section with keys below it.")
        raw = raw[section]
    raw[last] = value


def _explain(error: Any, path: Path, overrides: dict[str, str]) -> str:
    key = ".".join(map(str, error["loc"]))
    place = f"--{key}" if key in overrides else f"{path}: {key or 'the file'}"
    if error["type"] == "missing":
        return f"{place}: must be set, here or with --{key}."
    if error["type"] == "value_error":
        return f"{place}: {error['ctx']['error']}."
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg']} (got {error['input']!r})."
    return f"{place}: unknown key{suggest(key)}"


def suggest(word: str, prefix: str = "") -> str:
    """Return "; did you mean ...?" for a mistyped key or option, or a full stop."""
    key = word.removeprefix(prefix).split("=")[0]
    near = get_close_matches(key, [known for known, _ in keys()], 1)
    return f"; did you mean {prefix}{near[0]}?" if near else "."


def dump(config: Config) -> str:
    """Return the whole configuration as YAML."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def of_run(config: Config, name: str | None) -> tuple[Path, Config]:
    """Return the folder of a run, and the configuration with all that it was trained with."""
    run = find(config.paths.runs, name)
    trained = load(run / "config.yaml", {})
    kept = {name: getattr(trained, name) for name in ("seed", "data", "model", "train")}
    return run, config.model_copy(update=kept)


def flat(config: Config) -> dict[str, Any]:
    """Return every setting by its dotted key, as trackers want them."""
    tree = config.model_dump(mode="json")
    return {key: reduce(dict.__getitem__, key.split("."), tree) for key, _ in keys()}
