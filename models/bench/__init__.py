"""Measuring the engine on the machine at hand: ``casenote bench engine`` and ``casenote bench phi3-shape``."""

from models.bench.engine_bench import PARTS, BenchReport, BenchRow, run_engine_bench
from models.bench.phi3_shape import FULL, Shape, write_phi3_shape
from models.bench.vocabulary import phi3_vocabulary

__all__ = [
    "FULL",
    "PARTS",
    "BenchReport",
    "BenchRow",
    "Shape",
    "phi3_vocabulary",
    "run_engine_bench",
    "write_phi3_shape",
]
