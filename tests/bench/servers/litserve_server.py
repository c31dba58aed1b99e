"""The model in LitServe: `python litserve_server.py PORT BATCH`."""

import sys
from typing import Any

import litserve
from scoring import Scorer


class Model(litserve.LitAPI):
    """A batch is a list of rows; without batches the row comes alone."""

    def setup(self, device: str) -> None:
        self.scorer = Scorer()

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        return request

    def batch(self, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return inputs

    def predict(self, x: Any) -> Any:
        if isinstance(x, list):
            return self.scorer.answers(self.scorer.feed(x))
        return self.scorer.answer(x)

    def unbatch(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return output

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


if __name__ == "__main__":
    port, batch = map(int, sys.argv[1:])
    api = Model(max_batch_size=batch, batch_timeout=0.002 if batch > 1 else 0.0)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")
