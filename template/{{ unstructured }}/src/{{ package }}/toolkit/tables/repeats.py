"""What the profile says of rows that equal another, or nearly."""

import pandas as pd


def notes(table: pd.DataFrame, kind: str, label: str = "label") -> list[str]:
    """Say how many rows (id, near, label, shown) repeat another, and which under another label.

    `kind` is what a row is, such as pictures; `label` what it has; `shown` names it to a person.
    """
    told = []
    for key, what, rows in (
        ("id", "the same as", table),
        ("near", "nearly the same as", table.drop_duplicates("id")),
    ):
        repeats = rows[rows.duplicated(key, keep=False)]
        unlike = repeats[repeats.groupby(key)["label"].transform("nunique") > 1]
        note = f"{len(repeats):,} {kind} are {what} another one"
        if len(unlike):
            pair = unlike[unlike[key] == unlike[key].iloc[0]].drop_duplicates("label").head(2)
            named = " and ".join(f"{row.shown} ({row.label})" for row in pair.itertuples())
            note += f", {len(unlike):,} of them beside one of another {label}, such as {named}"
        told += [f"{note}."] * (len(repeats) > 0)
    return told
