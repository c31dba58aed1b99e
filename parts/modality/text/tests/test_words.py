"""Whatever a text holds becomes words."""

import numpy as np
import pytest
from made import HOSTILE, table

from my_model.texts.changes import CHANGES
from my_model.texts.measures import NAMES, halves, measure, sets
from my_model.texts.twins import kin
from my_model.texts.words import text_id, words

WORDS = {
    "Don't STOP": ["don", "t", "stop"],
    "é e\u0301": ["e\u0301", "e\u0301"],
    "İ ß ﬁ \uff26\uff35\uff2c\uff2c ① ½": ["i\u0307", "ß", "fi", "full", "1", "1", "2"],
    "🐦🔥 50€": ["🐦", "🔥", "50", "€"],
    "a\0b\u202ec\u00a0d\ud800": ["a", "b", "c", "d"],
    "नमस्ते שלום": ["नमस्ते", "שלום"],
    "日本語。": ["日本語"],
    "~<>_|": [],
}


@pytest.mark.parametrize("text", WORDS, ids=ascii)
def test_words(text: str) -> None:
    assert words(text) == WORDS[text]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_nothing_breaks(text: str) -> None:
    found, known = words(text), sets(halves([words("engine shut down"), words("a bird")]))
    facts = measure(text, found, known)
    assert tuple(facts) == NAMES and all(0 <= facts[name] <= 1 for name in NAMES[2:])
    for change in CHANGES.values():
        assert change(text) == change(text)


def test_near_texts_are_found_and_no_others() -> None:
    texts = [text.split() for text in table(400)["text"]]
    changed = [[*text[:5], "new", *text[5:]] for text in texts[:100]]
    numbered = [["FLT", str(row), *texts[0]] for row in range(50)]
    every = [*texts, *changed, *numbered, []]
    ids = np.array([text_id(text) for text in every], np.uint64)
    found = kin(ids, every)
    assert (found[:100] == found[400:500]).mean() > 0.98
    assert len(set(found[500:550])) == 1
    assert len(set(found[1:400])) == 399


def test_new_texts_look_as_familiar_as_those_that_were_seen() -> None:
    seen, new = ([words(text) for text in table(2000, seed)["text"]] for seed in (0, 1))
    known = sets(halves(seen))
    shares = [np.mean([measure("", t, known)["unseen"] for t in some]) for some in (seen, new)]
    assert shares[0] == pytest.approx(shares[1], abs=0.003)
    assert measure("", ["quite", "calm"], known)["unseen"] == 0.5
