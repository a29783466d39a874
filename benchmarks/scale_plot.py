"""What `benchmarks.scale` measured, as a picture: seconds a million rows by stage, and memory, both against rows. Plain SVG, no library."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

_WIDTH, _HEIGHT, _GAP = 380, 290, 190
_LEFT, _TOP, _BOTTOM = 64, 44, 52
_COLOURS = ("#1f3b57", "#b5542a", "#3d7a4f", "#7a4b8c", "#a07d1c", "#4a8db7", "#8a3550", "#555555")
_LINE = 14
_WORKER_GB = 2.0


class _Line(NamedTuple):
    name: str
    points: list[tuple[float, float]]
    colour: str


def figure(sizes: Sequence[Mapping[str, Any]]) -> str:
    """Return a standalone SVG of two panels; ``sizes`` as `benchmarks.scale` prints them, at least one, rising."""
    names = [name for name in sizes[0]["stages"] if name != "start"]
    time = [
        _Line("whole", [(one["rows"], one["µs a row"]) for one in sizes], _COLOURS[0]),
        *(
            _Line(name, [(one["rows"], max(0.1, one["stages"][name]["µs a row"])) for one in sizes], colour)
            for name, colour in zip(names, _COLOURS[1:], strict=False)
        ),
    ]
    memory = [
        _Line("parent", [(one["rows"], _peak(one, "parent")) for one in sizes], _COLOURS[0]),
        _Line("largest worker", [(one["rows"], _peak(one, "largest worker")) for one in sizes], _COLOURS[1]),
    ]
    across = [one["rows"] for one in sizes]
    lowest = min(y for line in time for _, y in line.points)
    highest = max(y for line in time for _, y in line.points)
    tens = range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)
    panels = _panel("Seconds a million rows", time, across, [10.0**power for power in tens], logarithmic=True)
    most = max(_WORKER_GB, *(y for line in memory for _, y in line.points))
    step = 0.5 if most <= 3 else 10 ** math.ceil(math.log10(most / 5))
    ticks = [step * one for one in range(math.ceil(most * 1.05 / step) + 1)]
    panels += _shifted(_panel("Peak memory, GB", memory, across, ticks, logarithmic=False, level=_WORKER_GB), _LEFT + _WIDTH + _GAP)
    width, height = 2 * (_LEFT + _WIDTH) + _GAP + 135, _TOP + _HEIGHT + _BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img" '
        f'aria-label="Time a row and peak memory against the number of rows"><rect width="{width}" height="{height}" fill="#fff"/>{panels}</svg>\n'
    )


def _peak(one: Mapping[str, Any], who: str) -> float:
    return max(float(stage["peak, GB"][who]) for stage in one["stages"].values())


def _panel(
    title: str, lines: Sequence[_Line], across: Sequence[float], ticks: Sequence[float], *, logarithmic: bool, level: float | None = None
) -> str:
    x = _scale(math.log10(min(across)), math.log10(max(across)), _LEFT + 20, _LEFT + _WIDTH - 20)
    low, high = (math.log10(ticks[0]), math.log10(ticks[-1])) if logarithmic else (ticks[0], ticks[-1])
    up = _scale(low, high, _TOP + _HEIGHT, _TOP)

    def y(value: float) -> float:
        return up(math.log10(value) if logarithmic else value)

    parts = [f'<text x="{_LEFT}" y="{_TOP - 18}" font-size="14" font-weight="bold">{title}</text>']
    for tick in ticks:
        parts.append(f'<line x1="{_LEFT}" y1="{y(tick):.1f}" x2="{_LEFT + _WIDTH}" y2="{y(tick):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" fill="#444">{tick:,g}</text>')
    for rows in across:
        place = x(math.log10(rows))
        parts.append(f'<line x1="{place:.1f}" y1="{_TOP + _HEIGHT}" x2="{place:.1f}" y2="{_TOP + _HEIGHT + 5}" stroke="#444"/>')
        parts.append(f'<text x="{place:.1f}" y="{_TOP + _HEIGHT + 19}" text-anchor="middle" fill="#444">{_short(rows)}</text>')
    parts.append(f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 40}" text-anchor="middle" fill="#444">rows (logarithmic)</text>')
    if level is not None:
        parts.append(f'<line x1="{_LEFT}" y1="{y(level):.1f}" x2="{_LEFT + _WIDTH}" y2="{y(level):.1f}" stroke="#c00" stroke-dasharray="6 4"/>')
        parts.append(f'<text x="{_LEFT + 4}" y="{y(level) - 5:.1f}" fill="#c00">{level:g} GB a worker</text>')
    for line, label in zip(lines, _apart([y(line.points[-1][1]) for line in lines]), strict=True):
        along = [(x(math.log10(rows)), y(value)) for rows, value in line.points]
        drawn = " ".join(f"{one:.1f},{other:.1f}" for one, other in along)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{line.colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{one:.1f}" cy="{other:.1f}" r="3" fill="{line.colour}"/>' for one, other in along]
        said = f"{line.name} {line.points[-1][1]:,.{0 if logarithmic else 2}f}"
        parts.append(f'<text x="{_LEFT + _WIDTH + 6}" y="{label + 4:.1f}" fill="{line.colour}">{said}</text>')
    return "".join(parts)


def _apart(places: Sequence[float]) -> list[float]:
    """Push labels down until none covers another; order by height is kept."""
    order = sorted(range(len(places)), key=lambda one: places[one])
    pushed, last = list(places), -math.inf
    for one in order:
        pushed[one] = last = max(places[one], last + _LINE)
    return pushed


def _scale(low: float, high: float, begin: float, end: float) -> Callable[[float], float]:
    if high <= low:
        return lambda _: (begin + end) / 2
    return lambda value: begin + (value - low) / (high - low) * (end - begin)


def _short(rows: float) -> str:
    return f"{rows / 1e6:g}M" if rows >= 1e6 else f"{rows / 1e3:g}k"


def _shifted(part: str, by: float) -> str:
    return f'<g transform="translate({by} 0)">{part}</g>'
