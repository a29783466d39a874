"""The state of the labels as lines for a terminal, for whoever decides what is looked at next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.reports.safe_text import one_line

_KINDS = {"finding": "findings (inspections, takedowns, complaints, test purchases, appeals)", "triage": "desk reviews (worth a look or not)"}
_MOST = 12


def label_lines(said: dict[str, Any]) -> list[str]:
    """Return the summary of `pipeline.stages.label_report`."""
    parts = (_definitions, _counts, _missing, _gaps, _prevalence, _signs, _refit, _doubts, _next)
    return [one_line(line) for part in parts for line in part(said)] + [one_line(f"note: {note}") for note in said["notes"]]


def _definitions(said: dict[str, Any]) -> Iterator[str]:
    yield f"labels beside {said['listings']:,} listings"
    for kind, name in _KINDS.items():
        one = said["definitions"][kind]
        days = one["maturity_days"]
        ripe = "how long they take to be known: unknown" if days is None else f"known after {days} days in nine cases of ten"
        yield (
            f"  {name}: {one['positive']:,} positive; negative {one['negative_primary']:,} (inspected, not confirmed), "
            f"{one['negative_strict']:,} (cleared only); {ripe}"
        )
    sellers = said["definitions"]["sellers"]
    yield f"  whole sellers, never copied to their listings: {sellers['positive']:,} positive, {sellers['negative']:,} negative"


def _counts(said: dict[str, Any]) -> Iterator[str]:
    counts = said["counts"]
    yield "by source"
    for source, statuses in counts["by_source"].items():
        yield f"  {source}: " + ", ".join(f"{name} {n:,}" for name, n in sorted(statuses.items(), key=lambda item: -item[1]))
    behaviours = ", ".join(f"{name} {n:,}" for name, n in counts["by_behaviour"].items() if n)
    yield f"by behaviour: {behaviours or 'none'} ({counts['behaviour_not_said']:,} say none and count as counterfeit)"
    for title, key in (("by goods group", "by_goods_group"), ("by month", "by_month")):
        yield f"{title} (positive / negative / strictly negative)"
        rows = list(counts[key].items())
        ordered = sorted(rows, key=lambda item: -sum(item[1].values())) if key == "by_goods_group" else rows
        for name, one in ordered[:_MOST] if key == "by_goods_group" else ordered[-_MOST:]:
            yield f"  {name}: {one['positive']:,} / {one['negative']:,} / {one['strictly_negative']:,}"
        if len(rows) > _MOST:
            yield f"  … and {len(rows) - _MOST} more (--json has them all)"
    if counts["not_in_the_crawl"]:
        yield f"{counts['not_in_the_crawl']:,} labels name no listing of this crawl"


def _missing(said: dict[str, Any]) -> Iterator[str]:
    yield "before a model may take over"
    for name, one in said["missing"].items():
        short = max(0, one["positives_needed"] - one["positives"]), max(0, one["sellers_needed"] - one["sellers"])
        lacks = f"missing {short[0]:,} positives, {short[1]:,} sellers" if any(short) else "enough; whether it takes over, `soihang train` decides"
        yield f"  {name}: {one['positives']:,} positives of {one['sellers']:,} sellers: {lacks}"


def _gaps(said: dict[str, Any]) -> Iterator[str]:
    gaps = said["gaps"]
    for title, name in (("goods groups", "goods_group"), ("platforms", "platform")):
        rows = gaps[f"{name}s"]
        if rows:
            shown = "; ".join(f"{one[name]} ({one['listings']:,} listings, {one['with_signs']:,} with signs)" for one in rows[:6])
            yield f"{title} nobody has looked at: {shown}" + (f"; … and {len(rows) - 6} more" if len(rows) > 6 else "")
    if not gaps["looks_of_recorded_chance"]:
        yield "no look was drawn with a recorded chance: `soihang review sample` draws some"


def _prevalence(said: dict[str, Any]) -> Iterator[str]:
    if not said["prevalence"]:
        yield "share of the market: unknown (no label)"
    for kind, one in said["prevalence"].items():
        what = "worth a look" if kind == "triage" else "confirmed"
        if one["value"] is None:
            implied = ", ".join(f"{share:.1%} if {float(found):.0%} of all have been found" for found, share in one["implied"].items())
            bounds = f"between {one['low']:.2%} and {one['high']:.2%}"
            yield f"share {what} in the market: unknown, no chance of selection was recorded; {bounds}; {implied}"
        else:
            yield (
                f"share {what} in the market: {one['value']:.2%} [{one['low']:.2%}, {one['high']:.2%}] "
                f"from {one['n']:,} looks of recorded chance"
            )
            if one["n_undecided"]:
                yield f"  were the {one['n_undecided']:,} undecided all negative, or all positive: {one['least']:.2%} to {one['most']:.2%}"


def _signs(said: dict[str, Any]) -> Iterator[str]:
    signs = said["signs"]
    yield f"signs as rules (precision by {'desk reviews' if signs['precision_of'] == 'triage' else 'findings'}, where people looked)"
    yield f"  {'sign':<28}{'fires':>8}{'overlap':>9}{'conflict':>9}{'control':>9}  precision"
    for one in signs["each"][:_MOST]:
        control = "     –" if one["control_rate"] is None else f"{one['control_rate']:.2%}"
        seen = f"{one['n_positive']}/{one['n_labelled']} [{one['low']:.2f}, {one['high']:.2f}]" if one["n_labelled"] else "no label"
        yield f"  {one['sign_id']:<28}{one['n_fired']:>8,}{one['overlap']:>9.0%}{one['conflict']:>9.0%}{control:>9}  {seen}"
    if len(signs["each"]) > _MOST:
        yield f"  … and {len(signs['each']) - _MOST} more (--json has them all)"


def _refit(said: dict[str, Any]) -> Iterator[str]:
    one = said["refit"]
    if one is None:
        yield "evidence weights: too few labels to correct the written ones"
        return
    gain = one["gain"]
    bounds = f" [{gain['ci'][0]:+.3f}, {gain['ci'][1]:+.3f}]" if gain["ci"] else ""
    verdict = "better on sellers they were not fitted to" if one["wins"] else "no better than the written ones: keep those"
    yield f"evidence weights re-fitted: PR-AUC {gain['refitted']:.3f} against {gain['written']:.3f}, {gain['difference']:+.3f}{bounds}: {verdict}"
    for factor in sorted(one["factors"], key=lambda row: -abs(row["factor"] - 1))[:6]:
        yield f"  {factor['weight']} × {factor['factor']:.2f} [{factor['low']:.2f}, {factor['high']:.2f}] ({factor['n_rows']:,} labelled listings)"


def _doubts(said: dict[str, Any]) -> Iterator[str]:
    doubts = said["doubtful"]
    yield f"labels to check again: {doubts['n_conflicts']:,} on which sources differ"
    for one in doubts["conflicts"][:6]:
        yield f"  {one['platform']} {one['listing_id']}: {one['said']}"
    if doubts["unexpected"] is None:
        yield "  too few labels to find those that other labels do not believe"
        return
    yield f"  {doubts['n_unexpected']:,} that labels of other sellers do not believe:"
    for one in doubts["unexpected"][:6]:
        yield f"  {one['platform']} {one['listing_id']}: {one['status']}, expected {one['expected']:.0%}: {str(one['title'])[:70]}"


def _next(said: dict[str, Any]) -> Iterator[str]:
    yield f"looks that would teach most ({said['next']['by']}; goods groups with the most candidates a label first; one a seller, none labelled yet)"
    for one in said["next"]["listings"]:
        where = f"{_goods(one['goods'])}: {one['n_candidates']:,} candidates, {int(one['n_labelled']):,} labels"
        yield f"  {one['platform']} {one['listing_id']} ({where}): {str(one['title'])[:60]}"


def _goods(name: str) -> str:
    return "goods unknown" if name == "?" else name
