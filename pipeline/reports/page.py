"""``CODE.html`` and ``index.html``: the list with filters and a page for each target, in one file without network.

Works with the keyboard, on a phone, on paper and without its script (which only filters and moves the focus). Only its own style and script
run: their hashes stand in its Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from pipeline.reports import guide
from pipeline.reports.charts import bars
from pipeline.reports.page_target import list_row, target_page
from pipeline.reports.target_row import in_order_of_need
from pipeline.reports.wording import DRAFT, FOOTER, LEVELS, OLD_DATA, SYNTHETIC, format_count, format_date, list_title, order_note
from pipeline.tables.targets import CHOSEN

_TEMPLATES = Path(__file__).parent / "templates"
_MAX_TARGETS = 300


def write_page(path: Path, targets: pd.DataFrame, listings: pd.DataFrame, summary: dict[str, Any]) -> None:
    """Write the page; beyond 300 targets it says how many more ``targets.csv`` holds.

    ``listings`` may carry what `pipeline.stages.sightings` adds; without it no price is drawn.
    """
    shown = in_order_of_need(targets).head(_MAX_TARGETS)
    under: dict[str, list[Any]] = {code: [] for code in shown["code"]}
    for one in listings[listings["code"].isin(under)].itertuples():
        under[str(one.code)].append(one)
    rows = list(shown.itertuples())
    style, script = _asset("page.css"), _asset("page.js")
    html = _template().render(
        title=(f"{SYNTHETIC} – " if summary["synthetic"] else "") + list_title(date.fromisoformat(summary["as_of"])),
        status=_status(summary),
        data_date=format_date(date.fromisoformat(summary["data_date"])),
        not_a_probability=order_note(summary["score_kind"]),
        banners=[text for wanted, text in ((summary["is_old"], OLD_DATA), (summary["synthetic"], SYNTHETIC)) if wanted],
        footer=FOOTER,
        rows=[list_row(row) for row in rows],
        pages=[target_page(row, under[row.code]) for row in rows],
        n_more=len(targets) - len(shown),
        filters=_filters(shown),
        tiles=_tiles(targets, summary),
        charts=_charts(targets),
        guide=guide.paragraphs(summary),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    path.write_text(html, encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2")


@lru_cache(maxsize=8)
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The Content-Security-Policy's name for an inline block: only these two run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _status(summary: dict[str, Any]) -> str:
    person, day, name = summary.get("approver"), summary.get("approved_on"), summary.get("list_name")
    said = f"Người duyệt: {person} – Ngày duyệt: {format_date(date.fromisoformat(str(day)))}" if person and day else DRAFT
    return " · ".join(part for part in (name, said) if part)


def _filters(shown: pd.DataFrame) -> list[tuple[str, str, list[str]]]:
    """Key, label and values of each filter that has something to choose."""
    levels = [level for level in LEVELS if level in set(shown["level"])]
    named = [("authority", "Đơn vị", sorted(shown["authority"].unique())), ("level", "Mức ưu tiên", levels)]
    named.append(("standing", "Diện", list(dict.fromkeys(shown["standing"]))))
    if "queue" in shown:
        named.append(("queue", "Hàng chờ", sorted(shown["queue"].dropna().unique())))
    named.append(("goods", "Nhóm hàng", sorted(set(shown["goods"].dropna().str.split(", ").explode()))))
    return [(key, label, values) for key, label, values in named if len(values) > 1]


def _tiles(targets: pd.DataFrame, summary: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("đối tượng có dấu hiệu", format_count(len(targets))),
        ("trong số lượt của đơn vị", format_count(int(targets["standing"].eq(CHOSEN).sum()))),
        ("tin đã chấm, cả nước", format_count(summary["n_scored"])),
        ("dòng cách ly, cả nước", format_count(summary["n_quarantined"])),
    ]


def _charts(targets: pd.DataFrame) -> list[Markup]:
    signs = targets["signs"].str.split("; ").explode().value_counts()
    goods = targets["goods"].dropna().str.split(", ").str[0].value_counts()
    authority = targets["authority"].value_counts()
    named = [("Theo dấu hiệu", signs), ("Theo nhóm hàng (nhóm nhiều nhất)", goods)]
    named += [("Theo đơn vị", authority)] if len(authority) > 1 else []
    return [bars(title, counts) for title, counts in named if len(counts)]
