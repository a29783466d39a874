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
