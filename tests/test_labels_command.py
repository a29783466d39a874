"""`soihang labels` counts what there is by hand-checkable numbers, says what is missing and never prints more than labels carry."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from features.errors import DataError
from models.weights import read_weights
from pipeline.cli import app
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.labels import read_outcomes
from pipeline.reference import load_reference
from pipeline.reports.label_text import label_lines
from pipeline.sources.mapping import load_mappings
from pipeline.stages.label_report import report_labels
from pipeline.stages.run import RunReport, run
from tests.commands import soihang


@pytest.fixture(scope="module")
def scored_rows() -> list[dict[str, Any]]:
    """Eighty shops with two listings each; every fourth shop sells "rep 1:1"."""
    rows = []
    for shop in range(80):
        bad = shop % 4 == 0
        for number in range(2):
            title = f"Giày thể thao Nike mẫu {number}" + (" rep 1:1 siêu cấp" if bad else " có hóa đơn đầy đủ")
            rows.append({"mã tin": f"{shop}-{number}", "tiêu đề": title, "mã gian hàng": f"S{shop}", "giá bán": "300.000" if bad else "2.400.000"})
    return rows


@pytest.fixture(scope="module")
def scored(scored_rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shops, scored once; nothing that the tests ask writes into it."""
    folder = tmp_path_factory.mktemp("labels")
    rows = [{"sàn": "sàn thử", "ngày thu thập": "2026-11-20", **row} for row in scored_rows]
    pd.DataFrame(rows).to_csv(folder / "crawl.csv", index=False, encoding="utf-8")
    return run([folder / "crawl.csv"], out=folder / "out", config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY).out


def outcomes(path: Path, rows: list[dict[str, Any]]) -> Path:
    pd.DataFrame([{"platform": "sàn thử", "source": "inspection", "known_at": "2026-11-22", **row} for row in rows]).to_csv(path, index=False)
    return path


def said(out: Path, path: Path) -> dict[str, Any]:
    found = report_labels(out, read_outcomes(path), config=load_run_config(), reference=load_reference()).said
    assert label_lines(found)
    return found


def truth(shop: int) -> dict[str, Any]:
    return {"status": "confirmed", "behaviours": "counterfeit"} if shop % 4 == 0 else {"status": "cleared"}


def test_labels_are_counted_by_source_behaviour_goods_and_month(scored: Path, tmp_path: Path) -> None:
    rows = [{"listing_id": f"{shop}-0", **truth(shop)} for shop in range(8)]
    rows += [{"listing_id": "9-0", "status": "innocent", "source": "desk_review", "known_at": "2026-10-31T20:00:00+00:00"}]
    rows += [{"listing_id": "nowhere", "status": "cleared"}, {"listing_id": "10-0", "status": "not_found"}]
    rows += [{"seller_id": "S1", "status": "confirmed"}]
    found = said(scored, outcomes(tmp_path / "o.csv", rows))
    counts = found["counts"]
    assert counts["by_source"] == {"desk_review": {"innocent": 1}, "inspection": {"cleared": 7, "confirmed": 3, "not_found": 1}}
    # Shops 0 and 4 of the eight; the confirmed seller S1 is no listing's label.
    assert counts["by_behaviour"]["counterfeit"] == 2 and counts["not_in_the_crawl"] == 1
    assert counts["by_goods_group"] == {"giày dép": {"positive": 2, "negative": 7, "strictly_negative": 7}}
    # 20:00 UTC on 31 October is 1 November in Vietnam.
    assert list(counts["by_month"]) == ["2026-11"]
    assert found["definitions"]["sellers"] == {"positive": 1, "negative": 0}
    assert found["missing"]["counterfeit"] == {"positives": 2, "positives_needed": 200, "sellers": 2, "sellers_needed": 50, "negatives": 7}


