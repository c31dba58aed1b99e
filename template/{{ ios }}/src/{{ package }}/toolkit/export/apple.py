"""coremltools, without its warnings about missing Mac libraries and untested versions."""

from .quiet import quietly

with quietly():
    import coremltools as ct
    import coremltools.optimize.coreml as cto

__all__ = ["ct", "cto"]
