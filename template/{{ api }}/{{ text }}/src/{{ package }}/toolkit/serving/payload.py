"""Requests: one text or several, in JSON."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ..export.contract import Contract, described
from ..texts.measures import measure, sets
from ..texts.words import cleaned, words
from .answers import RequestError, explain

MAX_CHARACTERS = 200_000  # of one text: some 30,000 words, which take a tenth of a second
# A visible character: training leaves out texts without one, too. \s in Python and in JavaScript,
# which JSON Schema requires, differ in \x1c to \x1f, \x85 and \ufeff.
FILLED = r"[^\s\x00-\x1f\x7f-\x9f\ufeff]"


class Row(Struct, forbid_unknown_fields=True, gc=False):
    """One text, as it was sent."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_CHARACTERS, pattern=FILLED)]


REQUEST: Any = Row | Annotated[list[Row], Meta(min_length=1)]


REFUSALS = {
    400: "The body is not JSON.",
    401: "The header X-API-Key is missing or wrong.",
    408: "The body took too long to arrive.",
    413: "The body is too large, or has too many texts.",
    422: "A text is missing, empty or too long; `row` counts from 1.",
    503: "Too many texts are waiting; try again.",
}


class Payload:
    """The decoder of requests; `request` is their type."""

    def __init__(self, contract: Contract) -> None:
        self.request = REQUEST
        self.decoder = msgspec.json.Decoder(self.request)
        self.known = sets(next(each["words"] for each in described(contract) if "words" in each))

    def read(self, body: bytearray, kind: str) -> Any:
        """Return the result of `decode`, whatever the content type: only JSON is valid."""
        return self.decode(body)

    def decode(self, body: bytes | bytearray) -> Row | list[Row]:
        """Return one text or several; RequestError names the invalid row."""
        try:
            request: Row | list[Row] = self.decoder.decode(body)
        except msgspec.ValidationError as error:
            message = str(error).replace(f"matching regex {FILLED!r}", "with more than spaces")
            raise explain(message) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(400, f"The body is not JSON: {error}.") from None
        return request

    def columns(self, rows: Sequence[Row]) -> dict[str, list[str]]:
        """Return {name: texts} as `feed.feed` takes them."""
        return {"text": [cleaned(row.text) for row in rows]}

    def unseen(self, row: Row) -> list[str]:
        """Return the columns with an unseen category: texts have none."""
        return []

    def as_written(self, row: Row) -> dict[str, float]:
        """Return the row for the log: the properties of the text, not its words."""
        text = cleaned(row.text)
        return measure(text, words(text), self.known)

    @staticmethod
    def example(contract: Contract) -> dict[str, Any]:
        """Return a short text."""
        return {"text": "A text such as the model was trained on."}

    def content(self, contract: Contract) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the content of a request body by content type, and the schemas it refers to."""
        (request,), schemas = msgspec.json.schema_components(
            [self.request], ref_template="#/components/schemas/{name}"
        )
        row = self.example(contract)
        examples = {"one row": {"value": row}, "many rows": {"value": [row, row]}}
        return {"application/json": {"schema": request, "examples": examples}}, schemas
