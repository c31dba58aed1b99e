"""What stands in for a Mac: the interpreter of Core ML packages, and a Mac where there is one."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from my_model.formats.apple import ct, cto
from my_model.formats.mil import interpreter
from my_model.formats.mil.interpreter import Program
from my_model.formats.quiet import quietly
from my_model.runs import UserError


class Small(nn.Module):
    """Convolution, pooling, attention, look-ups and slices, on numbers with gaps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1, stride=2, groups=1)
        self.norm = nn.BatchNorm2d(8)
        self.table = nn.Embedding(5, 16)
        self.scale = nn.LayerNorm(16)
        self.head = nn.Linear(16, 3)

    def forward(self, rows: Tensor) -> Tensor:
        """Take (rows, 16, 16), return (rows, 3)."""
        whole = torch.where(torch.isnan(rows), 0.5, rows)
        drawn = F.gelu(self.norm(self.conv(whole[:, None])))  # 8 x 8
        tokens = F.max_pool2d(drawn, 2, 2).flatten(2).transpose(1, 2)  # 16 of 8
        tokens = F.pad(tokens, (4, 4)) + self.table((rows[:, :, 0] > 0).to(torch.int64))
        read = F.scaled_dot_product_attention(tokens, tokens, tokens)
        mixed = F.hardswish(self.scale(read)).mean(1) + F.silu(tokens[:, -1])
        return self.head(mixed).softmax(1)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return Small().eval()


@pytest.fixture(scope="module")
def rows() -> Tensor:
    drawn = torch.randn(7, 16, 16, generator=torch.Generator().manual_seed(0))
    return torch.where(drawn > 2, torch.nan, drawn)


@pytest.fixture(scope="module", params=["whole", "linear", "palette", "sparse"])
def package(
    request: pytest.FixtureRequest, network: nn.Module, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A saved package, as it is and with its weights packed in each of three ways."""
    with quietly():
        some = torch.export.Dim("some", min=1, max=64)
        inputs = (torch.zeros(3, 16, 16),)
        traced = torch.export.export(network, inputs, dynamic_shapes=({0: some},))
        target = {"minimum_deployment_target": ct.target.iOS17}
        precision = {"compute_precision": ct.precision.FLOAT32}
        model = ct.convert(traced.run_decompositions({}), **target, **precision)
        model = PACK[request.param](model)
        path = tmp_path_factory.mktemp("package") / "small.mlpackage"
        model.save(str(path))
    return path


def _config(how: object) -> object:
    return cto.OptimizationConfig(global_config=how)


PACK = {
    "whole": lambda model: model,
    "linear": lambda model: cto.linear_quantize_weights(
        model, _config(cto.OpLinearQuantizerConfig(weight_threshold=0))
    ),
    "palette": lambda model: cto.palettize_weights(
        model, _config(cto.OpPalettizerConfig(mode="uniform", nbits=8, weight_threshold=0))
    ),
    "sparse": lambda model: cto.prune_weights(
        model, _config(cto.OpThresholdPrunerConfig(threshold=1e-9, minimum_sparsity_percentile=0.0))
    ),
}


def test_the_interpreter_answers_as_the_network(
    package: Path, network: nn.Module, rows: Tensor, request: pytest.FixtureRequest
) -> None:
    (found,) = Program(package)({"rows": rows.numpy()}).values()
    with torch.inference_mode():
        expected = network(rows).numpy()
    exact = "whole" in request.node.name or "sparse" in request.node.name
    np.testing.assert_allclose(found, expected, atol=1e-6 if exact else 0.02)
    assert found.std(axis=0).min() > 1e-3, "rows with the same answer prove nothing"


def test_an_unknown_operation_is_named(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(interpreter.KERNELS, "conv")
    with pytest.raises(UserError, match="no kernel for the operation conv:"):
        Program(package)


@pytest.mark.skipif(sys.platform != "darwin", reason="Core ML runs on a Mac alone")
def test_core_ml_answers_as_the_interpreter(package: Path, rows: Tensor) -> None:
    real = ct.models.MLModel(str(package), compute_units=ct.ComputeUnit.CPU_ONLY)
    inputs = {"rows": rows.numpy()}
    (found,), (expected,) = real.predict(inputs).values(), Program(package)(inputs).values()
    np.testing.assert_allclose(found, expected, atol=1e-3)
