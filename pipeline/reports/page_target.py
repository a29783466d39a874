"""One target as the page shows it: its row in the list, and its own page with words, prices, days and what to verify."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from pipeline.reports import target_row
from pipeline.reports.charts import price_against_peers, timeline
from pipeline.reports.safe_text import dead_link, live_link, visible, without_email
from pipeline.reports.target_row import items_of, value_of
from pipeline.reports.wording import LEVEL_ONE, STILL_SHOWN, format_captured, format_date, format_price, platform_name
from pipeline.sources.times import VIETNAM

_MAX_LISTINGS = 6
_MAX_EVENTS = 12
#: Factors of harm in the order they are multiplied; how likely is said by the level, never by a figure.
_FACTORS = (
    ("factor_severity", "mức nặng của dấu hiệu"), ("factor_health", "ảnh hưởng sức khỏe của nhóm hàng"), ("factor_reach", "lượng bán, đánh giá"),
    ("factor_value", "giá trị hàng thật"), ("factor_campaign", "chuyên đề"),
)  # fmt: skip


def list_row(row: Any) -> dict[str, Any]:
    """Return what the list shows of a target; every word of it can be searched."""
    return {
        "code": row.code,
        "rank": row.rank,
        "shop": target_row.shop(row),
        "sites": target_row.sites(row),
        "level": row.level,
        "first": row.level == LEVEL_ONE,
        "standing": row.standing,
        "authority": row.authority,
        "queue": value_of(row, "queue"),
        "goods": value_of(row, "goods", "chưa xác định"),
        "brands": value_of(row, "brands"),
        "signs": row.signs,
        "lead": target_row.main_reason(row),
        "counts": f"{row.n_flagged}/{row.n_collected}",
        "change": value_of(row, "change"),
    }


def target_page(row: Any, listings: Sequence[Any]) -> dict[str, Any]:
    """Return a target's own page; ``listings`` are the rows under it."""
    shown = listings[:_MAX_LISTINGS]
    url = value_of(row, "subject_url", None)
    events, drawn = _days(listings)
    return {
        **list_row(row),
        "lead_authority": target_row.authorities(row).split("\n"),
        "reasons": [target_row.main_reason(row), *target_row.other_reasons(row)],
        "signs": row.signs.split("; "),
        "factors": _factors(row),
        "change_said": target_row.change(row),
        "action": row.action,
        "to_verify": items_of(row, "to_verify"),
        "notes": target_row.notes(row),
        "network": items_of(row, "network_shops"),
        "place": target_row.place(row),
        "link": live_link(url),
        "dead": "" if live_link(url) else dead_link(url),
        "events": events,
        "timeline": drawn,
        "listings": [_listing(one) for one in shown],
        "n_hidden": len(listings) - len(shown),
    }


def _factors(row: Any) -> list[tuple[str, str]]:
    found = [(label, value_of(row, name, None)) for name, label in _FACTORS]
    return [(label, f"× {value:.2f}".replace(".", ",")) for label, value in found if value is not None]


def _listing(row: Any) -> dict[str, Any]:
    link = live_link(row.url)
    return {
        "title": marked(row.title, [(m["start"], m["end"]) for m in row.highlights if m["field"] == "title"]),
        "price": format_price(row.price_vnd),
        "chart": _price_chart(row),
        "reasons": [visible(text) for text in row.reasons],
        "ident": f"{platform_name(row.platform)} {visible(row.listing_id)}",
        "link": link,
        "dead": "" if link else dead_link(row.url),
        "captured": format_captured(row.captured_at, value_of(row, "captured_precision", "second")),
        "source": f"{visible(row.source_file)}, dòng {int(row.source_line)}",
        "row_hash": row.row_hash,
    }


def _price_chart(row: Any) -> Markup | None:
    low, middle, high = (float(value_of(row, name, math.nan)) for name in ("peer_low", "peer_middle", "peer_high"))
    return price_against_peers(float(row.price_vnd), low, middle, high, genuine=value_of(row, "genuine_floor", None))


def _days(listings: Sequence[Any]) -> tuple[list[str], Markup | None]:
    """What happened on which day, latest last, and the drawing of it."""
    if not listings:
        return [], None
    per_day: Counter[date] = Counter()
    events: list[tuple[date, str]] = []
    for row in listings:
        seen = value_of(row, "sightings", None) or [(row.captured_at, row.price_vnd)]
        per_day.update({_day(when) for when, _ in seen})
        events += _of_listing(visible(row.title), seen)
    days = sorted(per_day.items())
    events.sort(key=lambda event: event[0])
    dropped = len(events) - _MAX_EVENTS
    lines = [f"{format_date(day)}: {text}" for day, text in events[-_MAX_EVENTS:]]
    lines = ([f"(còn {dropped} mốc trước đó)"] if dropped > 0 else []) + lines
    last, n = days[-1]
    return [*lines, f"{STILL_SHOWN} {format_date(last)}: {n} tin"], timeline(days)


def _of_listing(title: str, seen: list[tuple[datetime, float]]) -> list[tuple[date, str]]:
    """The first day a listing was seen, and each change of its price."""
    name = f"“{title if len(title) <= 60 else title[:59] + '…'}”"
    first, price = seen[0]
    events = [(_day(first), f"lần đầu thấy tin {name}, giá {format_price(price)}")]
    for when, asked in seen[1:]:
        if asked != price and not (asked != asked and price != price):
            events.append((_day(when), f"tin {name} đổi giá từ {format_price(price)} thành {format_price(asked)}"))
            price = asked
    return events


def _day(when: datetime) -> date:
    return when.astimezone(VIETNAM).date()


def marked(text: str, spans: list[tuple[int, int]]) -> Markup:
    """Return ``text`` escaped, with the given spans in ``<mark>``."""
    out, reached, text = Markup(""), 0, without_email(text)
    for start, end in sorted(spans):
        if start < reached or end > len(text):
            continue
        out += escape(visible(text[reached:start])) + Markup("<mark>") + escape(visible(text[start:end])) + Markup("</mark>")
        reached = end
    return out + escape(visible(text[reached:]))
