"""A cache of parsed rows in data/processed: a file is parsed and checked once for all stages.

It is valid only while everything it depends on is the same: the bytes of the file, the settings of
the `data` section, the entries under `decided` in the schema, and the code that reads.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..config import BaseConfig
from ..runs import replacing, sha256
from .schema import Schema, schema_file
from .split import Rows

READ_BY = (
    *("cells", "delimited", "files", "infer", "rows", "schema", "target", "totals", "validate"),
)
CHANGED = "since the last reading"  # the prefix of notes on a file that changed
OWN = ("row", "target", "id", "key", "time")  # columns besides the numbered inputs


def load(config: BaseConfig) -> Rows | None:
    """Return the saved rows, None if there are none or anything that they depend on changed."""
    path = _file(config)
    metadata = _metadata(path)
    if metadata.get("key") != _key(config):
        return None
    saved = pq.read_table(path)
    schema, facts = Schema.model_validate_json(metadata["rows"]), json.loads(metadata["facts"])
    names = [column.name for column in schema.columns]
    own = {name: saved[name].to_numpy() for name in OWN if name in saved.column_names}
    inputs = saved.select([str(place) for place in range(len(names))]).to_pandas()
    inputs = inputs.set_axis(names, axis=1).set_axis(pd.Index(own["row"]), axis=0)
    keys = own["key"]
    return Rows(inputs, own["target"], own["id"], keys, keys, own.get("time"), schema, facts)


def save(rows: Rows, config: BaseConfig) -> None:
    """Save the rows of a file, replacing those of an earlier reading."""
    path, key = _file(config), _key(config)
    if _metadata(path).get("key") == key:
        return
    notes = [note for note in rows.facts["notes"] if not note.startswith(CHANGED)]
    own: dict[str, Any] = {
        "row": rows.inputs.index.to_numpy(),
        "target": rows.targets,
        "id": rows.ids,
        "key": rows.keys,
    }
    if rows.times is not None:
        own["time"] = rows.times
    numbered = rows.inputs.set_axis([*map(str, range(rows.inputs.shape[1]))], axis=1)
    table = pa.Table.from_pandas(numbered, preserve_index=False)
    for name, values in own.items():
        table = table.append_column(name, pa.array(np.ascontiguousarray(values)))
    metadata = {
        "key": key,
        "rows": rows.schema.model_dump_json(),
        "facts": json.dumps(rows.facts | {"notes": notes}),
    }
    pandas = {b"pandas": (table.schema.metadata or {})[b"pandas"]}  # which columns are categories
    with replacing(path) as scratch:
        pq.write_table(table.replace_schema_metadata(pandas | metadata), scratch)


def _metadata(path: Path) -> dict[str, str]:
    """Return the metadata of the rows, {} if there is no complete file."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        return {}
    return {key.decode(): text.decode() for key, text in metadata.items()}


def _file(config: BaseConfig) -> Path:
    name = hashlib.sha256(config.data.path.as_posix().encode()).hexdigest()[:12]
    return config.paths.processed / f"rows-{name}.parquet"


def _key(config: BaseConfig) -> str:
    """Return a hash of everything that the rows depend on."""
    schema = schema_file(config.data.path, config.paths.schemas)
    code = [sha256(Path(__file__).with_name(f"{name}.py")) for name in READ_BY]
    parts = [
        sha256(config.data.path),
        config.data.model_dump_json(),
        config.evaluate.PROBLEM,
        str(getattr(config.evaluate, "positive", None)),
        schema.read_text(encoding="utf-8") if schema.exists() else "",
        *code,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
