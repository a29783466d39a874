"""Any ranked list is judged by outcomes the way an agency is, and two are compared at equal budget."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from features.errors import DataError
from models.list_quality import compare_lists, list_quality
from pipeline.labels import read_outcomes
from pipeline.stages.evaluate_list import evaluate_list, list_lines, read_list
from tests.commands import soihang


def outcomes(folder: Path, n: int = 200) -> Path:
    """Every fourth listing is a find; the last twenty were never looked at."""
    rows = [
        {"platform": "shopee", "listing_id": f"{number}", "seller_id": f"s{number // 2}", "status": "confirmed" if number % 4 == 0 else "cleared"}
        for number in range(n - 20)
    ]
    pd.DataFrame(rows).to_csv(folder / "outcomes.csv", index=False)
    return folder / "outcomes.csv"


def ranked(folder: Path, ids: list[int], name: str = "list.csv", **columns: object) -> Path:
    pd.DataFrame({"platform": "shopee", "listing_id": [str(one) for one in ids], **columns}).to_csv(folder / name, index=False)
    return folder / name


def test_precision_is_among_those_looked_at_and_the_unseen_bound_it() -> None:
    found = pd.Series({"a": True, "b": False, "c": True})
    at = list_quality(pd.Index(["a", "x", "b", "y"]), found, lengths=(2, 4))
    # First two: one find, one never looked at. All four: one find of two looked at; two unseen.
    assert [(one["finds"], one["looked_at"], one["precision"]) for one in at] == [(1, 1, 1.0), (1, 2, 0.5)]
    assert (at[1]["if_unseen_innocent"], at[1]["if_unseen_guilty"], at[1]["recall"]) == (0.25, 0.75, 0.5)


def test_two_lists_are_cut_to_the_shorter_one_and_the_noise_is_called_a_tie() -> None:
    found = pd.Series({f"{number}": number % 4 == 0 for number in range(400)})
    good, poor = pd.Index([f"{number}" for number in range(0, 400, 4)]), pd.Index([f"{number}" for number in range(1, 301)])
    said = compare_lists(good, poor, found, n_resamples=200, seed=1)
    assert said["k"] == 100 and said["finds"] == [100, 25]
    assert said["finds_difference"]["verdict"] == "better" and said["finds_difference"]["difference"] == 75
    again = compare_lists(poor[:100], poor[100:200], found, n_resamples=200, seed=1)
    assert again["finds_difference"]["verdict"] == "tie"


def test_a_list_against_itself_is_a_tie_of_nothing(tmp_path: Path) -> None:
    path = ranked(tmp_path, list(range(60)))
    said = evaluate_list(path, read_outcomes(outcomes(tmp_path)), against=path, resamples=50, seed=1)["comparison"]
    assert said["overlap"] == said["k"] == 60 and said["finds_difference"]["difference"] == 0 and said["finds_difference"]["verdict"] == "tie"


def test_the_command_prints_both_lists_and_who_is_better(tmp_path: Path) -> None:
    good, poor = ranked(tmp_path, list(range(0, 160, 4))), ranked(tmp_path, list(range(1, 160, 4)), "poor.csv")
    done = soihang("evaluate-list", good, "--outcomes", outcomes(tmp_path), "--against", poor, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["lists"]["list.csv"]["at"][-1]["finds"] == 40 and said["lists"]["poor.csv"]["at"][-1]["finds"] == 0
    assert said["comparison"]["finds_difference"]["verdict"] == "better"
    assert any("list.csv is better" in line for line in list_lines(said))


def test_a_list_of_sellers_counts_a_seller_with_one_confirmed_listing(tmp_path: Path) -> None:
    path = tmp_path / "sellers.csv"
    pd.DataFrame({"platform": "Shopee", "seller_id": ["s0", "s1", "s2"]}).to_csv(path, index=False)
    said = evaluate_list(path, read_outcomes(outcomes(tmp_path)), resamples=50, seed=1)
    # Seller s0 has listings 0 (confirmed) and 1; s1 has 2 and 3; s2 has 4 (confirmed) and 5.
    assert said["unit"] == "seller_id" and said["lists"]["sellers.csv"]["at"][-1]["finds"] == 2


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_list_is_read_in_its_order_from_any_format(suffix: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"Platform": ["Shopee"] * 4, "listing_id": ["7", "3", "7", "5"], "rank": [2, 1, 4, 3]})
    path = tmp_path / f"list{suffix}"
    {".csv": table.to_csv, ".xlsx": table.to_excel, ".parquet": table.to_parquet}[suffix](path, index=False)
    read = read_list(path)
    assert read["listing_id"].tolist() == ["3", "7", "5"] and set(read["platform"]) == {"shopee"}


def test_what_is_no_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("who,what\na,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="needs the columns platform and listing_id"):
        read_list(path)
    strangers = ranked(tmp_path, [900, 901], "strangers.csv")
    with pytest.raises(DataError, match="none of the 2 targets"):
        evaluate_list(strangers, read_outcomes(outcomes(tmp_path)), resamples=50, seed=1)
