"""coremltools, without its remarks on what only a Mac has and on versions that Apple didn't try."""

from .quiet import quietly

with quietly():
    import coremltools as ct
    import coremltools.optimize.coreml as cto

__all__ = ["ct", "cto"]
