"""One typed, strict configuration: config.yaml, overridden by --section.key on the command line."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache, reduce
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from . import commands
from .runs import UserError, find
from .settings.common import Paths, Section, Tune
from .settings.data import Data
from .settings.evaluate import Evaluate
from .settings.export import Export
from .settings.files import parse, read
from .settings.model import Model
from .settings.train import Train

DATA = ("seed", "data")  # all that an export is opened with, whatever framework trained it
OF_RUN = (*DATA, "model", "train")
OF_FILE = ("bad_rows", "sheet")  # keys of `data` that a new file may need otherwise than the run
S = TypeVar("S", bound=BaseModel)


class Config(Section):
    """Every setting of the pipeline. `load` adds a section for each command that has settings."""

    seed: int = Field(0, ge=0)
    data: Data
    model: Model = Model()
    train: Train = Train()
    tune: Tune = Tune()
    evaluate: Evaluate = Evaluate()
    export: Export = Export()
    paths: Paths = Paths()


@cache
def _with_commands() -> type[Config]:
    found = {name: getattr(commands.load(name), "Settings", None) for name in commands.names()}
    sections: Any = {name: (kind, kind()) for name, kind in found.items() if kind}
    return create_model("Config", __base__=Config, **sections)


def section(config: Config, kind: type[S]) -> S:
    """Return the section of config.yaml that is a command's `Settings`."""
    return next(value for _, value in config if type(value) is kind)


def keys(
    section: type[BaseModel] | None = None, prefix: str = ""
) -> Iterator[tuple[str, FieldInfo]]:
    """Yield every dotted key with its field; by default, of the whole configuration."""
    for name, field in (section or _with_commands()).model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def load(path: Path, overrides: dict[str, str]) -> Config:
    """Return the configuration of a file with overrides, each a dotted key and a YAML value."""
    raw = read(path)
    own = raw.get("data")
    if isinstance(own, dict) and overrides.get("data.path", own.get("path")) != own.get("path"):
        raw["data"] = {key: own[key] for key in own if key not in Data.NAMES}  # of another file
    for key, text in overrides.items():
        _set(raw, key, parse(text, path), path)
    try:
        return _with_commands().model_validate(raw)
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
    given = [name for name in overrides if f"{key}.".startswith(f"{name}.")]
    place = f"--{given[0]}" if given else f"{path}: {key or 'the file'}"
    if error["type"] == "missing":
        return f"{place}: must be set, here or with --{key}."
    if error["type"] == "value_error":
        return f"{place}: {error['ctx']['error']}."
    if error["type"] != "extra_forbidden":
        quotes = "; put it in quotes: '\"…\"'" * (error["type"] == "string_type")
        return f"{place}: {error['msg']} (got {error['input']!r}){quotes}."
    return f"{place}: unknown key{suggest(key)}"


def suggest(word: str, prefix: str = "") -> str:
    """Return "; did you mean ...?" for a mistyped key or option, or a full stop."""
    key = word.removeprefix(prefix).split("=")[0]
    near = get_close_matches(key, [known for known, _ in keys()], 1)
    return f"; did you mean {prefix}{near[0]}?" if near else "."


def dump(config: Config) -> str:
    """Return the whole configuration as YAML."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def of_run(
    config: Config, name: str | None, kept: Sequence[str] = OF_RUN, new_file: bool = False
) -> tuple[Path, Config]:
    """Return the folder of a run, and the configuration with its own sections of these names.

    Of a `new_file`, bad rows and the sheet are treated as the configuration says, if it does.
    """
    run = find(config.paths.runs, name)
    path = run / "config.yaml"
    own = {name: content for name, content in read(path).items() if name in kept}
    if new_file:
        chosen = {key: getattr(config.data, key) for key in OF_FILE}
        usual = {key: Data.model_fields[key].default for key in OF_FILE}
        own["data"] |= {key: value for key, value in chosen.items() if value != usual[key]}
    try:
        return run, type(config).model_validate(config.model_dump(mode="json") | own)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise UserError(
            f"{path}: {key} belongs to another framework or version; the run's exports still "
            f"answer, and `evaluate --against {run.name}` compares a newer run with them."
        ) from None


def flat(config: Config) -> dict[str, Any]:
    """Return every setting by its dotted key, as trackers want them."""
    tree = config.model_dump(mode="json")
    return {key: reduce(dict.__getitem__, key.split("."), tree) for key, _ in keys()}
