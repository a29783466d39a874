"""What people found becomes a label only for what they looked at, only once it is fair to say, and only of the kind it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from pipeline.labels import Labels, read_outcomes
from pipeline.labels.maturity import delay_days
from pipeline.tables.outcomes import COLUMNS, validate_outcomes


def told(tmp_path: Path, rows: list[dict[str, Any]], **options: Any) -> Labels:
    path = tmp_path / "outcomes.csv"
    pd.DataFrame([{"platform": "sàn thử", **row} for row in rows]).to_csv(path, index=False)
    return read_outcomes(path, **options)


def visits(n: int, *, delay: int, start: str = "2026-01-01", status: str = "cleared") -> list[dict[str, Any]]:
    """One visit a day from ``start``, each known ``delay`` days later."""
    days = pd.date_range(start, periods=n, freq="D")
    return [
        {"listing_id": f"V{number}", "status": status, "happened_at": str(day.date()), "known_at": str((day + pd.Timedelta(days=delay)).date())}
        for number, day in enumerate(days)
    ]  # fmt: skip


# Two definitions of negative


def test_strictly_negative_is_only_who_was_cleared(tmp_path: Path) -> None:
    # 30 visits known after 10 days each, the last on 30 January; read on 1 June everything of January is ripe.
    rows = visits(30, delay=10)
    rows += [{"listing_id": "P", "status": "pending", "happened_at": "2026-01-15", "known_at": "2026-01-15"}]
    rows += [{"listing_id": "C", "status": "confirmed", "happened_at": "2026-01-15", "known_at": "2026-01-20"}]
    labels = told(tmp_path, rows, as_of=date(2026, 6, 1))
    assert (len(labels.table), int(labels.table["y"].sum())) == (32, 1)
    strict = labels.strictly()
    assert len(strict.table) == 31 and "P" not in set(strict.table["listing_id"])
    assert any("1 outcomes are still pending after D days" in note for note in labels.notes)


def test_a_check_whose_result_may_still_come_is_unknown_not_clean(tmp_path: Path) -> None:
    pending = {"listing_id": "P", "status": "pending", "happened_at": "2026-05-28", "known_at": "2026-05-28"}
    labels = told(tmp_path, [*visits(30, delay=10), pending], as_of=date(2026, 6, 1))
    assert "P" not in set(labels.table["listing_id"])


@pytest.mark.parametrize("status", ["not_found", "not_inspected", "referred"])
def test_goods_that_nobody_saw_are_never_clean_however_old(status: str, tmp_path: Path) -> None:
    row = {"listing_id": "N", "status": status, "happened_at": "2026-01-02", "known_at": "2026-01-02"}
    assert "N" not in set(told(tmp_path, [*visits(30, delay=10), row], as_of=date(2027, 1, 1)).table["listing_id"])


# Maturity


def test_looks_of_the_last_d_days_are_unknown_even_if_some_are_already_known(tmp_path: Path) -> None:
    # Delays are 10 days for all, so D = 10: read on 31 May, looks after 21 May are too young, on 21 May are not.
    young = [{"listing_id": f"Y{day}", "status": "confirmed", "happened_at": f"2026-05-{day}", "known_at": f"2026-05-{day}"} for day in (21, 22, 30)]
    labels = told(tmp_path, [*visits(60, delay=10), *young], as_of=date(2026, 5, 31))
    assert labels.delays["finding"] == 10
    assert set(labels.table["listing_id"]) & {"Y21", "Y22", "Y30"} == {"Y21"}
    assert any("2 outcomes are too young" in note for note in labels.notes)


def test_d_is_the_ninetieth_percentile_of_the_delay() -> None:
    happened = pd.Series(pd.date_range("2025-01-01", periods=100, freq="D", tz="UTC")).astype("datetime64[us, UTC]")
    known = happened + pd.to_timedelta(np.r_[np.full(89, 5), np.full(11, 40)], unit="D")
    # Ninety of a hundred are known within 40 days (89 of them within 5), and all of them early enough to be counted.
    assert delay_days(happened, known, as_of=date(2026, 1, 1)) == 40
    assert delay_days(happened.head(19), known.head(19), as_of=date(2026, 1, 1)) is None


def test_recent_looks_whose_slow_results_are_missing_do_not_shorten_d() -> None:
    # Half of all results take 5 days, half 60; of the last 60 days only the quick half is in the file.
    days = pd.date_range("2025-01-01", periods=300, freq="D", tz="UTC")
    happened = pd.Series(days.repeat(2)).astype("datetime64[us, UTC]")
    known = happened + pd.to_timedelta([5, 60] * 300, unit="D")
    seen = known <= days[-1]
    assert delay_days(happened[seen], known[seen], as_of=days[-1].date()) == 60


@given(st.lists(st.integers(0, 300), min_size=20, max_size=60), st.integers(0, 300))
def test_no_label_rests_on_a_look_of_the_last_d_days(delays: list[int], read_after: int) -> None:
    from pipeline.labels import label

    happened = pd.Series(pd.date_range("2025-01-01", periods=len(delays), freq="D", tz="UTC")).astype("datetime64[us, UTC]")
    table = pd.DataFrame({name: pd.Series(np.nan, index=happened.index).astype(kind) for name, (kind, _, _) in COLUMNS.items()})
    table = table.assign(
        platform="a", listing_id=[f"{n}" for n in range(len(delays))], status="confirmed", source="inspection",
        happened_at=happened, known_at=happened + pd.to_timedelta(delays, unit="D"),
    )  # fmt: skip
    day = date(2025, 1, 1) + pd.Timedelta(days=read_after).to_pytimedelta()
    labels = label(validate_outcomes(table.astype({"platform": "str", "listing_id": "str", "status": "str", "source": "str"})), as_of=day)
    limit = pd.Timestamp(day, tz="Asia/Ho_Chi_Minh") - pd.Timedelta(days=(labels.delays["finding"] or 0) - 1)
    assert (labels.table["happened_at"] < limit).all()
    assert (labels.table["known_at"].dt.tz_convert("Asia/Ho_Chi_Minh").dt.date <= day).all()


# Sellers, desk reviews, people


def test_a_confirmed_seller_says_nothing_about_its_listings(tmp_path: Path) -> None:
    rows = [
        {"listing_id": None, "seller_id": "12", "status": "confirmed", "behaviours": "scam", "source": "inspection"},
        {"listing_id": "L1", "seller_id": "12", "status": "cleared", "source": "inspection"},
    ]
    labels = told(tmp_path, rows)
    assert labels.table[["listing_id", "y"]].values.tolist() == [["L1", False]]
    assert labels.sellers[["seller_id", "y"]].values.tolist() == [["12", True]]


def test_a_file_of_sellers_alone_is_read(tmp_path: Path) -> None:
    labels = told(tmp_path, [{"seller_id": "12", "status": "confirmed"}, {"seller_id": "13", "status": "cleared"}])
    assert len(labels.table) == 0 and labels.sellers["y"].tolist() == [True, False]


def test_a_desk_review_is_kept_apart_and_gives_way_to_a_finding(tmp_path: Path) -> None:
    rows = [
        {"listing_id": "A", "status": "worth_a_look", "source": "desk_review", "known_at": "2026-03-09"},
        {"listing_id": "A", "status": "cleared", "source": "test_purchase", "known_at": "2026-03-01"},
        {"listing_id": "B", "status": "innocent", "source": "desk_review", "known_at": "2026-03-09"},
        {"listing_id": "C", "status": "cannot_tell", "source": "desk_review", "known_at": "2026-03-09"},
    ]
    labels = told(tmp_path, rows)
    assert labels.table[["listing_id", "y", "kind"]].values.tolist() == [["A", False, "finding"], ["B", False, "triage"]]
    assert labels.findings().table["listing_id"].tolist() == ["A"] and labels.triage().table["listing_id"].tolist() == ["B"]
    assert any("worth a look, not what is illegal" in note for note in labels.notes)


def test_a_desk_review_written_as_a_verdict_is_still_a_desk_review(tmp_path: Path) -> None:
    labels = told(tmp_path, [{"listing_id": "A", "status": "confirmed", "source": "desk_review"}])
    assert labels.outcomes["status"].tolist() == ["worth_a_look"] and labels.table["kind"].tolist() == ["triage"]


def test_who_looked_reaches_no_table_of_labels(tmp_path: Path) -> None:
    row = {"listing_id": "A", "status": 1, "inspector": "Người Thử Một", "team": "Đội 1", "authority": "Chi cục thử", "reader": "nt"}
    labels = told(tmp_path, [row])
    seen = " ".join([*labels.table.columns, *labels.sellers.columns]) + labels.table.to_csv() + labels.outcomes.drop(columns="authority").to_csv()
    assert not [word for word in ("inspector", "team", "reader", "Người Thử", "Đội 1", "Chi cục") if word in seen]


# Files as people write them


def test_dates_are_read_the_vietnamese_way_and_days_end_at_vietnamese_midnight(tmp_path: Path) -> None:
    rows = [{"listing_id": "A", "status": 1, "known_at": "03/11/2026"}, {"listing_id": "B", "status": 1, "known_at": "2026-11-03T17:30:00+00:00"}]
    labels = told(tmp_path, rows, as_of=date(2026, 11, 3))
    # 17:30 UTC on the 3rd is half past midnight on the 4th in Vietnam.
    assert labels.table["listing_id"].tolist() == ["A"]


@pytest.mark.parametrize(
    ("written", "day"),
    [("2026-05-01", "2026-05-01"), ("01/05/2026", "2026-05-01"), (20260501, "2026-05-01"), ("May 1, 2026 10:00 UTC", "2026-05-01"),
     ("2026-04-30 18:00:00+00:00", "2026-05-01"), ("2026-04-30T18:00:00Z", "2026-05-01"), (1777568400, "2026-05-01"),
     ("2026-05-01 09:30", "2026-05-01")],
)  # fmt: skip
def test_a_date_is_the_same_day_however_it_is_written(written: Any, day: str, tmp_path: Path) -> None:
    labels = told(tmp_path, [{"listing_id": "A", "status": 1, "known_at": written}])
    assert str(labels.table["known_at"].dt.tz_convert("Asia/Ho_Chi_Minh").dt.date[0]) == day


def test_behaviours_may_be_named_by_their_legal_codes_and_unknown_ones_are_said(tmp_path: Path) -> None:
    rows = [{"listing_id": "A", "status": 1, "behaviours": "IP.CF; FR.DEC"}, {"listing_id": "B", "status": 1, "behaviours": "CF.E, cf.a"}]
    labels = told(tmp_path, [*rows, {"listing_id": "C", "status": 1, "behaviours": "witchcraft"}])
    assert labels.table["behaviours"].tolist() == ["counterfeit,scam", "counterfeit,false_quality", "witchcraft"]
    assert labels.positive("counterfeit").tolist() == [True, True, False]
    assert any("witchcraft" in note for note in labels.notes)


def test_an_empty_status_is_a_visit_not_made(tmp_path: Path) -> None:
    row = {"listing_id": "E", "status": "", "happened_at": "2026-01-15", "known_at": "2026-01-15"}
    assert "E" not in set(told(tmp_path, [*visits(30, delay=10), row], as_of=date(2026, 6, 1)).table["listing_id"])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"listing_id": "A", "status": 1, "known_at": "hôm qua"}, r"row 2: has a known_at that is no date \('hôm qua'\); 1 of 2 rows"),
        ({"listing_id": "A", "status": 1, "selection_probability": 0}, "row 2: has a selection_probability outside above 0 up to 1"),
        ({"listing_id": "A", "status": 1, "usefulness": 9}, "usefulness outside 1 to 5"),
        ({"listing_id": "", "status": 1}, "row 2: names neither a listing nor a seller"),
        ({"listing_id": "A", "status": "innocent", "source": "inspection"}, "status of a desk review"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_place(row: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        told(tmp_path, [{"listing_id": "fine", "status": 0, "known_at": "2026-01-01"}, row])


def test_the_same_outcomes_in_another_order_give_the_same_labels(tmp_path: Path) -> None:
    rows = [*visits(30, delay=10), *visits(20, delay=3, start="2026-02-01", status="confirmed")]
    first = told(tmp_path, rows)
    again = told(tmp_path, list(np.random.default_rng(1).permutation(np.array(rows, dtype=object))))
    pd.testing.assert_frame_equal(first.table, again.table)
