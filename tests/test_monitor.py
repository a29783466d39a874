"""Watching the nights: what moved, what chance alone would move, what is ill in the crawl, and who said that more is read at random."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from features.errors import ConfigError, DataError
from pipeline.cli import app
from pipeline.config import RunConfig, configs_dir, load_run_config
from pipeline.monitor.calibration import check_promises, promises
from pipeline.monitor.checks import checks
from pipeline.monitor.compare import needed_for_psi, needed_for_rise, psi, rise
from pipeline.monitor.exploration import accept, acceptances, proposal, runs_of, with_accepted
from pipeline.monitor.figures import FIELDS, PRICE_EDGES, SCORE_EDGES
from pipeline.monitor.page import PAGE
from pipeline.monitor.settings import CalibrationRule, SamplingRule, load_monitor_rules
from pipeline.monitor.watching import age, watch
from pipeline.prune import old_nights, take_away
from pipeline.register.coverage import Coverage, coverage
from pipeline.stages.night import night
from pipeline.stages.run import RunReport
from pipeline.tables.targets import CHOSEN
from pipeline.trail.chain import read_entries
from tests.conftest import REAL
from tests.returned_lists import CODES, DUE, register, results, take

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
RULES = load_monitor_rules()
INDEPENDENT = SamplingRule(false_alarm=0.001, design_effect=1)
WEEK = [f"2026-11-{day:02d}" for day in range(17, 24)]


def figures(day: str, *, n: int = 20_000, **other: Any) -> dict[str, Any]:
    """A night of one platform with half its prices in each of two bins, every field filled."""
    prices, scores = [0] * (len(PRICE_EDGES) + 1), [n] + [0] * len(SCORE_EDGES)
    prices[8], prices[9] = n // 2, n - n // 2
    counts = dict.fromkeys(("read", "listings", "scored", "new"), n) | dict.fromkeys(
        ("quarantined", "changed", "gone", "red", "targets", "chosen"), 0
    )
    return {
        "version": 1, "night": day, "ended_at": f"{day}T19:00:00+00:00", "run_id": f"run{day}",
        "score_kind": "evidence", "model_version": "evidence-1",
        "configs_hash": "", "code_hash": "", "review_slots": 2, "counts": counts, "score": scores, "price": prices, "goods": {"giày dép": n},
        "list": {"behaviours": {"counterfeit": 400}, "goods": {"giày dép": 400}, "platforms": {"sàn a": 400}},
        "new_words": {"titles": n, "words": 5 * n, "share": 0.01, "against": "the night before"},
        "platforms": {"sàn a": platform(n)}, "sources": {"mapping": {"read": n, "quarantined": 0, "confidence": 0.9}},
        **other,
    }  # fmt: skip


def platform(n: int, **lacking: int) -> dict[str, Any]:
    return {"listings": n, "present": {field: n - lacking.get(field, 0) for field in FIELDS}, "sources": {"mapping": n}}


def dearer(n: int = 20_000) -> list[int]:
    prices = [0] * (len(PRICE_EDGES) + 1)
    prices[8], prices[9] = n // 10, n - n // 10
    return prices


def alerts(tonight: dict[str, Any], before: list[dict[str, Any]] | None = None) -> set[tuple[str, str]]:
    found = checks(tonight, before if before is not None else [figures(day) for day in WEEK], RULES)
    return {(one.rule, one.subject) for one in found if one.state == "alert"}


@pytest.fixture
def runs(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes nights as `soihang night` leaves them and returns the folder."""

    def write(*nights: dict[str, Any]) -> Path:
        for one in nights:
            folder = tmp_path / "runs" / one["night"]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "monitor.json").write_text(json.dumps(one), encoding="utf-8")
            (folder / "run.json").write_text("{}", encoding="utf-8")
            (tmp_path / "runs" / "latest").write_text(one["night"] + "\n", encoding="utf-8")
        return tmp_path / "runs"

    return write


def soihang(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


# --- the arithmetic ------------------------------------------------------------------------------------------------------------------------


def test_the_index_of_half_and_half_become_eight_and_two() -> None:
    # (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5) = 0.3 * 0.4700 + 0.3 * 0.9163 = 0.4159
    shift = psi([80_000, 20_000], [[50_000, 50_000]], INDEPENDENT)
    assert shift is not None and shift.value == pytest.approx(0.4159, abs=1e-3)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.3, 0.3, 0.2, 0.1, 0.05, 0.05], [0.1] * 10])
