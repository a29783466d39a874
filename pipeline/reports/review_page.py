"""``review.html``: one listing at a time, one key a judgement, the machine's reasons only afterwards; no network, and a CSV to send back."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from pipeline.reports.review_words import BEHAVIOURS, INTRO, JUDGEMENTS, TITLE, address, description, facts
from pipeline.reports.safe_text import visible
from pipeline.reports.wording import FOOTER, SYNTHETIC, format_price

_TEMPLATES = Path(__file__).parent / "templates"


def write_review_page(path: Path, listings: pd.DataFrame, *, name: str, synthetic: bool) -> None:
    """Write the page for the sample ``name``; ``listings``: ``code``, the listing as crawled, ``reasons``, in reading order."""
    style, script = _asset("review.css"), _asset("review.js")
    html = _template().render(
        title=TITLE,
        intro=INTRO,
        sample=name,
        banner=SYNTHETIC if synthetic else "",
        judgements=[(code, text, why) for code, (text, why) in JUDGEMENTS.items()],
        behaviours=list(BEHAVIOURS.items()),
        items=[_item(row) for row in listings.itertuples()],
        footer=FOOTER,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    path.write_text(html, encoding="utf-8")


def _item(row: Any) -> dict[str, Any]:
    link, ident = address(row)
    return {
        "code": row.code,
        "title": visible(row.title),
        "price": format_price(row.price_vnd),
        "facts": [(name, visible(value)) for name, value in facts(row)],
        "description": description(row),
        "link": link,
        "ident": ident,
        "reasons": [visible(text) for text in row.reasons],
    }


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("review.html.j2")


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The Content-Security-Policy's name for an inline block: only these two run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
