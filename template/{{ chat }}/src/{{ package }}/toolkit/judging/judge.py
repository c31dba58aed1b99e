"""Let another language model say whose answers are better: the model's, or those of its base.

Every pair is asked about twice, the second time the other way round, since judges favour a place
(Zheng et al. 2023, "Judging LLM-as-a-Judge"). Where the verdicts differ, the place has decided.
"""

from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from ..config import BaseConfig
from ..runs import UserError, say
from . import asking, comparisons, rates
from .endpoint import Endpoint, RefusedError
from .verdicts import Question, Verdicts

FOLDER = "judging"  # of a run: what was asked and said


def judge(config: BaseConfig, run: Path) -> str:
    """Ask what has not been asked yet, write evaluation/judging.json, and return it in a sentence.

    UserError if the endpoint fails; what it has answered by then is kept, and not asked again.
    """
    settings = config.evaluate.judge
    if settings.url is None or settings.model is None:
        raise UserError(
            "evaluate.judge: set url and model, such as --evaluate.judge.url http://127.0.0.1:8000"
            "/v1 --evaluate.judge.model NAME; the key is in the environment, as JUDGE_API_KEY."
        )
    sheet, known = asking.read(settings.prompt), comparisons.different(run, config)
    kept = Verdicts(run / FOLDER / "judge.jsonl", sheet.verdict)
    questions = [
        Question(pair, first, settings.url, sheet.request(pair, first, config))
        for pair in known.pairs
        for first in ("model", "base")
    ]
    refused = _ask([each for each in questions if each not in kept], kept, config)
    outcomes, decided = _outcomes(questions, kept)
    if not outcomes:
        said = f"no reply holds a verdict, such as {kept.reply(questions[0])!r:.200}"
        why = "; ".join(refused[:1] or [said])
        raise UserError(f"{settings.model} has judged nothing: {why}; see {settings.prompt}.")
    facts = {
        "judge": settings.model,
        "url": settings.url,
        "prompt": sheet.file,
        "prompt_sha256": sheet.sha256,
        "seed": config.seed,
        "position_decided": decided,
        "no_verdict": len(known.pairs) - len(outcomes),
        "refused": len(refused),
        "same": known.same,
    }
    if facts["no_verdict"]:
        lost = f"{facts['no_verdict']} of {len(known.pairs)} pairs have no verdict"
        say("warning", "; ".join([lost, *refused[:1]]))
    return rates.tell(run, "judge", outcomes, facts)


def _ask(questions: list[Question], kept: Verdicts, config: BaseConfig) -> list[str]:
    """Ask and keep; return why the endpoint refused some, such as one that is too long for it."""
    endpoint, refused = Endpoint(config.evaluate.judge), list[str]()

    def work(question: Question) -> None:
        if endpoint.stopped.is_set():
            return
        try:
            kept.add(question, endpoint.ask(question.request))
        except RefusedError as error:
            refused.append(str(error))

    with ThreadPoolExecutor(config.evaluate.judge.parallel) as pool:
        asked = [pool.submit(work, question) for question in questions]
        bar = tqdm(as_completed(asked), "   judge", len(asked), disable=None, leave=False)
        try:
            for done in bar:
                done.result()
        finally:
            endpoint.stopped.set()  # by Ctrl-C too: nothing more is asked
    return refused


def _outcomes(questions: list[Question], kept: Verdicts) -> tuple[dict[str, str], int]:
    """Return the outcome of each pair that has two verdicts, and how many the place decided."""
    outcomes, decided = dict[str, str](), 0
    for one, other in zip(questions[::2], questions[1::2], strict=True):
        first, second = kept.verdict(one), kept.verdict(other)
        if first and second:
            decided += first != second
            outcomes[one.pair.name] = first if first == second else "tie"
    return outcomes, decided