def test_where_nothing_moved_the_index_passes_its_limit_as_often_as_promised(shares: list[float]) -> None:
    rng, sampling = np.random.default_rng(7), SamplingRule(false_alarm=0.05, design_effect=1)
    shifts = [psi(rng.multinomial(3000, shares).tolist(), [rng.multinomial(5000, shares).tolist()], sampling) for _ in range(1000)]
    passed = sum(one is not None and one.value > one.chance for one in shifts) / 1000
    # 5 % of 1,000 draws, give or take four standard errors of 0.7 %.
    assert 0.022 < passed < 0.078


def test_a_share_that_did_not_rise_passes_its_limit_as_often_as_promised() -> None:
    rng, sampling = np.random.default_rng(8), SamplingRule(false_alarm=0.05, design_effect=1)
    shifts = [rise((rng.binomial(2000, 0.2), 2000), [(rng.binomial(2000, 0.2), 2000)], sampling) for _ in range(1000)]
    passed = sum(one is not None and one.value > one.chance for one in shifts) / 1000
    assert 0.022 < passed < 0.078


@given(threshold=st.floats(0.05, 1), bins=st.integers(2, 20), effect=st.floats(1, 30))
def test_a_sample_of_the_size_needed_may_speak_and_one_a_tenth_smaller_may_not(threshold: float, bins: int, effect: float) -> None:
    sampling = SamplingRule(false_alarm=0.001, design_effect=effect)
    needed = needed_for_psi(threshold, bins, sampling)
    for n, is_enough in ((needed, True), (0.9 * needed, False)):
        even = [n / bins] * bins
        shift = psi(even, [even], sampling)
        assert shift is not None and shift.value == 0 and (shift.chance <= threshold + 1e-4) is is_enough


def test_the_size_needed_for_a_share_is_where_chance_meets_the_threshold() -> None:
    n = needed_for_rise(0.1, 0.5, INDEPENDENT)
    shift = rise((n / 2, n), [(n / 2, n)], INDEPENDENT)
    assert shift is not None and shift.chance == pytest.approx(0.1, abs=1e-3)


# --- rules ---------------------------------------------------------------------------------------------------------------------------------


def test_a_night_like_the_others_is_quiet() -> None:
    assert alerts(figures("2026-11-24")) == set()


def test_prices_that_moved_are_an_alert_and_too_few_of_them_are_not() -> None:
    assert ("price", "") in alerts(figures("2026-11-24", price=dearer()))
    small = [figures(day, n=200) for day in WEEK]
    found = {one.rule: one for one in checks(figures("2026-11-24", n=200, price=dearer(200)), small, RULES) if one.rule == "price"}
    assert found["price"].state == "silent" and found["price"].why == "too_few"
    assert found["price"].value is not None and found["price"].value > RULES.psi.price


def test_scores_of_another_model_are_not_compared() -> None:
    tonight = figures("2026-11-24", model_version="another", score=[0] * len(SCORE_EDGES) + [20_000])
    found = [one for one in checks(tonight, [figures(day) for day in WEEK], RULES) if one.rule == "score"]
    assert [(one.state, one.why) for one in found] == [("silent", "model_changed")]
    assert ("score", "") in alerts(figures("2026-11-24", score=[0] * len(SCORE_EDGES) + [20_000]))


def test_new_words_goods_and_a_list_of_other_goods_are_alerts() -> None:
    words = {"titles": 20_000, "words": 100_000, "share": 0.09, "against": "2026-11-23"}
    assert alerts(figures("2026-11-24", new_words=words)) == {("new_words", "")}
    assert alerts(figures("2026-11-24", goods={"thuốc": 20_000})) == {("goods", "")}
    other = figures("2026-11-24")["list"] | {"goods": {"thuốc": 400}}
    assert alerts(figures("2026-11-24", list=other)) == {("list", "goods")}


def test_a_field_gone_is_named_and_two_mean_another_layout() -> None:
    one = figures("2026-11-24", platforms={"sàn a": platform(20_000, n_sold=20_000)})
    assert alerts(one) == {("field_gone", "sàn a: n_sold")}
    two = figures("2026-11-24", platforms={"sàn a": platform(20_000, n_sold=20_000, rating=19_900)})
    assert alerts(two) == {("field_gone", "sàn a: n_sold"), ("field_gone", "sàn a: rating"), ("layout", "sàn a")}


def test_a_field_that_is_lacking_more_often_is_an_alert() -> None:
    assert alerts(figures("2026-11-24", platforms={"sàn a": platform(20_000, n_sold=4000)})) == {("missing", "sàn a: n_sold")}
    assert alerts(figures("2026-11-24", platforms={"sàn a": platform(20_000, n_sold=1000)})) == set()


