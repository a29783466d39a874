"""Every rule of ``configs/monitor.yaml`` held against one night: alert, quiet, or silent because it could not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Literal, NamedTuple

from pipeline.monitor.compare import Shift, aligned, psi, ratio, rise
from pipeline.monitor.settings import MonitorRules

State = Literal["alert", "quiet", "silent"]
#: Rules that say that the market moved; the others, that the crawl is ill.
DRIFT = ("score", "price", "goods", "list", "new_words", "calibration")
CRAWL = ("platforms", "missing", "quarantined", "volume", "field_gone", "layout", "source_changed")
Figures = Mapping[str, Any]


class Check(NamedTuple):
    """One rule about one ``subject`` (a platform, "platform: field", a source; empty: the whole night).

    ``value`` is held against ``threshold``; ``chance`` is how far chance alone goes and ``n`` the smaller of the two samples. Where
    ``state`` is silent, ``why`` says what was missing.
    """

    rule: str
    subject: str
    state: State
    value: float | None
    threshold: float
    chance: float | None
    n: int
    why: str = ""


def checks(night: Figures, before: Sequence[Figures], rules: MonitorRules) -> list[Check]:
    """Return all checks of ``night`` against the nights ``before`` it, the newest of which are last."""
    compared = list(before)[-rules.baseline.nights :]
    if len(compared) < rules.baseline.least:
        return [Check("nights", "", "silent", None, rules.baseline.least, None, len(compared), "nights_missing")]
    return [*_drift(night, compared, rules), *_platforms(night, compared, rules), *_sources(night, compared, rules)]


def _drift(night: Figures, before: Sequence[Figures], rules: MonitorRules) -> Iterator[Check]:
    scored_alike = [one for one in before if (one["score_kind"], one["model_version"]) == (night["score_kind"], night["model_version"])]
    if len(scored_alike) < rules.baseline.least:
        # Another model spreads its scores otherwise over the same market.
        yield Check("score", "", "silent", None, rules.psi.score, None, len(scored_alike), "model_changed")
    else:
        yield _judged("score", "", psi(night["score"], [one["score"] for one in scored_alike], rules.sampling), rules.psi.score)
    yield _judged("price", "", psi(night["price"], [one["price"] for one in before], rules.sampling), rules.psi.price)
    yield _judged("goods", "", psi(*aligned(night["goods"], [one["goods"] for one in before]), rules.sampling), rules.psi.goods)
    mix = [{name: of["listings"] for name, of in one["platforms"].items()} for one in (night, *before)]
    yield _judged("platforms", "", psi(*aligned(mix[0], mix[1:]), rules.sampling), rules.psi.platforms)
    yield from list_checks(night["list"], [one["list"] for one in before], rules)
    said = [one["new_words"] for one in (night, *before)]
    pairs = [(one["share"] * one["titles"], one["titles"]) if one else (0.0, 0.0) for one in said]
    yield _judged("new_words", "", rise(pairs[0], pairs[1:], rules.sampling), rules.shares.new_words)


def list_checks(now: Figures, before: Sequence[Figures], rules: MonitorRules) -> Iterator[Check]:
    """Hold the make-up of a list (`pipeline.monitor.figures.list_mix`) against that of lists before it."""
    for part in ("behaviours", "goods", "platforms"):
        # Targets are sellers and networks, each once: no design effect.
        shift = psi(*aligned(now[part], [one[part] for one in before]), rules.sampling, effect=1)
        yield _judged("list", part, shift, rules.psi.list)


def _platforms(night: Figures, before: Sequence[Figures], rules: MonitorRules) -> Iterator[Check]:
    for platform in sorted({name for one in (night, *before) for name in one["platforms"]}):
        earlier = [one["platforms"][platform] for one in before if platform in one["platforms"]]
        now = night["platforms"].get(platform, {"listings": 0, "present": {}, "sources": {}})
        if len(earlier) < rules.baseline.least:
            yield Check("volume", platform, "silent", None, rules.crawl.volume_low, None, len(earlier), "nights_missing")
            continue
        if not now["listings"] and len(earlier) < len(before):
            yield Check("volume", platform, "silent", 0, rules.crawl.volume_low, None, len(earlier), "not_nightly")
            continue
        yield _volume(platform, now["listings"], [one["listings"] for one in earlier], rules)
        if now["listings"]:
            yield from _fields(platform, now, earlier, night, before, rules)


def _volume(platform: str, now: int, earlier: Sequence[int], rules: MonitorRules) -> Check:
    shift = ratio(now, earlier, rules.sampling)
    if shift is None:
        return Check("volume", platform, "silent", None, rules.crawl.volume_low, None, 0, "nothing_to_compare")
    is_high = shift.value > 1
    threshold = rules.crawl.volume_high if is_high else rules.crawl.volume_low
    if shift.chance > abs(threshold - 1):
        return Check("volume", platform, "silent", shift.value, threshold, shift.chance, shift.n, "too_few")
    passed = shift.value >= threshold if is_high else shift.value <= threshold
    return Check("volume", platform, "alert" if passed else "quiet", shift.value, threshold, shift.chance, shift.n)


def _fields(
    platform: str, now: Figures, earlier: Sequence[Figures], night: Figures, before: Sequence[Figures], rules: MonitorRules
) -> Iterator[Check]:
    gone = 0
    for field in sorted(now["present"]):
        shift = rise(_missing(now, field), [_missing(one, field) for one in earlier], rules.sampling)
        had = median([one["present"].get(field, 0) / one["listings"] for one in earlier])
        has = now["present"][field] / now["listings"]
        subject, fall = f"{platform}: {field}", rules.crawl.gone_from - rules.crawl.gone_to
        is_gone = had >= rules.crawl.gone_from and has <= rules.crawl.gone_to and shift is not None and shift.chance <= fall
        gone += is_gone
        if is_gone and shift is not None:
            yield Check("field_gone", subject, "alert", round(had - has, 4), fall, shift.chance, shift.n)
        else:
            yield _judged("missing", subject, shift, rules.shares.missing)
    if gone >= rules.crawl.layout_fields:
        yield Check("layout", platform, "alert", gone, rules.crawl.layout_fields, None, now["listings"])
    reader, was = _reader(now), {_reader(one) for one in earlier}
    if reader not in was:
        yield Check("source_changed", f"{platform}: {reader}", "alert", 1, 1, None, now["listings"])
    sure = [one["sources"][reader]["confidence"] for one in before if reader in one["sources"]]
    if sure and reader in night["sources"]:
        less = round(median(sure) - night["sources"][reader]["confidence"], 4)
        state: State = "alert" if less >= rules.crawl.layout_confidence else "quiet"
        yield Check("layout", f"{platform}: {reader}", state, less, rules.crawl.layout_confidence, None, now["listings"])


def _sources(night: Figures, before: Sequence[Figures], rules: MonitorRules) -> Iterator[Check]:
    for source, now in sorted(night["sources"].items()):
        earlier = [one["sources"][source] for one in before if source in one["sources"]]
        enough = len(earlier) >= rules.baseline.least
        shift = rise(_refused(now), [_refused(one) for one in earlier], rules.sampling) if enough else None
        yield _judged("quarantined", source, shift, rules.shares.quarantined)


def _judged(rule: str, subject: str, shift: Shift | None, threshold: float) -> Check:
    """A shift that chance alone could have made says nothing, whether it is over its threshold or under."""
    if shift is None:
        return Check(rule, subject, "silent", None, threshold, None, 0, "nothing_to_compare")
    if shift.chance > threshold:
        return Check(rule, subject, "silent", shift.value, threshold, shift.chance, shift.n, "too_few")
    return Check(rule, subject, "alert" if shift.value >= threshold else "quiet", shift.value, threshold, shift.chance, shift.n)


def _missing(one: Figures, field: str) -> tuple[float, float]:
    return one["listings"] - one["present"].get(field, 0), one["listings"]


def _refused(one: Figures) -> tuple[float, float]:
    return one["quarantined"], one["read"]


def _reader(one: Figures) -> str:
    """The mapping that read most of a platform's listings."""
    sources: Mapping[str, int] = one["sources"]
    return min(sources, key=lambda name: (-sources[name], name))
