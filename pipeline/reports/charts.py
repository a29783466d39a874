"""Small bar charts as inline SVG: no library, no network, readable in both colour schemes."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup, escape

_ROW, _LABEL, _WIDTH, _MOST = 26, 300, 620, 10


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
    head = Markup('<figure class="chart"><figcaption>{}</figcaption><svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        title, _WIDTH, height, title
    )
    return head + Markup("").join(rows) + Markup("</svg></figure>")


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