def test_a_platform_that_shrank_or_vanished_is_an_alert_unless_it_never_came_every_night() -> None:
    def both(day: str, b: int) -> dict[str, Any]:
        return figures(day, platforms={"sàn a": platform(20_000)} | ({"sàn b": platform(b)} if b else {}))

    week = [both(day, 10_000) for day in WEEK]
    assert ("volume", "sàn b") in alerts(both("2026-11-24", 4000), week)
    assert ("volume", "sàn b") in alerts(both("2026-11-24", 0), week)
    assert alerts(both("2026-11-24", 8000), week) == set()
    seldom = [both(day, 10_000 * (place % 2)) for place, day in enumerate(WEEK)]
    assert ("volume", "sàn b") not in alerts(both("2026-11-24", 0), seldom)


def test_another_mapping_a_less_sure_one_and_more_quarantine_are_alerts() -> None:
    other = platform(20_000) | {"sources": {"generic": 20_000}}
    assert ("source_changed", "sàn a: generic") in alerts(figures("2026-11-24", platforms={"sàn a": other}))
    unsure = {"mapping": {"read": 20_000, "quarantined": 0, "confidence": 0.6}}
    assert alerts(figures("2026-11-24", sources=unsure)) == {("layout", "sàn a: mapping")}
    dirty = {"mapping": {"read": 20_000, "quarantined": 2000, "confidence": 0.9}}
    assert alerts(figures("2026-11-24", sources=dirty)) == {("quarantined", "mapping")}


def test_with_too_few_nights_before_it_nothing_is_said() -> None:
    found = checks(figures("2026-11-24", price=dearer()), [figures(day) for day in WEEK[:2]], RULES)
    assert [(one.state, one.why) for one in found] == [("silent", "nights_missing")]


