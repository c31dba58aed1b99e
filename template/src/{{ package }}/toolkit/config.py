"""Typed, strict configuration: a YAML file with overrides by --section.key."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from .runs import UserError
from .settings.common import ModelSettings, Paths, Section, Tune
from .settings.data import Data
from .settings.evaluate import Evaluate
from .settings.export import Export

S = TypeVar("S", bound=BaseModel)


class BaseConfig(Section):
    """The sections that the toolkit reads; the project defines the types of `model` and `train`."""

    seed: int = Field(0, ge=0)
    data: Data
    model: ModelSettings
    train: BaseModel
    tune: Tune = Tune()
    evaluate: Evaluate = Evaluate()
    export: Export = Export()
    paths: Paths = Paths()


def section(config: BaseConfig, kind: type[S]) -> S:
    """Return the section of config.yaml that is a command's `Settings`."""
    return next(value for _, value in config if type(value) is kind)


def keys(kind: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every dotted key of a configuration with its field."""
    for name, field in kind.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def load(kind: type[S], path: Path, overrides: dict[str, str]) -> S:
    """Return the configuration of a file with overrides, each a dotted key and a YAML value."""
    raw = read(path)
    own = raw.get("data")
    if isinstance(own, dict) and overrides.get("data.path", own.get("path")) != own.get("path"):
        raw["data"] = {key: own[key] for key in own if key not in Data.NAMES}  # of another file
    for key, text in overrides.items():
        _set(raw, key, parse(text, path), path)
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        messages = (_explain(each, path, overrides, kind) for each in error.errors())
        raise UserError("\n".join(messages)) from None


def read(path: Path) -> dict[str, Any]:
    """Return the sections of a file such as config.yaml."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; run in the project's folder, or set --config.")
    try:
        raw = parse(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not valid UTF-8 ({error.reason}); save it as UTF-8.") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path}: must contain sections such as `data:` with keys below them.")
    return raw


def parse(text: str, path: Path) -> Any:
    """Return the value of a YAML text; errors name the file."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None


def _set(raw: Any, key: str, value: Any, path: Path) -> None:
    *sections, last = key.split(".")
    for section in sections:
        if not isinstance(raw, dict) or not isinstance(raw.setdefault(section, {}), dict):
            raise UserError(f"{path}: {section} must be a section with keys below it.")
        raw = raw[section]
    raw[last] = value


def _explain(error: Any, path: Path, overrides: dict[str, str], kind: type[BaseModel]) -> str:
    key = ".".join(map(str, error["loc"]))
    options = [name for name in overrides if f"{key}.".startswith(f"{name}.")]
    place = f"--{options[0]}" if options else f"{path}: {key or 'the file'}"
    if error["type"] == "missing":
        other = "; the one of config.yaml belongs to its own data.path" * ("data.path" in overrides)
        return f"{place}: must be set, here or with --{key}{other}."
    if error["type"] == "value_error":
        return f"{place}: {error['ctx']['error']}."
    if error["type"] != "extra_forbidden":
        quotes = "; put it in quotes: '\"…\"'" * (error["type"] == "string_type")
        return f"{place}: {error['msg']} (got {error['input']!r}){quotes}."
    return f"{place}: unknown key{suggest(key, kind)}"


def suggest(word: str, kind: type[BaseModel], prefix: str = "") -> str:
    """Return "; did you mean ...?" for a misspelled key or option, or a full stop."""
    key = word.removeprefix(prefix).split("=")[0]
    near = get_close_matches(key, [known for known, _ in keys(kind)], 1)
    return f"; did you mean {prefix}{near[0]}?" if near else "."


def dump(config: BaseModel) -> str:
    """Return the whole configuration as YAML."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def flat(config: BaseModel) -> dict[str, Any]:
    """Return every setting by its dotted key, as trackers expect."""
    tree = config.model_dump(mode="json")
    return {key: reduce(dict.__getitem__, key.split("."), tree) for key, _ in keys(type(config))}
