"""What ``casenote bench engine`` measured, as records and as a table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

__all__ = ["BenchReport", "BenchRow"]


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One way to write the note. Seconds after the session closed, to the first text and to the last; the same in
    processor seconds of all threads, which other work on the machine changes little; tokens a second of all
    streams; bytes; the share of the memory bandwidth that the steps of decoding read."""

    name: str
    first: float
    total: float
    work_first: float
    work_total: float
    rate: float
    peak_bytes: int
    bandwidth_share: float | None = None
    more: dict[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """One line of the table."""
        share = f"{self.bandwidth_share:9.0%}" if self.bandwidth_share is not None else f"{'':9}"
        return (
            f"{self.name:42} {self.first:8.2f} {self.total:8.2f} {self.work_first:9.2f} {self.work_total:9.2f} "
            f"{self.rate:7.1f} {self.peak_bytes / 2**30:8.2f} {share}"
        )


def point_line(point: dict[str, float]) -> str:
    """A point of the sweep, as a line of the table."""
    return (
        f"{point['sessions']:8.0f} {point['length']:12.0f} {point['rate']:7.1f} {point['last_first']:8.2f} "
        f"{point['step'] * 1000:8.0f}"
    )


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All that was measured in one run."""

    model: str
    prompt_tokens: int
    output_tokens: int
    threads: int
    bandwidth: float
    rows: tuple[BenchRow, ...]
    sweep: tuple[dict[str, float], ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    def lines(self) -> list[str]:
        """A table for people."""
        gigabytes = self.bandwidth / 1e9
        head = f"{self.model}: prompt {self.prompt_tokens} tokens, note {self.output_tokens}, {self.threads} threads, "
        lines = [f"{head}memory {gigabytes:.1f} GB/s", ""]
        lines.append(
            f"{'way':42} {'first s':>8} {'whole s':>8} {'cpu first':>9} {'cpu whole':>9} {'tok/s':>7} "
            f"{'peak GiB':>8} {'bandwidth':>9}"
        )
        lines += [row.line() for row in self.rows]
        for row in self.rows:
            if "longest_pause_in_steps" in row.more:
                pause = row.more["longest_pause_in_steps"]
                lines.append(f"longest pause of a stream while other prompts were computed: {pause:.2f} median steps")
        if self.sweep:
            lines += ["", f"{'sessions':>8} {'tokens each':>12} {'tok/s':>7} {'first s':>8} {'step ms':>8}"]
        return [*lines, *map(point_line, self.sweep)]
