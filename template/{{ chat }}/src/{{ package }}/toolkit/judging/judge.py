"""Pairwise comparison of the answers of a model and its base model by an LLM judge.

Every pair is judged in both orders, since judges have a position bias (Zheng et al. 2023, "Judging
LLM-as-a-Judge"). If the verdicts differ, the position has decided, and the pair is a tie.
"""

from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from ..config import BaseConfig
from ..runs import UserError, say
from . import comparisons, judge_prompt, win_rate
from .endpoint import Endpoint, RefusedError
from .verdicts import Question, Verdicts

FOLDER = "judging"  # of a run: requests and replies


def judge(config: BaseConfig, run: Path) -> str:
    """Send the missing requests, write evaluation/judging.json, and return a summary.

    UserError if the server fails; the replies so far are kept, and not requested again.
    """
    settings = config.evaluate.judge
    if settings.url is None or settings.model is None:
        raise UserError(
            "evaluate.judge: set url and model, such as --evaluate.judge.url http://127.0.0.1:8000"
            "/v1 --evaluate.judge.model NAME; the key is the environment variable JUDGE_API_KEY."
        )
    prompt, known = judge_prompt.read(settings.prompt), comparisons.load_pairs(run, config)
    verdicts = Verdicts(run / FOLDER / "judge.jsonl", prompt.verdict)
    questions = [
        Question(pair, first, settings.url, prompt.request(pair, first, config))
        for pair in known.pairs
        for first in ("model", "base")
    ]
    missing = [question for question in questions if question not in verdicts]
    refused = _ask(missing, verdicts, config)
    outcomes, decided = _outcomes(questions, verdicts)
    if not outcomes:
        no_verdict = f"no reply contains a verdict, such as {verdicts.reply(questions[0])!r:.200}"
        reason = "; ".join(refused[:1] or [no_verdict])
        raise UserError(f"{settings.model} gave no verdict: {reason}; see {settings.prompt}.")
    facts = {
        "judge": settings.model,
        "url": settings.url,
        "prompt": prompt.file,
        "prompt_sha256": prompt.sha256,
        "seed": config.seed,
        "position_decided": decided,
        "no_verdict": len(known.pairs) - len(outcomes),
        "refused": len(refused),
        "same": known.same,
    }
    if facts["no_verdict"]:
        note = f"{facts['no_verdict']} of {len(known.pairs)} pairs have no verdict"
        say("warning", "; ".join([note, *refused[:1]]))
    return win_rate.save(run, "judge", outcomes, facts)


def _ask(questions: list[Question], verdicts: Verdicts, config: BaseConfig) -> list[str]:
    """Send requests and store the replies; return why the server refused some of them."""
    endpoint, refused = Endpoint(config.evaluate.judge), list[str]()

    def work(question: Question) -> None:
        if endpoint.stopped.is_set():
            return
        try:
            verdicts.add(question, endpoint.ask(question.request))
        except RefusedError as error:
            refused.append(str(error))

    with ThreadPoolExecutor(config.evaluate.judge.parallel) as pool:
        futures = [pool.submit(work, question) for question in questions]
        bar = tqdm(as_completed(futures), "   judge", len(futures), disable=None, leave=False)
        try:
            for future in bar:
                future.result()
        finally:
            endpoint.stopped.set()  # on Ctrl-C too: no request follows
    return refused


def _outcomes(questions: list[Question], verdicts: Verdicts) -> tuple[dict[str, str], int]:
    """Return the outcomes of pairs with two verdicts, and how many the position decided."""
    outcomes, decided = dict[str, str](), 0
    for one, other in zip(questions[::2], questions[1::2], strict=True):
        first, second = verdicts.verdict(one), verdicts.verdict(other)
        if first and second:
            decided += first != second
            outcomes[one.pair.name] = first if first == second else "tie"
    return outcomes, decided
