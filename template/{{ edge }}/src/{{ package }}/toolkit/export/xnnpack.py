"""Lower a graph to an ExecuTorch program that runs its layers with XNNPACK."""

from pathlib import Path

from torch.export import ExportedProgram

from .quiet import quietly

with quietly():
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower


def save(graph: ExportedProgram, folder: Path) -> None:
    """Write folder/model.pte."""
    with quietly():
        lowered = to_edge_transform_and_lower(graph, partitioner=[XnnpackPartitioner()])
        (folder / "model.pte").write_bytes(lowered.to_executorch().buffer)
