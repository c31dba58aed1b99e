"""A network as an ExecuTorch program (.pte) for phones and boards, its layers run by XNNPACK."""

from pathlib import Path

from ..model import Model
from ..tables.schema import Schema
from .encode import describe as describe
from .program import program_of_one
from .quiet import quietly

with quietly():
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

PACKAGES = ("executorch", "torch")  # whose versions the contract notes


def convert(model: Model, schema: Schema, folder: Path, threshold: float | None = None) -> None:
    """Write folder/model.pte, which takes one row of the matrix of the contract.

    With more rows, XNNPACK has refused batches of 16 and more.
    """
    with quietly():
        lowered = to_edge_transform_and_lower(
            program_of_one(model), partitioner=[XnnpackPartitioner()]
        )
        (folder / "model.pte").write_bytes(lowered.to_executorch().buffer)
