"""Pictures as SVG, written by hand: they need no package, open anywhere, and stand in a repository as text."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from models.catalog.intervals import Interval

_BAR, _INK = "#3b6ea5", "#444"
_HUES = ("#3b6ea5", "#c2571a", "#4a8a4a", "#8a4a8a", "#777")
_TEXT = 'font-family="system-ui,sans-serif" font-size="13"'
_MEAN_OVER = 10  # steps


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    label = html.escape(title, quote=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" width="{width}" height="{height}">'
    return f'{head}<rect width="{width}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>\n'


def bars(title: str, values: Mapping[str, Interval]) -> str:
    """One bar from 0 to 1 for each name, with its interval."""
    parts = []
    for place, (name, value) in enumerate(values.items()):
        top = 28 * place + 8
        parts.append(
            f'<text x="252" y="{top + 14}" text-anchor="end" fill="{_INK}" {_TEXT}>{html.escape(name)}</text>'
            f'<rect x="260" y="{top}" width="{value.mean * 400:.0f}" height="18" fill="{_BAR}"/>'
            f'<line x1="{260 + value.low * 400:.0f}" x2="{260 + value.high * 400:.0f}" y1="{top + 9}" y2="{top + 9}" '
            f'stroke="{_INK}" stroke-width="2"/>'
            f'<text x="{268 + value.high * 400:.0f}" y="{top + 14}" fill="{_INK}" {_TEXT}>{value.mean:.3f}</text>'
        )
    return _svg(title, 720, 28 * len(values) + 12, parts)


def loss_curve(losses: Mapping[str, Sequence[float]]) -> str:
    """The loss (nats a learned token) by step of each run, smoothed over ten steps; the dots are the single steps."""
    runs = {name: list(values) for name, values in losses.items() if values}
    highest = max((max(values) for values in runs.values()), default=1.0) or 1.0
    longest = max((len(values) for values in runs.values()), default=1)

    def point(step: int, loss: float) -> str:
        return f"{60 + 620 * step / max(1, longest - 1):.1f},{20 + 260 * (1 - loss / highest):.1f}"

    parts = [_axis(highest, longest)]
    for place, (name, values) in enumerate(runs.items()):
        hue = _HUES[place % len(_HUES)]
        for step, loss in enumerate(values):
            x, y = point(step, loss).split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="1.2" fill="{hue}" opacity=".45"/>')
        line = " ".join(point(step, loss) for step, loss in enumerate(smoothed(values)))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{hue}" stroke-width="2"/>')
        parts.append(f'<text x="660" y="{36 + 18 * place}" fill="{hue}" {_TEXT}>seed {html.escape(name)}</text>')
    return _svg("Training loss by step", 740, 320, parts)


def smoothed(values: Sequence[float], over: int = _MEAN_OVER) -> list[float]:
    """The mean of each value and those before it, ``over`` of them at most."""
    sums = [sum(values[max(0, end - over) : end]) for end in range(1, len(values) + 1)]
    return [total / min(over, end) for end, total in enumerate(sums, 1)]


def _axis(highest: float, longest: int) -> str:
    lines = []
    for tick in (0.0, highest / 2, highest):
        y = 20 + 260 * (1 - tick / highest)
        lines.append(
            f'<line x1="60" x2="680" y1="{y:.0f}" y2="{y:.0f}" stroke="#ddd"/>'
            f'<text x="52" y="{y + 4:.0f}" text-anchor="end" fill="{_INK}" {_TEXT}>{tick:.2f}</text>'
        )
    return "".join(lines) + f'<text x="680" y="304" text-anchor="end" fill="{_INK}" {_TEXT}>step {longest}</text>'
