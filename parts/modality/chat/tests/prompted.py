"""A tiny model with a prompt of prompts/, exported as it is after training."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from my_model import data, infer
from my_model.chats.tokens import ask
from my_model.config import Config
from my_model.formats import gguf, gguf_runtime, promise
from my_model.formats.feed import feed
from my_model.model import Model, build

PROMPTS = Path(__file__).parents[1] / "prompts"
Chat = list[dict[str, Any]]


@dataclass
class Prompted:
    """A trained model, and the file that it was exported to."""

    model: Model
    exported: gguf_runtime.Predictor

    def read(self, chat: Chat) -> str:
        """Return what the export goes on from, which has to be what the model does."""
        ids = self.exported.asked(self.fed(chat))
        assert ids == ask(self.model.tokenizer, json.dumps(chat))
        return str(self.model.tokenizer.decode(ids))

    def fed(self, chat: Chat) -> Chat:
        """Return what the export is given."""
        return feed({"messages": [chat]}, self.exported.contract)["messages"][0]


def prompted(path: Path, run: Path, config: Config, folder: Path) -> Prompted:
    """Return the run's model with a prompt, and room for 1024 tokens, so that nothing is cut."""
    room = {"prompt": path, "max_tokens": 1024, "new_tokens": 300}
    config = config.model_copy(update={"model": config.model.model_copy(update=room)})
    splits = data.load(config)
    model = build(config, splits)
    model.network.load_state_dict(infer.load(run / "model").network.state_dict())
    folder.mkdir()
    gguf.convert(model, splits.schema, folder, None)
    contract = promise.describe("gguf", folder, gguf, splits.schema, None, config)
    (folder / "contract.json").write_text(json.dumps({**contract, **gguf.describe(model)}))
    return Prompted(model, gguf_runtime.load(folder))