def test_where_nobody_has_looked_is_said(scored_rows: list[dict[str, Any]], crawl: Any, finished: Any, tmp_path: Path) -> None:
    bags = [{"mã tin": f"b{n}", "tiêu đề": "Túi xách Gucci super fake", "mã gian hàng": f"B{n}", "giá bán": "200.000"} for n in range(3)]
    other = [{"sàn": "sàn khác", "mã tin": "x", "tiêu đề": "Giày da nam", "mã gian hàng": "X", "giá bán": "400.000"}]
    out = finished(crawl([*scored_rows, *bags, *other])).out
    found = said(out, outcomes(tmp_path / "o.csv", [{"listing_id": "0-0", **truth(0)}]))["gaps"]
    assert found["goods_groups"] == [{"goods_group": "túi xách, ví, balo", "listings": 3, "with_signs": 3}]
    assert found["platforms"] == [{"platform": "sàn khác", "listings": 1, "with_signs": 0}] and found["looks_of_recorded_chance"] == 0


def test_without_recorded_chances_the_share_of_the_market_is_unknown(scored: Path, tmp_path: Path) -> None:
    path = outcomes(tmp_path / "o.csv", [{"listing_id": f"{shop}-0", **truth(shop)} for shop in range(8)])
    found = said(scored, path)
    one = found["prevalence"]["finding"]
    # Two of 160 are known to be bad, six known not to be.
    assert one["value"] is None and (one["low"], one["high"]) == (2 / 160, 154 / 160) and one["implied"]["0.5"] == pytest.approx(4 / 160)
    assert any("unknown, no chance of selection was recorded" in line for line in label_lines(found))


def test_with_recorded_chances_it_is_estimated(scored: Path, tmp_path: Path) -> None:
    rows = [{"listing_id": f"{shop}-0", **truth(shop), "source": "desk_review", "selection_probability": 0.5} for shop in range(80)]
    found = said(scored, outcomes(tmp_path / "o.csv", rows))["prevalence"]
    assert set(found) == {"triage"} and found["triage"]["value"] == pytest.approx(0.25)
    assert found["triage"]["low"] < 0.25 < found["triage"]["high"]


def test_sources_that_differ_and_labels_nobody_believes_are_named(scored: Path, tmp_path: Path) -> None:
    rows = [{"listing_id": f"{shop}-{number}", **truth(shop)} for shop in range(80) for number in range(2)]
    rows[7 * 2] = {"listing_id": "7-0", "status": "confirmed"}
    rows.append({"listing_id": "8-0", "status": "innocent", "source": "desk_review"})
    found = said(scored, outcomes(tmp_path / "o.csv", rows))["doubtful"]
    assert [(one["listing_id"], one["said"]) for one in found["conflicts"]] == [("8-0", "inspection: confirmed / desk_review: innocent")]
    assert [one["listing_id"] for one in found["unexpected"]] == ["7-0"] and found["unexpected"][0]["expected"] < 0.5


def test_the_next_looks_are_of_sellers_nobody_has_looked_at(scored: Path, tmp_path: Path) -> None:
    found = said(scored, outcomes(tmp_path / "o.csv", [{"listing_id": f"{shop}-0", **truth(shop)} for shop in range(40)]))["next"]["listings"]
    shops = [one["listing_id"].split("-")[0] for one in found]
    assert len(shops) == 20 and len(set(shops)) == 20 and min(map(int, shops)) >= 40


def test_a_sign_is_as_right_as_it_was_where_people_looked(scored: Path, tmp_path: Path) -> None:
    rows = [{"listing_id": f"{shop}-0", **truth(shop)} for shop in range(80)]
    found = {one["sign_id"]: one for one in said(scored, outcomes(tmp_path / "o.csv", rows))["signs"]["each"]}
    cue = next(one for name, one in found.items() if name.startswith("cue.rep"))
    assert cue["n_fired"] == 40 and cue["n_labelled"] == cue["n_positive"] == 20 and cue["vote"] == 1
    # Twenty of twenty: 1 - 0.025^(1/20) is the lower end's distance from one.
    assert cue["low"] == pytest.approx(0.025 ** (1 / 20), abs=1e-3) and cue["high"] == 1.0


