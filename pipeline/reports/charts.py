"""Small charts as inline SVG: no library, no network, readable in both colour schemes; what they draw also stands beside them in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import pandas as pd
from markupsafe import Markup, escape

from pipeline.reports.wording import format_date, format_price

_ROW, _LABEL, _WIDTH, _MOST = 26, 300, 620, 10
_EDGE, _PRICE_WIDTH = 12, 340


def bars(title: str, counts: pd.Series) -> Markup:
    """Return a horizontal bar chart of the largest ten ``counts``, ties in alphabetical order."""
    table = counts.rename_axis("name").reset_index(name="n").sort_values(["n", "name"], ascending=[False, True]).head(_MOST)
    largest = max(1, int(table["n"].max()))
    rows = []
    for place, (name, n) in enumerate(zip(table["name"], table["n"], strict=True)):
        y = 8 + place * _ROW
        width = max(2, round((_WIDTH - _LABEL - 60) * int(n) / largest))
        label = str(name) if len(str(name)) <= 46 else str(name)[:45] + "…"
        rows.append(
            Markup('<text x="{}" y="{}" text-anchor="end">{}</text><rect x="{}" y="{}" width="{}" height="16" rx="2"/>').format(
                _LABEL - 8, y + 13, escape(label), _LABEL, y, width
            )
            + Markup('<text x="{}" y="{}">{}</text>').format(_LABEL + width + 6, y + 13, int(n))
        )
    height = 12 + _ROW * len(rows)
    said = "; ".join(f"{name}: {int(n)}" for name, n in zip(table["name"], table["n"], strict=True))
    head = Markup('<figure class="chart"><figcaption>{}</figcaption><svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        title, _WIDTH, height, f"{title}: {said}"
    )
    return head + Markup("").join(rows) + Markup("</svg></figure>")


def price_against_peers(price: float, low: float, middle: float, high: float, genuine: float | None = None) -> Markup | None:
    """Draw an asked price beside what the peers ask: the band holds their middle half, the tick is their middle; VND, logarithmic.

    ``genuine`` is the lowest price known of the genuine article. ``None`` where there is nothing to draw.
    """
    values = [value for value in (price, low, middle, high, genuine) if value is not None]
    if len(values) < 4 or not all(math.isfinite(value) and value > 0 for value in values):
        return None
    least, most = math.log(min(values) * 0.85), math.log(max(values) * 1.15)

    def at(value: float) -> float:
        return round(_EDGE + (_PRICE_WIDTH - 2 * _EDGE) * (math.log(value) - least) / (most - least), 1)

    among = f"{_three_figures(low)} đến {_three_figures(high)}, giữa {_three_figures(middle)}"
    words = f"Giá tin này {format_price(price)}; người bán khác {among}"
    parts = [
        Markup('<line class="axis" x1="{}" y1="22" x2="{}" y2="22"/>').format(_EDGE, _PRICE_WIDTH - _EDGE),
        Markup('<rect class="band" x="{}" y="14" width="{}" height="16" rx="3"/>').format(at(low), max(2.0, round(at(high) - at(low), 1))),
        Markup('<line class="tick" x1="{0}" y1="11" x2="{0}" y2="33"/>').format(at(middle)),
        Markup('<circle class="own" cx="{}" cy="22" r="6"/>').format(at(price)),
    ]
    if genuine is not None:
        words += f"; hàng chính hãng từ {format_price(genuine)} (tham khảo, chưa kiểm chứng)"
        parts.insert(2, Markup('<line class="genuine" x1="{0}" y1="8" x2="{0}" y2="36"/>').format(at(genuine)))
    head = Markup('<figure class="price-chart"><svg viewBox="0 0 {} 44" role="img" aria-label="{}">').format(_PRICE_WIDTH, words)
    return head + Markup("").join(parts) + Markup("</svg><figcaption>{}</figcaption></figure>").format(words)


def _three_figures(price: float) -> str:
    """A quartile between two prices is no price anybody asks."""
    step = 10.0 ** max(0, math.floor(math.log10(price)) - 2)
    return format_price(round(price / step) * step)


def timeline(days: Sequence[tuple[date, int]]) -> Markup | None:
    """Draw on which days how many listings with signs were seen, oldest left; ``None`` where there is only one day."""
    if len(days) < 2:
        return None
    first, last = days[0][0], days[-1][0]
    span, most = max(1, (last - first).days), max(n for _, n in days)
    dots = [
        Markup('<circle class="own" cx="{}" cy="18" r="{}"/>').format(
            round(_EDGE + (_PRICE_WIDTH - 2 * _EDGE) * (day - first).days / span, 1), round(3 + 6 * math.sqrt(n / most), 1)
        )
        for day, n in days
    ]
    said = "; ".join(f"{format_date(day)}: {n} tin" for day, n in days)
    head = Markup('<svg class="timeline" viewBox="0 0 {} 46" role="img" aria-label="{}">').format(_PRICE_WIDTH, said)
    axis = Markup('<line class="axis" x1="{}" y1="18" x2="{}" y2="18"/>').format(_EDGE, _PRICE_WIDTH - _EDGE)
    ends = Markup('<text x="{}" y="42">{}</text><text x="{}" y="42" text-anchor="end">{}</text>').format(
        _EDGE, format_date(first), _PRICE_WIDTH - _EDGE, format_date(last)
    )
    return head + axis + Markup("").join(dots) + ends + Markup("</svg>")


def curve(title: str, points: list[tuple[float, float]], *, across: str, up: str) -> str:
    """Return a standalone SVG of a line through ``points`` (both axes 0 to 1), with the diagonal for comparison."""
    size, edge = 320, 40

    def place(x: float, y: float) -> str:
        return f"{edge + x * size:.1f},{edge / 2 + (1 - y) * size:.1f}"

    line = " ".join(place(x, y) for x, y in points)
    ticks = "".join(
        f'<text x="{edge + share * size:.0f}" y="{size + edge:.0f}" text-anchor="middle">{share:g}</text>'
        f'<text x="{edge - 6}" y="{edge / 2 + (1 - share) * size + 4:.0f}" text-anchor="end">{share:g}</text>'
        for share in (0.0, 0.5, 1.0)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size + 2 * edge} {size + 2 * edge}" font-family="sans-serif" font-size="11">'
        f'<rect x="{edge}" y="{edge / 2:.0f}" width="{size}" height="{size}" fill="none" stroke="#999"/>{ticks}'
        f'<line x1="{edge}" y1="{edge / 2 + size:.0f}" x2="{edge + size}" y2="{edge / 2:.0f}" stroke="#ccc"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f3b57" stroke-width="2"/>'
        f'<text x="{edge}" y="{size + 2 * edge - 8}">{escape(f"{title}: {up} by {across}")}</text></svg>'
    )
