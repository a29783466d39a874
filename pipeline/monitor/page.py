"""``RUNS/monitor.html``: the last night's alerts, drift, crawl health, promises, and the nights before; one file without script or network.

Names come from crawls, so all text is escaped, and only the page's own style passes its Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import jinja2
from markupsafe import Markup

from pipeline.monitor import words
from pipeline.monitor.checks import CRAWL, Check
from pipeline.monitor.lines import history_row
from pipeline.monitor.settings import MonitorRules
from pipeline.monitor.watching import Watched
from pipeline.reports.safe_text import visible
from pipeline.reports.wording import format_count, format_date, format_share, format_time
from pipeline.store import write_atomically

PAGE = "monitor.html"
_HERE = Path(__file__).parent
#: Drawn over the nights: rule, subject.
_DRAWN = [("score", ""), ("price", ""), ("goods", ""), ("platforms", ""), ("list", "behaviours"), ("list", "goods"), ("new_words", "")]
_WIDTH, _HEIGHT, _EDGE = 240, 44, 6


def write_page(path: Path, watched: Watched, rules: MonitorRules, *, made_at: datetime) -> None:
    """Write the page for the nights in ``watched``, of which there is at least one."""
    style = (_HERE / "monitor.css").read_text(encoding="utf-8")
    last = watched.nights[-1]
    html = _template().render(
        style=Markup(style),
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        night=format_date(date.fromisoformat(last["night"])),
        run_id=last["run_id"],
        made_at=format_time(made_at),
        late=watched.late,
        unread=watched.unread,
        alerts=[_row(one) for one in watched.alerts],
        drift=[{**_row(one), "line": _line(watched, one)} for one in watched.tonight if one.rule not in CRAWL or one.rule == "platforms"],
        crawl=[_row(one) for one in watched.tonight if one.rule in CRAWL and one.rule not in ("platforms", "missing")],
        missing=[_row(one) for one in _most_missing(watched.tonight)],
        platforms=_platforms(watched, rules),
        none_yet=words.NONE_YET,
        promises=[_promise(one) for one in watched.promises],
        in_force=watched.in_force,
        proposed=watched.proposed,
        crawl_ill=words.CRAWL_ILL if any(one.rule in CRAWL for one in watched.alerts) else None,
        accepted=[{**one, "at": format_time(datetime.fromisoformat(one["at"]))} for one in reversed(watched.accepted)],
        history=[_history(row) for row in reversed([history_row(*one) for one in zip(watched.nights, watched.found, strict=True)])],
    )
    write_atomically(path, lambda partial: _write(partial, html))


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["seen"] = lambda text: visible(str(text))
    return environment.get_template("monitor.html.j2")


def _row(one: Check) -> dict[str, Any]:
    return {
        "rule": words.RULES[one.rule],
        "about": visible(words.subject(one)),
        "state": one.state,
        "said": words.STATES[one.state],
        "value": words.number(one.value),
        "threshold": words.number(None if one.value is None else one.threshold),
        "chance": words.number(one.chance),
        "n": format_count(one.n),
        "why": words.WHY.get(one.why, one.why),
    }


def _most_missing(tonight: list[Check]) -> list[Check]:
    """The fields that are lacking more than before; the others are counted by platform."""
    rose = [one for one in tonight if one.rule == "missing" and (one.value or 0) > 0]
    return sorted(rose, key=lambda one: (-(one.value or 0), one.subject))[:20]


def _platforms(watched: Watched, rules: MonitorRules) -> list[dict[str, str]]:
    """Each platform of tonight or of the nights it is compared with: listings now, then, and how its fields are filled."""
    last, before = watched.nights[-1], watched.nights[:-1][-rules.baseline.nights :]
    rows = []
    for name in sorted({name for one in (last, *before) for name in one["platforms"]}):
        now = last["platforms"].get(name, {"listings": 0, "present": {}, "sources": {}})
        earlier = [one["platforms"][name]["listings"] for one in before if name in one["platforms"]]
        filled = sum(1 for number in now["present"].values() if now["listings"] and number >= 0.5 * now["listings"])
        rows.append(
            {
                "name": visible(name), "now": format_count(now["listings"]), "then": format_count(median(earlier)) if earlier else words.NONE_YET,
                "filled": f"{filled}/{len(now['present'])}", "sources": visible(", ".join(sorted(now["sources"]))),
            }
        )  # fmt: skip
    return rows


def _promise(one: Any) -> dict[str, str]:
    return {
        "month": one.month or "Tất cả", "decided": format_count(one.decided), "expected": words.number(one.expected),
        "found": format_count(one.found), "bounds": f"{words.number(one.low)} đến {words.number(one.high)}",
    }  # fmt: skip


def _history(row: dict[str, Any]) -> dict[str, Any]:
    share = format_share(row["red"] / row["scored"]) if row["scored"] else "–"
    counts = {name: format_count(value) for name, value in row.items() if name not in ("night", "run_id", "alerts")}
    return {**row, **counts, "night": format_date(date.fromisoformat(row["night"])), "red_share": share}


def _line(watched: Watched, drawn: Check) -> Markup | None:
    """Draw a check's value over the nights with its threshold; ``None`` where fewer than two nights know it."""
    if (drawn.rule, drawn.subject) not in _DRAWN:
        return None
    known = [
        (place, one)
        for place, found in enumerate(watched.found)
        for one in found
        if (one.rule, one.subject) == (drawn.rule, drawn.subject) and one.value is not None
    ]
    if len(known) < 2:
        return None
    most = max(drawn.threshold * 1.2, *(one.value or 0 for _, one in known)) or 1.0
    span = max(1, len(watched.found) - 1)

    def at(place: int, value: float) -> tuple[float, float]:
        x = _EDGE + (_WIDTH - 2 * _EDGE) * place / span
        return round(x, 1), round(_HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * max(0.0, value) / most, 1)

    points = " ".join("{},{}".format(*at(place, one.value or 0)) for place, one in known)
    dots = [at(place, one.value or 0) for place, one in known if one.state == "alert"]
    level = at(0, drawn.threshold)[1]
    said = f"{words.RULES[drawn.rule]}: {len(known)} đêm, gần nhất {words.number(known[-1][1].value)}, ngưỡng {words.number(drawn.threshold)}"
    return (
        Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><line x1="0" x2="{}" y1="{}" y2="{}"/>').format(
            _WIDTH, _HEIGHT, said, _WIDTH, level, level
        )
        + Markup('<polyline points="{}"/>').format(points)
        + Markup("").join(Markup('<circle cx="{}" cy="{}" r="3.5"/>').format(*dot) for dot in dots)
        + Markup("</svg>")
    )


def _write(path: Path, html: str) -> None:
    path.write_text(html, encoding="utf-8")