def test_a_seller_that_was_judged_as_a_whole_is_not_looked_at_next(scored: Path, tmp_path: Path) -> None:
    rows = [{"listing_id": f"{shop}-0", **truth(shop)} for shop in range(60)] + [{"seller_id": "S61", "status": "cleared"}]
    found = said(scored, outcomes(tmp_path / "o.csv", rows))["next"]["listings"]
    assert sorted({int(one["listing_id"].split("-")[0]) for one in found}) == [60, *range(62, 80)]


def test_no_title_reaches_the_terminal_with_a_control_sequence(
    crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path
) -> None:
    rows = [{"tiêu đề": f"Giày Nike\x1b[31m rep\r1:1 số {n}", "mã gian hàng": f"S{n}", "giá bán": "100.000"} for n in range(3)]
    out = finished(crawl(rows)).out
    path = outcomes(tmp_path / "o.csv", [{"listing_id": "T0", "status": "cleared"}])
    done = CliRunner().invoke(app, ["labels", str(out), "--outcomes", str(path)])
    assert done.exit_code == 0 and "\x1b" not in done.stdout
    assert sum("Giày Nike" in line and "1:1 số" in line for line in done.stdout.splitlines()) == 2


def test_the_same_input_says_the_same(scored: Path, tmp_path: Path) -> None:
    path = outcomes(tmp_path / "o.csv", [{"listing_id": f"{shop}-0", **truth(shop)} for shop in range(80)])
    assert json.dumps(said(scored, path)) == json.dumps(said(scored, path))


def test_the_command_prints_valid_json_and_writes_weights_that_can_be_read(scored: Path, tmp_path: Path) -> None:
    path = outcomes(tmp_path / "o.csv", [{"listing_id": f"{shop}-{n}", **truth(shop)} for shop in range(80) for n in range(2)])
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    table = pd.read_csv(path)
    table.head(60).to_csv(first, index=False)
    table.tail(100).to_csv(second, index=False)
    done = soihang("labels", scored, "--outcomes", first, "--outcomes", second, "--json", "--refit", tmp_path / "w.yaml")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
    assert found["missing"]["counterfeit"]["positives"] == 40 and found["refit"]["gain"]["measure"] == "pr_auc"
    proposed = read_weights(yaml.safe_load((tmp_path / "w.yaml").read_text(encoding="utf-8")))
    assert proposed.bands == load_reference().weights.bands


def test_weights_cannot_be_asked_of_a_handful_of_labels(scored: Path, tmp_path: Path) -> None:
    path = outcomes(tmp_path / "o.csv", [{"listing_id": "0-0", **truth(0)}])
    done = CliRunner().invoke(app, ["labels", str(scored), "--outcomes", str(path), "--refit", str(tmp_path / "w.yaml")])
    assert isinstance(done.exception, DataError) and "too few labels" in str(done.exception) and not (tmp_path / "w.yaml").exists()
    assert "labels beside 160 listings" in done.stdout


@pytest.mark.slow
def test_most_labels_that_are_doubted_are_wrong_and_most_wrong_ones_are_doubted(tmp_path: Path) -> None:
    from pipeline.stages.label_data import load_labelled
    from pipeline.stages.label_report import doubts
    from pipeline.stages.simulate import simulate_market

    simulate_market(tmp_path / "market", n_listings=20_000, seed=load_run_config().seed)
    out = run([tmp_path / "market" / "crawl"], out=tmp_path / "out", config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY).out
    labels = read_outcomes(tmp_path / "market" / "outcomes.parquet")
    crawl = load_labelled(out, labels)
    truth_of = pd.read_parquet(tmp_path / "market" / "truth.parquet").set_index(["platform", "listing_id"])["behaviour"].notna()
    table = crawl.found.set_index(["platform", "listing_id"])
    wrong = set(table.index[table["y"].astype(bool).to_numpy() != truth_of.reindex(table.index).to_numpy()])
    found = doubts(labels, crawl, load_run_config().seed, shown=1000)["unexpected"]
    named = {(one["platform"], one["listing_id"]) for one in found}
    figures = f"{len(table)} labels, {len(wrong)} wrong, {len(named)} named, {len(wrong & named)} of them wrong"
    logging.getLogger(__name__).info(figures)
    assert len(wrong & named) > 0.6 * len(named) and len(wrong & named) > 0.6 * len(wrong), figures
