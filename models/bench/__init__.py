"""Measuring the engine on the machine at hand: ``casenote bench engine`` and ``casenote bench phi3-shape``."""

from models.bench.phi3_shape import FULL, Shape, write_phi3_shape
from models.bench.vocabulary import phi3_vocabulary

__all__ = ["FULL", "Shape", "phi3_vocabulary", "write_phi3_shape"]
