"""The model in BentoML: `bentoml serve bentoml_service:Model`."""

from typing import Any

import bentoml
from scoring import Scorer


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Model:
    """One worker, as the others have."""

    def __init__(self) -> None:
        self.scorer = Scorer()

    @bentoml.api
    def predict(self, row: dict[str, Any]) -> dict[str, Any]:
        """Answer one row."""
        return self.scorer.answer(row)
