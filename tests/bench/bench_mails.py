"""CPU seconds of a whole `run` on mails, and of bare scikit-learn with the same kinds of terms.

    python bench_mails.py [ROWS ...]

Runs in the folder of a rendered project of texts of scikit-learn, in its environment. The mails are
made up: 2.7 KB each, words by Zipf's law, two classes that share them, signatures, legal notes and
quoted mails. The bare pipeline reads the file, counts words, pairs of words and n-grams of three to
five characters, fits a logistic regression, and scores a fifth of the rows.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

BARE = """
import sys, pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union
mails = pd.read_csv(sys.argv[1])
parts = train_test_split(mails.text, mails.label, test_size=0.2, random_state=0)
common = dict(sublinear_tf=True, min_df=2, max_features=50_000)
terms = make_union(
    TfidfVectorizer(ngram_range=(1, 2), **common),
    TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), **common),
)
model = make_pipeline(terms, LogisticRegression(C=4, max_iter=1000)).fit(parts[0], parts[2])
f1_score(parts[3], model.predict(parts[1]), average="macro")
"""
SYLLABLES = [c + v for c in "bcdfghjklmnpqrstvwz" for v in "aeiou"] + ["st", "er", "ion", "ing"]
WORDS = 120_000


def mails(rows: int) -> pd.DataFrame:
    """Return mails of two classes."""
    rng = np.random.default_rng(7)
    words = np.array(["".join(rng.choice(SYLLABLES, n)) for n in rng.integers(1, 5, WORDS)])
    base = 1 / (np.arange(WORDS) + 3.7) ** 1.05
    both = [base, base * np.exp(rng.normal(0, 0.25, WORDS))]
    ends = [np.cumsum(each / each.sum()) for each in both]
    shared = [" ".join(rng.choice(words[:3000], n)) for n in (90, 90, *[10] * 200)]
    texts: list[str] = []
    labels = (rng.random(rows) < 0.3).astype(int)
    for label in labels:
        size = int(np.clip(rng.lognormal(5.45, 0.7), 20, 3000))
        own = words[np.minimum(np.searchsorted(ends[label], rng.random(size)), WORDS - 1)]
        text = " ".join(own)
        if texts and rng.random() < 0.3:
            text += "\n\nOn Monday wrote:\n> " + texts[rng.integers(len(texts))][:800]
        texts.append(text + "\n-- \n" + shared[rng.integers(len(shared))])
    flipped = np.where(rng.random(rows) < 0.01, 1 - labels, labels)
    return pd.DataFrame({"text": texts, "label": np.array(["ham", "spam"])[flipped]})


def cpu(*words: object) -> float:
    """Return the CPU seconds of a process and its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*map(str, words)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure at each number of rows."""
    columns = "--data.text=text", "--data.target=label", "--data.source=null", "--run=mails"
    print(f"{'mails':>8} {'MB':>6} {'bare, CPU s':>12} {'run, CPU s':>11} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as scratch:
        for rows in [*map(int, sys.argv[1:])] or [6_000, 60_000]:
            path = Path(scratch, f"mails-{rows}.csv")
            mails(rows).to_csv(path, index=False)
            bare = cpu(sys.executable, "-c", BARE, path)
            whole = cpu("my-model", "run", f"--data.path={path}", *columns)
            size = path.stat().st_size / 1e6
            print(f"{rows:>8,} {size:>6.0f} {bare:>12.0f} {whole:>11.0f} {whole / bare:>6.2f}")


if __name__ == "__main__":
    main()
