"""Buyers' reviews: read, keyed and masked at the door, and counted for a shop as of each capture's day."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import DataError
from features.reviews import read_reviews
from features.seller_reviews import REVIEW_COLUMNS, review_columns
from features.seller_rows import seller_rows
from pipeline.cli import app
from pipeline.config import DEMO_KEY
from pipeline.reference import load_review_cues
from pipeline.stages.reviews import review_features, take_reviews
from pipeline.stages.run import RunReport
from pipeline.tables.reviews import COLUMNS

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
COMPLAINTS = [
    ("giao về rớt mác, hàng fake bán giá real", True),
    ("Shop bán hàng giả mọi người né ra", True),
    ("mình nhận được hàng nhái", True),
    ("đây không phải hàng chính hãng", True),
    ("LỪA ĐẢO, giao cục gạch", False),
    ("Chất vải không giống mô tả. Hơi thất vọng", False),
    ("váy ko giống ảnh, mặc rất xấu", False),
]
PRAISE = [
    "Mua ở mall nên không sợ hàng giả",
    "có tem chống hàng giả nên yên tâm",
    "cam kết không bán hàng fake, rất ưng",
    "không phải hàng fake đâu nha mọi người",
    "lúc đặt cứ lo fake mà hàng auth nha",
    "Son màu không giống hình lắm nhưng xinh",
    "mặc lên người không giống như hình dung lắm",
    "giá này mua khỏi sợ lừa đảo",
    "hàng giao nhanh, đúng hình, rất đẹp",
    "",
]


@pytest.mark.parametrize(("text", "fake"), COMPLAINTS)
def test_a_complaint_is_read_as_one(text: str, fake: bool) -> None:
    found = read_reviews([text], load_review_cues()).loc[0]
    assert (bool(found["complaint"]), bool(found["complaint_fake"])) == (True, fake)


@pytest.mark.parametrize("text", PRAISE)
def test_praise_that_names_fakes_is_no_complaint(text: str) -> None:
    assert not read_reviews([text], load_review_cues()).loc[0, "complaint"]


def test_the_same_words_have_the_same_key_however_they_are_set() -> None:
    texts = ["Hàng đẹp, giao nhanh!", "hàng đẹp giao nhanh 😍", "ha\u0300ng đe\u0323p giao nhanh", "hàng xấu"]
    keys = read_reviews(texts, load_review_cues())["text_key"]
    assert keys.nunique() == 2 and keys.iloc[:3].nunique() == 1


# --- the file ---


def write(folder: Path, rows: list[dict[str, Any]], kind: str) -> Path:
    path = folder / f"reviews.{kind}"
    if kind == "csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    else:
        pd.DataFrame(rows).to_parquet(path)
    return path


ROW = {"platform": "Sàn Thử", "listing_id": "T0", "seller_id": "S1", "rating": 5, "created_at": "2026-11-01", "reviewer_id": "người mua 1"}


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_reviews_are_read_from_tables_with_ids_keyed_and_phones_masked(tmp_path: Path, kind: str) -> None:
    rows = [ROW | {"text": "hàng đẹp, ai cần pass gọi 0900000001 nhé"}, ROW | {"text": "Shop bán hàng giả", "rating": 1, "created_at": None}]
    report = take_reviews(write(tmp_path, rows, kind), work=tmp_path / "work", key=DEMO_KEY)
    assert (report.n_read, report.n_kept, report.n_undated, report.n_complaints) == (2, 2, 1, 1)
    table = pd.read_parquet(tmp_path / "work" / "reviews" / "part-00000.parquet")
    assert list(table.columns) == list(COLUMNS)
    assert table["platform"].tolist() == ["sàn thử"] * 2
    assert table["text"].iloc[0] == "hàng đẹp, ai cần pass gọi 0900xxxxxx nhé"
    assert table["reviewer_key"].nunique() == 1 and not table["reviewer_key"].str.contains("người").any()
    assert "text" not in review_features(tmp_path / "work")


def test_every_row_of_a_file_is_accounted_for(tmp_path: Path) -> None:
    rows = [
        ROW | {"text": "tốt"},
        ROW | {"text": None, "rating": 4},  # stars alone say something
        ROW | {"text": None, "rating": None},
        ROW | {"text": "tốt", "rating": 17},  # no star rating, but words
        {"platform": "sàn thử", "text": "về ai?"},
        {"listing_id": "T0", "text": "ở đâu?"},
    ]
    report = take_reviews(write(tmp_path, rows, "jsonl"), work=tmp_path / "work", key=DEMO_KEY)
    assert (report.n_read, report.n_kept, report.n_empty, report.n_without_id, report.n_broken) == (6, 3, 1, 2, 0)
    assert pd.read_parquet(tmp_path / "work" / "reviews" / "part-00000.parquet")["rating"].isna().tolist() == [False, False, True]


def test_a_table_that_is_about_nobody_is_refused_with_the_columns_it_needs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"reviews need the columns platform and listing_id or seller_id; found \['text'\]"):
        take_reviews(write(tmp_path, [{"text": "tốt"}], "csv"), work=tmp_path / "work", key=DEMO_KEY)


def test_another_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    for text in ("tốt", "đẹp"):
        take_reviews(write(tmp_path, [ROW | {"text": text}], "csv"), work=tmp_path / "work", key=DEMO_KEY)
    assert len(list((tmp_path / "work" / "reviews").iterdir())) == 1
    assert pd.read_parquet(tmp_path / "work" / "reviews")["text"].tolist() == ["đẹp"]


# --- per shop, as of a day ---


def columns(reviews: list[dict[str, Any]], captured: list[str], prior: float = 20.0) -> pd.DataFrame:
    """Review columns of one listing of shop S1 (L1) captured on each day, and of shop S2 (L2) on the last."""
    crawl = pd.DataFrame(
        {
            "platform": "sàn thử",
            "listing_id": ["L1"] * len(captured) + ["L2"],
            "seller_id": ["S1"] * len(captured) + ["S2"],
            "seller_name": None,
            "captured_at": pd.to_datetime([*captured, captured[-1]], utc=True),
        }
    ).astype(dict.fromkeys(("platform", "listing_id", "seller_id", "seller_name"), "str"))
    nothing = {"platform": "sàn thử", "listing_id": None, "seller_id": "S1", "rating": 5.0, "created_at": "2026-05-01", "reviewer_key": None}
    nothing |= {"complaint": False, "complaint_fake": False, "n_letters": 80}
    table = pd.DataFrame([nothing | {"text_key": at} | row for at, row in enumerate(reviews)])
    table["created_at"] = pd.to_datetime(table["created_at"], utc=True)
    rows = seller_rows(crawl)
    table = table.astype(dict.fromkeys(("platform", "listing_id", "seller_id", "reviewer_key"), "str"))
    found = pd.DataFrame(review_columns(rows, crawl.iloc[rows.at], table, prior=prior))
    return found.set_index(rows.at).sort_index()


def test_complaints_count_from_the_day_they_were_written() -> None:
    found = columns([{"complaint": True, "created_at": "2026-05-10"}, {}], ["2026-05-01", "2026-05-10"])
    assert found["seller_n_complaints"].tolist()[:2] == [0, 1]
    assert found["seller_n_reviews_read"].tolist()[:2] == [1, 2]


def test_one_complaint_among_few_reviews_is_shrunk_towards_all_other_shops() -> None:
    found = columns([{"complaint": True}] + [{"seller_id": "S2"}] * 100, ["2026-06-01"])
    # Elsewhere 0 of 100, started from 0.05 % of 100: usual = 0.05 / 200; 1 of 1 and twenty more.
    assert found["seller_complaint_share"].iloc[0] == pytest.approx((1 + 20 * 0.05 / 200) / 21)


def test_high_stars_on_a_complaint_contradict_it() -> None:
    found = columns([{"complaint": True, "rating": 5.0}, {"complaint": True, "rating": 1.0}, {"rating": 5.0}], ["2026-06-01"])
    # One of three; elsewhere nothing, so the usual share is the first guess of 0.01 %.
    assert found["seller_review_mismatch"].iloc[0] == pytest.approx((1 + 20 * 0.0001) / 23)


def test_a_long_text_written_twice_repeats_itself_and_short_praise_or_one_buyers_order_does_not() -> None:
    twice = columns([{"text_key": 7}, {"text_key": 7}], ["2026-06-01"])
    short = columns([{"text_key": 7, "n_letters": 10}] * 2, ["2026-06-01"])
    order = columns([{"text_key": 7, "reviewer_key": "r1"}] * 2, ["2026-06-01"])
    people = columns([{"text_key": 7, "reviewer_key": who} for who in ("r1", "r2")], ["2026-06-01"])
    repeated = [found["seller_review_repeats"].iloc[0] for found in (twice, short, order, people)]
    assert repeated == pytest.approx([(1 + 0.4) / 22, 0.4 / 22, 0.4 / 22, (1 + 0.4) / 22])


def test_a_burst_is_the_most_reviews_within_three_days() -> None:
    days = ["2026-05-01"] * 5 + ["2026-05-03"] * 5 + ["2026-05-04"] * 2 + ["2026-05-20"]
    found = columns([{"created_at": day} for day in days], ["2026-05-02", "2026-05-04", "2026-06-01"])
    # 5 of 5 by the 2nd; 1st to 3rd: 10 of 12 by the 4th; later days never reach ten again.
    assert found["seller_review_burst"].tolist()[:3] == pytest.approx([5 / 25, 10 / 32, 10 / 33])


def test_a_review_known_by_its_listing_counts_for_the_shop_once_the_crawl_has_seen_the_listing() -> None:
    found = columns([{"seller_id": None, "listing_id": "L2"}], ["2026-06-01"])
    assert found["seller_n_reviews_read"].tolist() == [0, 1]


def test_undated_reviews_and_those_of_shops_outside_the_crawl_count_for_nobody() -> None:
    found = columns([{"created_at": None}, {"seller_id": "S99"}], ["2026-06-01"])
    assert found["seller_n_reviews_read"].tolist() == [0, 0]


def test_a_shop_without_reviews_stands_where_the_others_stand() -> None:
    found = columns([{"seller_id": "S2", "complaint": True}] * 10, ["2026-06-01"])
    # Elsewhere 10 of 10, started from 0.05 % of 100.
    assert found["seller_complaint_share"].iloc[0] == pytest.approx((10 + 0.05) / 110)
    assert found["seller_n_complaints"].iloc[0] == 0 == found["seller_review_burst"].iloc[0]


def test_without_reviews_every_column_is_missing() -> None:
    crawl = pd.DataFrame({"platform": ["a"], "listing_id": ["1"], "seller_id": ["s"], "seller_name": ["n"]}).astype("str")
    crawl["captured_at"] = pd.Timestamp(0, tz="UTC")
    rows = seller_rows(crawl)
    found = review_columns(rows, crawl, None, prior=20.0)
    assert list(found) == REVIEW_COLUMNS and all(np.isnan(values).all() for values in found.values())


# --- from outside ---


def _angry(crawl: Callable[..., Path], tmp_path: Path) -> tuple[Path, Path]:
    listings = crawl([{"tiêu đề": "Túi xách Gucci super fake", "giá bán": "350000"}])
    rows = [ROW | {"text": f"Shop bán hàng giả, lần thứ {at}", "rating": 1, "reviewer_id": f"r{at}"} for at in range(4)]
    return listings, write(tmp_path, rows, "csv")


def test_complaints_sharpen_a_listing_with_signs_and_say_so_in_vietnamese(
    crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path
) -> None:
    listings, reviews = _angry(crawl, tmp_path)
    plain, sharpened = finished(listings, out="plain"), finished(listings, out="sharp", reviews=reviews)
    points = [pd.read_parquet(one.out / "scores.parquet")["points"].iloc[0] for one in (plain, sharpened)]
    assert points[1] > points[0]
    said = pd.read_parquet(sharpened.out / "reasons.parquet").set_index("sign_id")["text"]
    assert said["seller_complaints"].startswith("4 trong 4 đánh giá đã đọc phàn nàn")
    assert any("reviews read 4" in line for line in sharpened.lines())
    assert plain.to_json()["run_id"] != sharpened.to_json()["run_id"]


def test_complaints_alone_raise_no_listing(crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path) -> None:
    _, reviews = _angry(crawl, tmp_path)
    done = finished(crawl([{"tiêu đề": "Bình giữ nhiệt 500ml", "giá bán": "150000"}], "bottle.csv"), reviews=reviews)
    assert pd.read_parquet(done.out / "scores.parquet")["points"].tolist() == [0.0]


def test_score_takes_reviews_and_keeps_those_of_the_run_before(crawl: Callable[..., Path], tmp_path: Path) -> None:
    listings, reviews = _angry(crawl, tmp_path)
    runner, out = CliRunner(), str(tmp_path / "out")
    assert runner.invoke(app, ["ingest", str(listings), "--out", out]).exit_code == 0
    first = runner.invoke(app, ["score", out, "--reviews", str(reviews), "--model", "coldstart"])
    assert first.exit_code == 0 and "reviews read 4 = kept 4" in first.stdout
    scores = [pd.read_parquet(tmp_path / "out" / "scores.parquet")]
    assert runner.invoke(app, ["score", out, "--model", "coldstart"]).exit_code == 0
    scores.append(pd.read_parquet(tmp_path / "out" / "scores.parquet"))
    pd.testing.assert_frame_equal(*scores)


def test_reviews_of_a_run_that_was_killed_halfway_count_for_nothing(tmp_path: Path) -> None:
    take_reviews(write(tmp_path, [ROW | {"text": "tốt"}], "csv"), work=tmp_path / "work", key=DEMO_KEY)
    (tmp_path / "work" / "reviews.json").unlink()
    assert review_features(tmp_path / "work") is None


def test_a_new_crawl_forgets_the_reviews_of_the_one_before(
    crawl: Callable[..., Path], finished: Callable[..., RunReport], tmp_path: Path
) -> None:
    listings, reviews = _angry(crawl, tmp_path)
    finished(listings, reviews=reviews)
    assert "seller_complaints" not in set(pd.read_parquet(finished(listings).out / "reasons.parquet")["sign_id"])


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "shopee_reviews_chutoan99.parquet").exists(), reason="needs the real reviews beside the repository")
def test_few_real_reviews_are_complaints_and_hardly_any_of_those_has_five_stars(tmp_path: Path) -> None:
    report = take_reviews(REAL / "shopee_reviews_chutoan99.parquet", work=tmp_path, key=DEMO_KEY)
    table = review_features(tmp_path)
    assert table is not None and report.n_kept == report.n_read == 26_370
    assert 8 <= report.n_complaints <= 30
    assert table.loc[table["complaint"], "rating"].ge(4).mean() <= 0.2
