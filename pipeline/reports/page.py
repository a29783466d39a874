"""``index.html``: the list as one self-contained page; no network, usable by keyboard and on a phone."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from pipeline.reports import guide
from pipeline.reports.charts import bars
from pipeline.reports.safe_text import dead_link, live_link, visible
from pipeline.reports.wording import (
    DRAFT,
    FOOTER,
    LEVEL_ONE,
    LEVELS,
    OLD_DATA,
    SYNTHETIC,
    format_count,
    format_date,
    format_price,
    format_time,
    list_title,
    order_note,
    platform_name,
)

_TEMPLATES = Path(__file__).parent / "templates"
_MAX_TARGETS = 500
_MAX_LISTINGS = 6


def write_page(path: Path, targets: pd.DataFrame, listings: pd.DataFrame, summary: dict[str, Any]) -> None:
    """Write the page; beyond 500 targets it says how many more the workbook and the CSV hold."""
    shown = targets.assign(level_place=targets["level"].map(LEVELS.index)).sort_values(
        ["reserve", "level_place", "priority", "code"], ascending=[True, True, False, True], kind="stable"
    )
    shown = shown.head(_MAX_TARGETS)
    under = dict(iter(listings[listings["code"].isin(set(shown["code"]))].groupby("code", sort=False)))
    style, script = _asset("page.css"), _asset("page.js")
    html = _template().render(
        title=list_title(date.fromisoformat(summary["as_of"])),
        draft=DRAFT,
        data_date=format_date(date.fromisoformat(summary["data_date"])),
        not_a_probability=order_note(summary["score_kind"]),
        banners=[text for wanted, text in ((summary["is_old"], OLD_DATA), (summary["synthetic"], SYNTHETIC)) if wanted],
        footer=FOOTER,
        targets=[_target(row, under.get(row.code)) for row in shown.itertuples()],
        n_more=len(targets) - len(shown),
        authorities=sorted(shown["authority"].unique()),
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


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The Content-Security-Policy's name for an inline block: only these two run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _tiles(targets: pd.DataFrame, summary: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("tin đã chấm", format_count(summary["n_scored"])),
        ("đối tượng có dấu hiệu", format_count(len(targets))),
        ("trong số lượt của đơn vị", format_count(int((~targets["reserve"]).sum()))),
        ("dòng cách ly", format_count(summary["n_quarantined"])),
    ]


def _charts(targets: pd.DataFrame) -> list[Markup]:
    signs = targets["signs"].str.split("; ").explode().value_counts()
    goods = targets["goods"].dropna().str.split(", ").str[0].value_counts()
    authority = targets["authority"].value_counts()
    named = (("Theo dấu hiệu", signs), ("Theo nhóm hàng (nhóm nhiều nhất)", goods), ("Theo đơn vị", authority))
    return [bars(title, counts) for title, counts in named if len(counts)]


def _target(row: Any, listings: pd.DataFrame | None) -> dict[str, Any]:
    shop = row.seller_name if isinstance(row.seller_name, str) else ("Chưa rõ người bán" if row.subject_kind == "listing" else row.seller_id)
    return {
        "code": row.code,
        "rank": row.rank,
        "shop": visible(str(shop)),
        "platform": platform_name(row.platform),
        "link": live_link(row.subject_url),
        "level": row.level,
        "first": row.level == LEVEL_ONE,
        "standing": row.standing,
        "authority": row.authority,
        "goods": row.goods if isinstance(row.goods, str) else "chưa xác định",
        "brands": row.brands if isinstance(row.brands, str) else "",
        "signs": row.signs.split("; "),
        "reasons": [visible(text) for text in row.reasons],
        "location": visible(row.location) if isinstance(row.location, str) else "không hiển thị",
        "counts": f"{row.n_flagged}/{row.n_collected}",
        "action": row.action,
        "to_verify": row.to_verify,
        "listings": [] if listings is None else [_listing(one) for one in listings.head(_MAX_LISTINGS).itertuples()],
        "n_hidden": 0 if listings is None else max(0, len(listings) - _MAX_LISTINGS),
    }


def _listing(row: Any) -> dict[str, Any]:
    link = live_link(row.url)
    return {
        "title": marked(row.title, [(m["start"], m["end"]) for m in row.highlights if m["field"] == "title"]),
        "price": format_price(row.price_vnd),
        "reasons": [visible(text) for text in row.reasons],
        "ident": f"{platform_name(row.platform)} {visible(row.listing_id)}",
        "link": link,
        "dead": "" if link else dead_link(row.url),
        "captured": format_time(row.captured_at),
        "source": f"{visible(row.source_file)}, dòng {int(row.source_line)}",
        "row_hash": row.row_hash,
    }


def marked(text: str, spans: list[tuple[int, int]]) -> Markup:
    """Return ``text`` escaped, with the given spans in ``<mark>``."""
    out, reached = Markup(""), 0
    for start, end in sorted(spans):
        if start < reached or end > len(text):
            continue
        out += escape(visible(text[reached:start])) + Markup("<mark>") + escape(visible(text[start:end])) + Markup("</mark>")
        reached = end
    return out + escape(visible(text[reached:]))
