"""The decoder that is written out computes what others do, with a cache and without."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from my_model import cli, data, infer
from my_model.config import Config
from my_model.decoder import Decoder, DecoderConfig
from my_model.formats import gguf
from my_model.model import build
from my_model.places import slopes

KINDS = [(attention, places) for attention in ("mha", "gqa", "mla") for places in ("rope", "alibi")]
KEPT = {"mha": 256, "gqa": 128, "mla": 32 + 16}  # numbers a token and layer


def _decoder(attention: str, positions: str) -> tuple[Decoder, torch.Tensor]:
    """Return a network of random weights, and tokens for it."""
    torch.manual_seed(0)
    told = {"attention": attention, "positions": positions, "vocab_size": 300}
    shared = {"num_key_value_heads": 4 if attention == "mha" else 2, "pad_token_id": 0}
    return Decoder(DecoderConfig(**told, **shared)).eval(), torch.randint(2, 300, (2, 20))


@pytest.mark.parametrize(("attention", "positions"), KINDS)
def test_token_by_token_it_is_the_same(attention: str, positions: str) -> None:
    """Sums are taken in another order: 1e-5 of logits of about 1."""
    decoder, ids = _decoder(attention, positions)
    whole, cache = decoder(ids).logits, DynamicCache(config=decoder.config)
    steps = [decoder(ids[:, place : place + 1], cache=cache).logits for place in range(20)]
    torch.testing.assert_close(torch.cat(steps, dim=1), whole, rtol=0, atol=1e-5)
    held = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    turned = 0 if positions == "rope" or attention != "mla" else 16  # the key that is turned
    assert held == 2 * 2 * 20 * (KEPT[attention] - turned)
    filled = torch.cat([torch.zeros(2, 5, dtype=torch.long), ids], dim=1)
    mask = (torch.arange(25) >= 5).long().expand(2, -1)
    written = {"max_new_tokens": 8, "do_sample": False}
    one = decoder.generate(ids, **written)[:, 20:]
    assert torch.equal(one, decoder.generate(ids, **written, use_cache=False)[:, 20:])
    assert torch.equal(one, decoder.generate(filled, attention_mask=mask, **written)[:, 25:])


@pytest.mark.parametrize("attention", ["mha", "gqa"])
def test_with_rotary_places_it_is_a_llama(attention: str) -> None:
    decoder, ids = _decoder(attention, "rope")
    llama = LlamaForCausalLM(LlamaConfig.from_dict(decoder.config.to_dict())).eval()
    llama.load_state_dict(decoder.state_dict())
    torch.testing.assert_close(llama(ids).logits, decoder(ids).logits, rtol=0, atol=1e-5)


def test_slopes_are_those_of_the_paper() -> None:
    assert slopes(8).tolist() == [2**-head for head in range(1, 9)]


@pytest.mark.parametrize(
    ("attention", "positions"), [("mha", "alibi"), ("gqa", "rope"), ("mla", "rope")]
)
def test_it_learns_and_comes_back(
    attention: str, positions: str, options: list[str], config: Config
) -> None:
    run, llama = f"{attention}-{positions}", attention != "mla" and positions == "rope"
    words = ["--model.name=decoder", f"--model.attention={attention}", "--train.epochs=2"]
    words += [f"--model.positions={positions}", *([] if llama else ["--export.formats=[]"])]
    assert cli.main(["train", f"--run={run}", *options, *words]) == 0
    inputs = data.load(config).val.inputs
    kept = infer.predict(infer.load(config.paths.runs / run / "model"), inputs)
    told = {"name": "decoder", "attention": attention, "positions": positions}
    formats = config.export.formats if llama else []
    begun = config.model_copy(
        update={
            "model": config.model.model_copy(update=told),
            "export": config.export.model_copy(update={"formats": formats}),
        }
    )
    untrained = infer.predict(build(begun, data.load(config)), inputs)
    assert kept[:, 0].sum() < 0.97 * untrained[:, 0].sum()
    np.testing.assert_array_equal(kept[:, 1], untrained[:, 1])


def test_as_gguf_it_is_a_llama(config: Config, tmp_path: Path) -> None:
    """Matrices of 16 bits: a hundredth of logits of about 1."""
    config = config.model_copy(
        update={"model": config.model.model_copy(update={"name": "decoder"})}
    )
    splits = data.load(config)
    model = build(config, splits)
    gguf.convert(model, splits.schema, tmp_path, None)
    llama = LlamaForCausalLM.from_pretrained(tmp_path, gguf_file=gguf.FILE, dtype="float32")
    ids = torch.arange(3, 40)[None]
    network = model.network.cpu()
    torch.testing.assert_close(llama(ids).logits, network(ids).logits, rtol=0, atol=0.01)


@pytest.mark.parametrize("option", ["--model.attention=mla", "--model.positions=alibi"])
def test_others_are_refused_before_they_are_trained(
    option: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model.name=decoder", option, "--run=refused"]
    assert cli.main(["train", *words, *options]) == 2
    assert "set export.formats '[]'" in capsys.readouterr().err
