"""Notes of the profile about duplicate and near-duplicate rows."""

import pandas as pd


def notes(table: pd.DataFrame, kind: str, label: str = "label") -> list[str]:
    """Say how many rows (id, near, label, name) are duplicates, and which have another label.

    `kind` is what a row is, such as images; `label` what it has; `name` identifies it in a note.
    """
    found = []
    for key, relation, rows in (
        ("id", "the same as", table),
        ("near", "nearly the same as", table.drop_duplicates("id")),
    ):
        repeats = rows[rows.duplicated(key, keep=False)]
        conflicts = repeats[repeats.groupby(key)["label"].transform("nunique") > 1]
        note = f"{len(repeats):,} {kind} are {relation} another one"
        if len(conflicts):
            pair = (
                conflicts[conflicts[key] == conflicts[key].iloc[0]].drop_duplicates("label").head(2)
            )
            named = " and ".join(f"{row.name} ({row.label})" for row in pair.itertuples())
            note += f", {len(conflicts):,} of them with a different {label}, such as {named}"
        found += [f"{note}."] * (len(repeats) > 0)
    return found
