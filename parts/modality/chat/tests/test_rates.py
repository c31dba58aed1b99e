"""Win rates, intervals and agreement are what other libraries, and people with a pencil, count."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from my_model.chats.answers import compared, sampled
from my_model.chats.traits import transcript
from my_model.config import Config
from my_model.judging import rates

RNG = np.random.default_rng(0)


def named(outcomes: list[str]) -> dict[str, str]:
    return {f"p{place}": outcome for place, outcome in enumerate(outcomes)}


@pytest.mark.parametrize("wins, rows", [(0, 5), (24, 24), (7, 20), (700, 1000)])
def test_without_ties_the_interval_is_scipys(wins: int, rows: int) -> None:
    told = rates.rate(named(["model"] * wins + ["base"] * (rows - wins)))
    known = binomtest(wins, rows).proportion_ci(method="wilson")
    assert told["win_rate"] == wins / rows
    assert told["interval"] == pytest.approx([known.low, known.high], abs=1e-4)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Of draws with a true win rate of 0.55 + 0.2 / 2, at least 95 %, ties or not."""
    inside = 0
    for _ in range(2000):
        told = rates.rate(named(RNG.choice(rates.OUTCOMES, 40, p=[0.55, 0.2, 0.25]).tolist()))
        low, high = told["interval"]
        inside += low <= 0.65 <= high
    assert inside / 2000 > 0.95


def test_agreement_is_counted_on_what_both_saw() -> None:
    """Of 4 pairs 3 agree; chance would agree in (2 * 2 + 1 * 2 + 1 * 0) / 16 of them."""
    judge = named(["model", "model", "base", "tie", "base"])
    person = {**named(["model", "model", "base", "base"]), "p9": "tie"}
    told = rates.agreement(judge, person)
    assert told["pairs"] == 4 and told["raw"] == 0.75
    assert told["kappa"] == pytest.approx((0.75 - 6 / 16) / (1 - 6 / 16))
    assert rates.agreement(judge, {"p9": "tie"})["raw"] is None
    assert rates.agreement(named(["model"]), named(["model"]))["kappa"] is None


def test_the_seed_draws_the_prompts_that_are_answered(config: Config) -> None:
    rows = pd.DataFrame({"prompt": np.arange(100)})
    few = config.evaluate.model_copy(update={"answers": 40})
    drawn = {
        seed: sampled(rows, config.model_copy(update={"evaluate": few, "seed": seed}))
        for seed in (0, 1)
    }
    assert all(len(each) == 40 and each.index.is_monotonic_increasing for each in drawn.values())
    assert [*drawn[0].index] != [*drawn[1].index] and drawn[0].index.max() > 80
    assert sampled(rows.head(7), config).equals(rows.head(7))


def test_likeness_knows_all_letters_and_a_prompt_is_shown_whole() -> None:
    chat = [{"role": "system", "content": "Kurz."}, {"role": "user", "content": "Öl?"}]
    inputs = pd.DataFrame({"prompt": [json.dumps(chat)], "answer": ["Öl für Ångström: да"]})
    says = {"base": "Öl für keinen: нет", "model": "öl, für Ångström; да!"}
    predictors = {name: lambda asked, said=said: [said] for name, said in says.items()}
    tables = compared(predictors, inputs, None)
    likeness = tables["likeness"].set_index("model")["rouge_l"]
    assert likeness.to_dict() == {"base": 0.5, "model": 1}
    assert tables["answers"]["prompt"][0] == "system: Kurz.\nuser: Öl?"
    assert transcript(chat[1:]) == "Öl?"
