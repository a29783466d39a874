"""Outcomes to a model: labels as they were known, splits that do not flatter, figures that can be recomputed, files that cannot be tampered with."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from features.errors import DataError, ModelError
from features.text_hashes import text_counts
from models.artifact import Model, load_model, save_model
from models.calibrate import fit_platt
from models.free_text import free_text_columns
from models.ladder import most_say
from models.learner import Learner, fit_learner
from models.metrics import Ranked, judge, measures, observed_over_expected, resamples
from models.reliability import calibration_slope, calibration_slope_interval
from models.signs import DIRECTIONS, PREMIUM, added, fit_signs, signs_say
from models.split import choose_split, text_keys
from models.timeline import days_earlier
from models.within import balance_sources, judge_within
from pipeline.labels import read_outcomes


def outcomes(tmp_path: Path, rows: list[dict[str, object]]) -> Path:
    path = tmp_path / "outcomes.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


# Labels


@pytest.mark.parametrize(("status", "y"), [("confirmed", True), ("cleared", False), ("1", True), ("0", False), (" Confirmed ", True)])
def test_a_status_becomes_a_label(status: str, y: bool, tmp_path: Path) -> None:
    labels = read_outcomes(outcomes(tmp_path, [{"platform": "Shopee", "listing_id": "7", "status": status}]))
    assert labels.table["y"].tolist() == [y] and labels.table["platform"].tolist() == ["shopee"]


@pytest.mark.parametrize("status", ["not_found", "pending", "referred", "not_inspected"])
def test_what_says_nothing_about_the_goods_gives_no_label(status: str, tmp_path: Path) -> None:
    labels = read_outcomes(outcomes(tmp_path, [{"platform": "a", "listing_id": "1", "status": status}]))
    assert len(labels.table) == 0 and any("give no label" in note for note in labels.notes)


def test_outcomes_not_yet_known_are_left_out(tmp_path: Path) -> None:
    from datetime import date

    rows = [{"platform": "a", "listing_id": str(n), "status": 1, "known_at": f"2026-0{n}-10"} for n in (1, 5)]
    labels = read_outcomes(outcomes(tmp_path, rows), as_of=date(2026, 3, 1))
    assert labels.table["listing_id"].tolist() == ["1"] and any("1 outcomes known after" in note for note in labels.notes)


def test_the_outcome_known_last_counts(tmp_path: Path) -> None:
    rows = [
        {"platform": "a", "listing_id": "1", "status": "cleared", "known_at": "2026-05-01"},
        {"platform": "a", "listing_id": "1", "status": "confirmed", "known_at": "2026-01-01"},
    ]
    assert read_outcomes(outcomes(tmp_path, rows)).table["y"].tolist() == [False]


def test_missing_dates_are_said(tmp_path: Path) -> None:
    labels = read_outcomes(outcomes(tmp_path, [{"platform": "a", "listing_id": "1", "status": 1}]))
    assert any("no date" in note for note in labels.notes)


@pytest.mark.parametrize(
    ("rows", "words"),
    [([{"platform": "a", "status": 1}], "listing_id"), ([{"platform": "a", "listing_id": "1", "status": "guilty"}], "unknown status")],
)
def test_unusable_outcomes_are_named(rows: list[dict[str, object]], words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read_outcomes(outcomes(tmp_path, rows))


def test_a_behaviour_is_positive_only_where_it_was_confirmed(tmp_path: Path) -> None:
    rows = [
        {"platform": "a", "listing_id": "1", "status": 1, "behaviours": "scam, counterfeit"},
        {"platform": "a", "listing_id": "2", "status": 1, "behaviours": "scam"},
        {"platform": "a", "listing_id": "3", "status": 1, "behaviours": None},
        {"platform": "a", "listing_id": "4", "status": 0, "behaviours": "scam"},
    ]
    labels = read_outcomes(outcomes(tmp_path, rows))
    assert labels.positive("scam").tolist() == [True, True, False, False]
    assert labels.positive("counterfeit").tolist() == [True, False, True, False]


# Splits


def world(n: int = 2000, *, days: int = 200, seed: int = 0) -> tuple[np.ndarray, pd.Series, pd.Series, pd.Series, np.ndarray]:
    draw = np.random.default_rng(seed)
    y = draw.random(n) < 0.15
    when = pd.Series(pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(draw.integers(0, days, n), unit="D")).astype("datetime64[us, UTC]")
    sellers = pd.Series([f"s{k}" for k in draw.integers(0, 400, n)], dtype="str")
    return y, when, when + pd.Timedelta(days=10), sellers, np.arange(n)


def test_where_time_allows_the_test_lies_after_training_and_its_sellers_are_held_out() -> None:
    y, when, known, sellers, texts = world(4000)
    sellers = sellers + (when > pd.Timestamp("2026-05-01", tz="UTC")).map({True: "late", False: ""})
    split = choose_split(y, when, known, sellers, texts, seed=1)
    (fold,) = split.folds
    assert split.kind == "time+seller"
    assert known.iloc[np.r_[fold.train, fold.calibration]].max() < when.iloc[fold.test].min()
    assert when.iloc[fold.train].max() <= when.iloc[fold.calibration].min()
    assert not set(sellers.iloc[np.r_[fold.train, fold.calibration]]) & set(sellers.iloc[fold.test])


def test_a_single_day_is_split_by_seller_and_says_why() -> None:
    y, when, known, sellers, texts = world(days=1)
    split = choose_split(y, when, known, sellers, texts, seed=1)
    assert split.kind == "seller" and "six weeks" in split.why
    for fold in split.folds:
        sides = [set(sellers.iloc[side]) for side in (fold.train, fold.calibration, fold.test)]
        assert not sides[0] & sides[2] and not sides[1] & sides[2] and not sides[0] & sides[1]
    assert sorted(np.concatenate([fold.test for fold in split.folds])) == list(range(len(y)))


def test_without_sellers_rows_of_the_same_words_stay_together() -> None:
    y, when, known, _, _ = world(days=1)
    texts = np.arange(len(y)) // 4
    split = choose_split(y, when, known, pd.Series([None] * len(y), dtype="str"), texts, seed=1)
    assert split.kind == "group"
    for fold in split.folds:
        assert not set(texts[fold.test]) & set(texts[np.r_[fold.train, fold.calibration]])


def test_training_rows_that_say_the_same_as_a_test_row_are_purged() -> None:
    y, when, known, sellers, texts = world(days=1)
    texts = np.where(np.arange(len(y)) % 10 == 0, -1, texts)
    split = choose_split(y, when, known, sellers, texts, seed=1)
    assert all(fold.n_purged > 0 for fold in split.folds)
    for fold in split.folds:
        learned = texts[np.r_[fold.train, fold.calibration]]
        assert -1 not in learned or -1 not in texts[fold.test]


def test_same_words_in_another_order_case_and_number_are_the_same_text() -> None:
    keys = text_keys(pd.Series(["Giày Nike size 42", "NIKE giày SIZE 39!", "Giày Adidas"]), pd.Series([None, "", ""], dtype="str"))
    assert keys[0] == keys[1] != keys[2]


# Metrics


@given(st.integers(0, 10_000))
def test_measures_equal_those_of_scikit_learn(seed: int) -> None:
    draw = np.random.default_rng(seed)
    y = draw.random(200) < 0.3
    score = np.round(draw.normal(size=200) + y, 1)
    said = measures(Ranked.of(y, score), np.ones(200), flagged=0.3)
    assert said["pr_auc"] == pytest.approx(average_precision_score(y, score))
    assert said["roc_auc"] == pytest.approx(roc_auc_score(y, score))


def test_ties_count_as_a_random_order_would() -> None:
    y = np.array([True] * 10 + [False] * 90)
    said = measures(Ranked.of(y, np.zeros(100)), np.ones(100), flagged=0.1)
    assert said["precision_at_0.05"] == pytest.approx(0.1) and said["roc_auc"] == pytest.approx(0.5)


def test_intervals_are_drawn_over_sellers_and_cover_the_value() -> None:
    draw = np.random.default_rng(1)
    groups = np.repeat(np.arange(100), 10)
    y = np.repeat(draw.random(100) < 0.2, 10)
    score = np.repeat(draw.normal(size=100), 10) + y
    weights = resamples(groups, 200, seed=1)
    assert all((np.bincount(groups, weights=w) % 10 == 0).all() for w in weights[:5]), "a seller comes whole or not at all"
    flat, _ = judge(y, score, weights, flagged=0.2)
    low, high = flat["pr_auc"]["ci"]
    assert low < flat["pr_auc"]["value"] < high and high - low > 0.05


def test_observed_over_expected_is_one_where_promises_are_kept() -> None:
    draw = np.random.default_rng(1)
    p = draw.random(50_000)
    y = draw.random(50_000) < p
    assert observed_over_expected(y, p, 0.1) == pytest.approx(1.0, abs=0.03)
    assert observed_over_expected(y, np.clip(p * 2, 0, 1), 0.5) < 0.8


def test_the_interval_of_the_calibration_slope_covers_it_and_narrows_with_rows() -> None:
    draw = np.random.default_rng(2)
    widths = []
    for n in (500, 8000):
        z = draw.normal(-2, 1.5, n)
        y = draw.random(n) < 1 / (1 + np.exp(-1.4 * z))
        low, high = calibration_slope_interval(y, 1 / (1 + np.exp(-z)), resamples(np.arange(n), 100, seed=1))
        assert low < calibration_slope(y, 1 / (1 + np.exp(-z))) < high
        widths.append(high - low)
    assert low < 1.4 < high and widths[1] < widths[0] / 2


def test_calibration_mends_overconfidence_and_keeps_the_order() -> None:
    draw = np.random.default_rng(1)
    p = draw.beta(1, 5, 20_000)
    y = draw.random(20_000) < p
    loud = np.clip(p**0.3, 0.001, 0.999)
    platt = fit_platt(loud, y)
    mended = platt.probability(loud)
    assert abs(mended.mean() - y.mean()) < 0.01 and (np.argsort(mended, kind="stable") == np.argsort(loud, kind="stable")).all()


@pytest.mark.parametrize("score", [[1.0, 0.0], [0.0, 1.0]], ids=["found", "nothing found"])
def test_days_earlier_are_cut_at_the_last_sight_and_may_be_none(score: list[float]) -> None:
    days = pd.to_datetime(["2026-01-05", "2026-01-05"], utc=True)
    last, happened = days + pd.Timedelta(days=3), days + pd.Timedelta(days=10)
    rows = pd.DataFrame({"first_seen": days, "last_seen": last, "happened_at": happened, "y": [True, False]})
    said = days_earlier(rows.astype({"first_seen": "datetime64[us, UTC]"}), np.array(score), capacity=1)
    expected = (1, 10.0, 3.0, 1) if score[0] else (0, None, None, 0)
    assert (said["n_found"], said["median_days"], said["at_least_median_days"], said["n_censored"]) == expected


# Learner and artifact


@lru_cache(maxsize=2)
def small_learner(seed: int = 3) -> tuple[Learner, pd.DataFrame, list[str]]:
    draw = np.random.default_rng(0)
    n = 600
    y = draw.random(n) < 0.3
    table = pd.DataFrame({"price_gap": draw.normal(size=n) - y, "x_noise": draw.normal(size=n)}).astype("float32")
    table["x_channel"] = pd.Series(np.where(draw.random(n) < 0.5, "live", "shop"), dtype="str")
    titles = [f"Giày {'rep' if flag and draw.random() < 0.7 else 'da'} mẫu {number % 50}" for number, flag in enumerate(y)]
    calibration = np.arange(n) >= 450
    return fit_learner(table, text_counts(titles, titles), y, np.arange(n) // 3, calibration, seed=seed, n_folds=3), table, titles


def test_learning_finds_what_is_there_and_bounds_hold_the_middle() -> None:
    learner, table, titles = small_learner()
    said = learner.predict(table, text_counts(titles, titles))
    assert ((said["low"] <= said["probability"]) & (said["probability"] <= said["high"])).all() and said["probability"].between(0, 1).all()
    assert learner.importance().index[0] != "x_noise" and learner.importance()["x_noise"] < learner.importance()["price_gap"]


def test_a_column_of_words_is_learned_from_and_an_unknown_word_counts_as_missing() -> None:
    draw = np.random.default_rng(1)
    y = draw.random(900) < 0.3
    channel = pd.Series(np.where(draw.random(900) < 0.85, np.where(y, "live", "shop"), np.where(y, "shop", "live")), dtype="str")
    table = pd.DataFrame({"x_channel": channel})
    titles = ["Giày da"] * 900
    learner = fit_learner(table, text_counts(titles, titles), y, np.arange(900), np.arange(900) >= 700, seed=1, n_folds=3)
    assert sorted(learner.categories["x_channel"]) == ["live", "shop"]
    asked = pd.DataFrame({"x_channel": pd.Series(["live", "shop", "never seen", None], dtype="str")})
    live, shop, strange, nothing = learner.predict(asked, text_counts(titles[:4], titles[:4]))["probability"]
    assert live > shop + 0.3 and strange == nothing


@pytest.fixture(scope="module")
def signed() -> tuple[pd.DataFrame, np.ndarray]:
    """Cheap listings of young shops with evidence are found more often; the noise has its own ups and downs."""
    draw = np.random.default_rng(2)
    names = ("evidence_points", "price_gap", "log_seller_age_days", "x_noise")
    table = pd.DataFrame({name: draw.normal(size=800) for name in names}).astype("float32")
    odds = 1.2 * table["evidence_points"] - 1.2 * table["price_gap"] - 0.5 * table["log_seller_age_days"] - 1.5
    return table, draw.random(800) < 1 / (1 + np.exp(-odds.to_numpy()))


@given(column=st.sampled_from(["evidence_points", "price_gap", "log_seller_age_days"]), step=st.floats(0.01, 5))
def test_a_worse_sign_never_lowers_what_the_signs_say(column: str, step: float, signed: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, y = signed
    fitted = fit_signs(table, y, seed=1)
    worse = table.assign(**{column: table[column] + np.float32(step * DIRECTIONS[column])})
    assert "x_noise" not in fitted.columns and (signs_say(fitted, worse) >= signs_say(fitted, table) - 1e-9).all()


def test_a_strong_sign_is_not_talked_away_by_harmless_words_and_silent_signs_change_no_order() -> None:
    harmless, silent = np.array([-8.0, -2.0, 1.0]), np.full(3, -3.0)
    assert added(harmless, np.array([2.0, -4.0, -4.0]), 1.0)[0] >= 2.0
    assert (np.diff(added(harmless, silent, 1.0)) > 0).all() and (added(harmless, silent, 0.0) == harmless).all()


def test_signs_say_as_much_as_their_premium_allows() -> None:
    draw = np.random.default_rng(1)
    y = draw.random(3000) < 0.1
    knows, chance = 4.0 * y + draw.normal(size=3000), draw.normal(0, 4, 3000)
    say = most_say(knows, chance, y)
    costs = {one: 1 - average_precision_score(y, added(knows, chance, one)) / average_precision_score(y, knows) for one in (1.0, 0.3, 0.1, 0.0)}
    assert most_say(knows, knows, y) == 1.0
    assert costs[say] <= PREMIUM and all(cost > PREMIUM for one, cost in costs.items() if one > say)


def test_what_no_outcome_has_shown_is_found_by_its_signs() -> None:
    """Outcomes show fakes that say "rep" and are cheap; later ones say nothing and are as cheap."""
    draw = np.random.default_rng(3)
    n = 1500
    y = draw.random(n) < 0.15
    table = pd.DataFrame({"price_gap": draw.normal(size=n) * 0.5 - 1.5 * y, "x_noise": draw.normal(size=n)}).astype("float32")
    titles = [f"Giày {'rep' if flag else 'da'} mẫu {number % 70}" for number, flag in enumerate(y)]
    learner = fit_learner(table, text_counts(titles, titles), y, np.arange(n) // 3, None, seed=1, n_folds=3, n_boosters=1)
    asked = pd.DataFrame({"price_gap": [-2.5, 0.0], "x_noise": [0.0, 0.0]}).astype("float32")
    quiet, honest = learner.predict(asked, text_counts(["Giày da mẫu 5"] * 2, ["Giày da mẫu 5"] * 2))["probability"]
    assert quiet > 5 * honest and learner.say > 0


def test_each_source_teaches_with_the_same_share_of_finds_and_one_without_finds_teaches_nothing() -> None:
    sources = pd.Series(["shopee"] * 100 + ["tiki"] * 300 + ["sendo"] * 50, dtype="str")
    y = np.zeros(450, dtype=bool)
    y[:40], y[100:130] = True, True
    weight = balance_sources(sources, y)
    assert weight is not None and weight.mean() == pytest.approx(1.0)
    shares = [weight[mine & y].sum() / weight[mine].sum() for mine in (sources.eq(name).to_numpy() for name in ("shopee", "tiki"))]
    assert shares == pytest.approx([70 / 400, 70 / 400]) and weight[sources.eq("sendo").to_numpy()].sum() == 0
    assert balance_sources(sources.iloc[:100], y[:100]) is None


def test_a_column_that_only_tells_sources_apart_teaches_nothing() -> None:
    draw = np.random.default_rng(4)
    sources = pd.Series(np.where(draw.random(2000) < 0.5, "shopee", "tiki"), dtype="str")
    y = draw.random(2000) < np.where(sources.eq("shopee"), 0.4, 0.05)
    table = pd.DataFrame({"n_images": np.where(sources.eq("shopee"), 9, 3) + draw.normal(0, 0.1, 2000)}).astype("float32")
    text = text_counts(["Giày da"] * 2000, ["Giày da"] * 2000)
    asked = pd.DataFrame({"n_images": [9.0, 3.0]}).astype("float32")
    ratios = []
    for known in (sources, None):
        learner = fit_learner(table, text, y, np.arange(2000), None, seed=1, n_folds=3, n_boosters=1, sources=known)
        first, second = learner.predict(asked, text[:2])["probability"]
        ratios.append(first / second)
    within, across = ratios
    assert across > 4 and within < 1.5


def test_within_sources_knowing_the_source_earns_nothing() -> None:
    draw = np.random.default_rng(5)
    sources = pd.Series(np.where(draw.random(1200) < 0.5, "shopee", "tiki"), dtype="str")
    y = draw.random(1200) < np.where(sources.eq("shopee"), 0.3, 0.03)
    scores = {"model": y + draw.normal(size=1200), "missingness_only": sources.eq("shopee").to_numpy(dtype=float)}
    weights = resamples(np.arange(1200), 50, seed=1)
    said = judge_within(y, scores, sources, weights, of="model")
    assert said is not None and said["sources"] == ["shopee", "tiki"]
    finds = [y[sources.eq(name)].sum() for name in ("shopee", "tiki")]
    # A constant score has the share of finds as its PR-AUC in each source; the mean is weighted by finds.
    by_hand = sum(n * y[sources.eq(name)].mean() for n, name in zip(finds, ("shopee", "tiki"), strict=True)) / sum(finds)
    assert said["pr_auc"]["missingness_only"]["value"] == pytest.approx(by_hand)
    assert said["paired"]["missingness_only"]["pr_auc"]["verdict"] == "better"
    assert judge_within(y, scores, pd.Series("shopee", index=sources.index), weights, of="model") is None


def noted(n: int = 900) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    draw = np.random.default_rng(6)
    y = draw.random(n) < 0.25
    words = ["giao", "nhanh", "đẹp", "mới", "hộp", "ship", "màu", "size"]
    notes = [f"{' '.join(draw.choice(words, 5))} {'nhắn riêng' if flag else 'hóa đơn'} {number}" for number, flag in enumerate(y)]
    return pd.DataFrame({"x_note": notes, "x_pay": draw.choice(["thẻ", "tiền mặt"], n)}).astype("str"), y, ["Giày da"] * n


def test_sentences_of_a_sources_own_column_are_read_as_text() -> None:
    table, y, titles = noted()
    assert free_text_columns(table) == ["x_note"]
    learner = fit_learner(table, text_counts(titles, titles), y, np.arange(len(y)), None, seed=1, n_folds=3, n_boosters=1)
    asked = pd.DataFrame({"x_note": ["giao nhanh nhắn riêng", "giao nhanh hóa đơn"], "x_pay": ["thẻ", "thẻ"]}).astype("str")
    bad, good = learner.predict(asked, text_counts(titles[:2], titles[:2]))["probability"]
    assert bad > good + 0.3
    lacking = learner.predict(asked.drop(columns="x_note"), text_counts(titles[:2], titles[:2]))["probability"]
    assert lacking.notna().all(), "a source without the column is scored all the same"


def test_signs_and_columns_of_sentences_are_kept_in_the_artifact(tmp_path: Path) -> None:
    table, y, titles = noted()
    table["price_gap"] = (np.random.default_rng(1).normal(size=len(y)) - y).astype("float32")
    learner = fit_learner(table, text_counts(titles, titles), y, np.arange(len(y)), None, seed=1, n_folds=3, n_boosters=1)
    save_model(Model({"scam": learner}, ["scam"], []), tmp_path / "model", titles=titles[:8], seed=1)
    loaded = load_model(tmp_path / "model").learners["scam"]
    text = text_counts(titles, titles)
    assert loaded.signs is not None and (loaded.say, loaded.free_text) == (learner.say, ["x_note"])
    pd.testing.assert_frame_equal(loaded.predict(table, text), learner.predict(table, text))


def test_the_same_data_and_seed_give_the_same_artifact(tmp_path: Path) -> None:
    versions = []
    for name in ("one", "two"):
        learner, _, _ = small_learner.__wrapped__()  # fitted anew each time
        versions.append(save_model(Model({"counterfeit": learner}, ["counterfeit"], ["g"]), tmp_path / name, titles=["Giày da"] * 8, seed=1))
    assert versions[0] == versions[1]
    other, _, _ = small_learner(seed=4)
    assert save_model(Model({"counterfeit": other}, [], ["g"]), tmp_path / "three", titles=["Giày da"] * 8, seed=1) != versions[0]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    learner, _, _ = small_learner()
    save_model(Model({"counterfeit": learner}, ["counterfeit"], ["g"]), tmp_path / "model", titles=["Giày da", "Giày rep"] * 4, seed=1)
    return tmp_path / "model"


def test_a_loaded_model_says_the_same(saved: Path) -> None:
    learner, table, titles = small_learner()
    loaded = load_model(saved)
    text = text_counts(titles, titles)
    pd.testing.assert_frame_equal(loaded.learners["counterfeit"].predict(table, text), learner.predict(table, text))


def test_the_artifact_holds_data_only(saved: Path) -> None:
    assert {path.suffix for path in saved.iterdir()} == {".txt", ".npy", ".json"}
    assert np.load(saved / "counterfeit.text.words.weights.npy", allow_pickle=False).dtype == np.float32


@pytest.mark.parametrize("name", ["counterfeit.full.0.lightgbm.txt", "counterfeit.stack.weights.npy", "model.json", "selftest.json"])
def test_a_changed_file_is_refused(name: str, saved: Path) -> None:
    path = saved / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="changed after training"):
        load_model(saved)


def test_a_missing_file_is_refused(saved: Path) -> None:
    (saved / "counterfeit.text.words.weights.npy").unlink()
    with pytest.raises(ModelError, match="missing"):
        load_model(saved)


def test_a_model_that_no_longer_scores_its_own_rows_is_refused(saved: Path) -> None:
    import hashlib

    tests = json.loads((saved / "selftest.json").read_text(encoding="utf-8"))
    tests["learners"]["counterfeit"]["probability"][0] += 0.1
    (saved / "selftest.json").write_text(json.dumps(tests), encoding="utf-8")
    sums = json.loads((saved / "checksums.json").read_text(encoding="utf-8"))
    sums["selftest.json"] = hashlib.sha256((saved / "selftest.json").read_bytes()).hexdigest()
    (saved / "checksums.json").write_text(json.dumps(sums), encoding="utf-8")
    with pytest.raises(ModelError, match="own test rows"):
        load_model(saved)


def test_checksums_cannot_point_outside_the_folder(saved: Path) -> None:
    sums = json.loads((saved / "checksums.json").read_text(encoding="utf-8")) | {"../../etc/passwd": "0"}
    (saved / "checksums.json").write_text(json.dumps(sums), encoding="utf-8")
    with pytest.raises(ModelError):
        load_model(saved)
