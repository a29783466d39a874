"""Where a learned score may speak, and how wide amber is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.bands import Minutes, amber_bounds
from models.evidence import combine
from models.support import ANYTHING, support_of
from pipeline.reference import load_reference


def labelled(n: int = 60) -> pd.DataFrame:
    category = np.where(np.arange(n) % 2, "Giày", "Túi")
    return pd.DataFrame({"platform": "shopee", "category": category, "title": "Giày da thật"}).astype("str")


def test_a_new_platform_category_or_language_is_outside_and_a_missing_category_is_not() -> None:
    support = support_of(labelled())
    rows = pd.DataFrame(
        {
            "platform": ["shopee", "tiki", "shopee", "shopee", "shopee"],
            "category": ["Giày", "Giày", "Tủ lạnh", "Giày", None],
            "title": ["Giày vải mới", "Giày vải mới", "Giày vải mới", "кроссовки новые", "Túi đẹp 123"],
        }
    )
    assert support.inside(rows).tolist() == [True, False, False, False, True]
    assert support.from_json(support.to_json()) == support and ANYTHING.inside(rows).all()


def test_categories_that_are_as_free_as_text_are_no_border() -> None:
    rows = labelled(100).assign(category=[f"Loại {number}" for number in range(100)])
    assert support_of(rows).categories == []


def test_outside_the_support_the_evidence_orders_and_the_band_is_amber() -> None:
    weights = load_reference().weights
    table = pd.DataFrame({f"evidence_{name}": [0.0, 0.0, 2.5] for name in weights.behaviour_weight}).assign(n_families=1)
    table.loc[:, [name for name in table if name not in ("evidence_counterfeit", "n_families")]] = 0.0
    said = combine(table, {"counterfeit": pd.Series([0.001, np.nan, np.nan])}, weights)
    assert said["band"].tolist() == ["green", "amber", "amber"]
    alone = combine(table, {}, weights)
    assert said["points"].tolist()[1:] == alone["points"].tolist()[1:] and alone["band"][1] == "green"


@pytest.mark.parametrize(("probability", "band"), [(0.01, "green"), (0.2, "amber"), (0.7, "amber"), (0.9, "red")])
def test_a_probability_is_amber_where_a_look_is_worth_its_minutes(probability: float, band: str) -> None:
    weights = load_reference().weights
    table = pd.DataFrame({f"evidence_{name}": [0.0] for name in weights.behaviour_weight}).assign(n_families=0)
    assert combine(table, {"scam": pd.Series([probability])}, weights)["band"].tolist() == [band]


@given(st.floats(1, 30), st.floats(150, 400), st.floats(1.5, 10), st.floats(0.3, 1))
def test_dearer_looks_narrow_amber_and_its_edges_are_where_a_look_pays(look: float, visit: float, times: float, tells: float) -> None:
    find = visit * times
    assume(look / (tells * (find - visit)) < 1 - look / (tells * visit))
    low, high = amber_bounds(Minutes(look=look, visit=visit, find=find, tells=tells))
    cheaper = amber_bounds(Minutes(look=look * 0.5, visit=visit, find=find, tells=tells))
    assert cheaper[0] < low < high < cheaper[1]
    # At the lower edge the gain from looking, tells * p * (find - visit), is just its cost; at the upper edge tells * (1 - p) * visit is.
    assert tells * low * (find - visit) == pytest.approx(look) and tells * (1 - high) * visit == pytest.approx(look)


def test_minutes_that_leave_no_amber_are_refused() -> None:
    with pytest.raises(ValidationError, match="leave no amber"):
        Minutes(look=100, visit=60, find=90, tells=0.1)


def test_an_artifact_keeps_its_support(tmp_path: Path) -> None:
    from models.artifact import Model, load_model, save_model
    from tests.test_learning import small_learner

    learner, _, _ = small_learner()
    support = support_of(labelled())
    save_model(Model({"scam": replace(learner, support=support)}, ["scam"], []), tmp_path / "model", titles=["Giày da"] * 8, seed=1)
    assert load_model(tmp_path / "model").learners["scam"].support == support