def test_a_misspelt_rule_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text((configs_dir() / "monitor.yaml").read_text(encoding="utf-8").replace("  score:", "  scor:"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"psi\.scor"):
        load_monitor_rules(path)


# --- promises ------------------------------------------------------------------------------------------------------------------------------


def issued(found: int, cleared: int, promise: float) -> Coverage:
    n = found + cleared
    rows = pd.DataFrame(
        {
            "standing": CHOSEN, "state": ["found"] * found + ["cleared"] * cleared, "answered": True, "overdue_days": 0.0, "sent_back": False,
            "usefulness": np.nan, "expected": promise, "list_date": [date(2026, 9 + place % 2, 7) for place in range(n)],
        }
    )  # fmt: skip
    return Coverage(rows, date(2026, 11, 24))


def test_promises_kept_are_quiet_and_broken_ones_are_an_alert() -> None:
    rule = CalibrationRule(least=30)
    assert check_promises(promises(issued(20, 20, 0.5)), rule).state == "quiet"
    assert check_promises(promises(issued(4, 36, 0.5)), rule).state == "alert"
    assert check_promises(promises(issued(0, 8, 0.9)), rule).why == "too_few"
    assert check_promises([], rule).why == "no_outcomes"
    told = promises(issued(20, 20, 0.5))
    assert [(one.month, one.decided, one.expected) for one in told] == [("", 40, 20.0), ("2026-09", 20, 10.0), ("2026-10", 20, 10.0)]


def test_promises_come_from_the_register_as_returned_lists_fill_it(tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        assert promises(coverage(connection, today=DUE)) == []
        said = [{"code": CODES[0], "result": "Có vi phạm đúng dấu hiệu"}, {"code": CODES[1], "result": "Không phát hiện vi phạm"}]
        take(connection, results(tmp_path / "a.xlsx", *said))
        told = promises(coverage(connection, today=DUE))
    # Two decided rows at 0.5 each promised one find.
    assert [(one.month, one.decided, one.expected, one.found) for one in told] == [("", 2, 1.0, 1), ("2026-11", 2, 1.0, 1)]


# --- more at random, and who said so -------------------------------------------------------------------------------------------------------


def test_drift_proposes_more_desk_reviews_but_an_ill_crawl_does_not() -> None:
    def proposed(tonight: dict[str, Any], in_force: int = 2) -> int | None:
        found = checks(tonight, [figures(day) for day in WEEK], RULES)
        return proposal(found, usual=2, in_force=in_force, rule=RULES.exploration)

    assert proposed(figures("2026-11-24", price=dearer())) == 4
    assert proposed(figures("2026-11-24", price=dearer()), in_force=4) is None
    assert proposed(figures("2026-11-24")) is None
    assert proposed(figures("2026-11-24", price=dearer(), platforms={"sàn a": platform(20_000, price_vnd=20_000)})) is None


def test_only_an_accepted_number_changes_the_settings_and_the_log_has_who(runs: Callable[..., Path], tmp_path: Path) -> None:
    where, log = runs(*[figures(day) for day in WEEK], figures("2026-11-24", price=dearer())), tmp_path / "log.jsonl"
    settings = load_run_config()
    assert with_accepted(settings, where) == settings
    done = soihang("monitor", "accept", where, "--by", "Người Thử Một", "--slots", 4, "--log", log, "--json")
    assert done.exit_code == 0, done.output
    line = json.loads(done.stdout)
    assert (line["by"], line["slots"], line["proposed"], line["night"]) == ("Người Thử Một", 4, 4, "2026-11-24")
    (entry,) = read_entries(log.read_bytes().splitlines(keepends=True))
    assert (entry.event, entry.by, entry.facts["slots"]) == ("exploration_accepted", "Người Thử Một", 4)
    assert with_accepted(settings, where).plan.review_slots == 4
    assert with_accepted(settings, runs_of(where / "2026-11-24")).plan.review_slots == 4
    assert with_accepted(settings, runs_of(tmp_path)).plan.review_slots == settings.plan.review_slots


def test_half_a_line_of_a_stopped_writer_is_no_acceptance_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    def say(slots: int) -> None:
        accept(tmp_path, slots=slots, by="Người Thử", at=NOW, log=tmp_path / "log.jsonl", proposed=None, night="2026-11-24", run_id="r1")

    say(3)
    with (tmp_path / "exploration.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"slots": 99')
    assert [one["slots"] for one in acceptances(tmp_path)] == [3]
    say(5)
    assert [one["slots"] for one in acceptances(tmp_path)] == [3, 5]
    (tmp_path / "exploration.jsonl").write_text('{"slots": "many"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="line 1"):
        acceptances(tmp_path)


# --- the command ---------------------------------------------------------------------------------------------------------------------------


def test_an_alert_leaves_with_3_a_log_line_and_json_that_name_the_run(runs: Callable[..., Path]) -> None:
    where = runs(*[figures(day) for day in WEEK])
    assert soihang("monitor", where).exit_code == 0
    runs(figures("2026-11-24", price=dearer()))
    done = soihang("monitor", where, "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 3 and said["run_id"] == "run2026-11-24" and [one["rule"] for one in said["alerts"]] == ["price"]
    assert said["review_slots"]["proposed"] == 4 and len(said["history"]) == 8
    (logged,) = json.loads(soihang("monitor", "log", where, "--json").stdout)
    assert (logged["run"], logged["alert"]) == ("run2026-11-24", "price")
    assert "chưa có" in soihang("monitor", where).stdout


@pytest.mark.parametrize("hours, late", [(25, False), (27, True)])
def test_a_night_that_did_not_come_is_late(hours: int, late: bool, runs: Callable[..., Path]) -> None:
    where = runs(figures("2026-11-24"))
    ended = datetime.fromisoformat("2026-11-24T19:00:00+00:00")
    watched = watch(where, RULES, usual=2, now=ended + timedelta(hours=hours), max_age=age("26h"))
    assert (watched.late is not None, watched.exit_code) == (late, 3 if late else 0)


def test_no_night_at_all_is_late_and_without_a_limit_a_usage_error(tmp_path: Path) -> None:
    assert soihang("monitor", tmp_path, "--max-age", "26h").exit_code == 3
    with pytest.raises(DataError, match="no night's"):
        watch(tmp_path, RULES, usual=2, now=NOW)
    with pytest.raises(DataError, match="no span"):
        age("soon")


def test_figures_of_another_version_or_damaged_are_named_and_left_out(runs: Callable[..., Path]) -> None:
    where = runs(*[figures(day) for day in WEEK], figures("2026-11-24", version=2))
    (where / WEEK[0] / "monitor.json").write_text("{half", encoding="utf-8")
    watched = watch(where, RULES, usual=2, now=NOW)
    assert watched.unread == ["2026-11-17/monitor.json", "2026-11-24/monitor.json"] and len(watched.nights) == 6


def test_the_page_holds_no_markup_of_a_platform_no_script_and_no_address(runs: Callable[..., Path]) -> None:
    name = "<img src=x onerror=alert(1)>\u202e{{7*7}}"
    where = runs(*[figures(day, platforms={name: platform(20_000)}) for day in [*WEEK, "2026-11-24"]])
    assert soihang("monitor", where).exit_code == 0
    page = (where / PAGE).read_text(encoding="utf-8")
    assert "<img" not in page and "&lt;img src=x" in page and "{{7*7}}" in page and "\u202e" not in page
    assert "<script" not in page and "http://" not in page and "https://" not in page
    assert "default-src 'none'" in page and "polyline" in page and "24/11/2026" in page and "chưa có" in page


# --- a night's figures ---------------------------------------------------------------------------------------------------------------------


def test_a_night_leaves_its_figures_which_outlive_its_tables(crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path) -> None:
    runs = tmp_path / "runs"

    def go(day: date, titles: list[str]) -> dict[str, Any]:
        file = crawl([{"tiêu đề": title, "giá bán": "250.000đ"} for title in titles], f"{day}.csv")
        night(day, runs, lambda out, previous: finished(file, out=f"runs/{out.name}", previous=previous), review_slots=2)
        found: dict[str, Any] = json.loads((runs / day.isoformat() / "monitor.json").read_text(encoding="utf-8"))
        return found

    first = go(date(2026, 11, 23), ["Giày thể thao", "Giày vải"])
    second = go(date(2026, 11, 24), ["Giày thể thao", "Kính mát"])
    assert first["new_words"] is None and sum(first["price"]) == 2 and sum(first["score"]) == 2
    # Of giày, thể, thao, kính, mát two are new.
    assert second["new_words"] == {"titles": 2, "words": 5, "share": 0.4, "against": "2026-11-23"}
    (seen,) = second["platforms"].values()
    assert seen["listings"] == 2 and seen["present"]["price_vnd"] == 2 and seen["present"]["rating"] == 0
    assert second["run_id"] == json.loads((runs / "2026-11-24" / "run.json").read_text(encoding="utf-8"))["run_id"]
    assert "Giày" not in json.dumps(second, ensure_ascii=False) and (runs / "2026-11-24" / "monitor.json").stat().st_size < 10_000

    gone = list(take_away(old_nights(runs, keep_days=0, today=date(2026, 11, 25)), runs))
    assert gone and (runs / "2026-11-23" / "monitor.json").is_file() and not (runs / "2026-11-23" / "work").exists()
    shutil.rmtree(runs / "2026-11-24" / "work")
    assert [one["night"] for one in watch(runs, RULES, usual=2, now=NOW).nights] == ["2026-11-23", "2026-11-24"]


def test_the_next_night_draws_as_many_as_were_accepted(crawl: Callable[..., Path], tmp_path: Path) -> None:
    runs, file = tmp_path / "runs", crawl([{"tiêu đề": "Giày thể thao", "giá bán": "250.000đ"}])
    runs.mkdir()
    accept(runs, slots=5, by="Người Thử", at=NOW, log=tmp_path / "log.jsonl", proposed=4, night="2026-11-23", run_id="r1")
    done = soihang("night", file, "--runs", runs, "--night", "2026-11-24", "--model", "coldstart")
    assert done.exit_code == 0, done.output
    assert json.loads((runs / "2026-11-24" / "monitor.json").read_text(encoding="utf-8"))["review_slots"] == 5


def test_a_plan_of_a_night_draws_as_many_as_were_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def choose(out: Path, *, config: RunConfig, **options: Any) -> None:
        drawn.append(config.plan.review_slots)
        raise DataError("seen enough")

    monkeypatch.setattr("pipeline.stages.choose.choose", choose)
    accept(tmp_path, slots=5, by="Người Thử", at=NOW, log=tmp_path / "log.jsonl", proposed=4, night="2026-11-23", run_id="r1")
    for name in ("2026-11-24", "elsewhere"):
        (tmp_path / name).mkdir()
        soihang("plan", tmp_path / name)
    assert drawn == [5, load_run_config().plan.review_slots]


@pytest.mark.real
@pytest.mark.parametrize("name, seller", [("shopee_chutoan99", "seller_id"), ("tiki_fashion_qkhai12", "seller_name")])
def test_two_halves_of_the_real_shops_differ_by_no_more_than_the_design_effect_allows(name: str, seller: str) -> None:
    path = REAL / f"{name}.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    rows = pd.read_parquet(path, columns=["price_vnd", seller]).dropna()
    shops, names = pd.factorize(rows[seller].astype(str))
    bins, rng = np.searchsorted(PRICE_EDGES, rows["price_vnd"].astype(float), side="right"), np.random.default_rng(1)
    for _ in range(50):
        left = (rng.random(len(names)) < 0.5)[shops]
        halves = [np.bincount(bins[side], minlength=len(PRICE_EDGES) + 1).tolist() for side in (left, ~left)]
        shift = psi(halves[0], [halves[1]], RULES.sampling)
        assert shift is not None and shift.value <= shift.chance
