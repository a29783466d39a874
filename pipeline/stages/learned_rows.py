"""Which labelled rows a model has learned from, kept beside it as hashes, so that a later comparison is on rows that neither model knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from pipeline.stages.dataset import Dataset

LEARNED_FILE = "learned_rows.parquet"
_NO_SELLER = np.uint64(0)
_NOTHING = pd.DataFrame(
    {
        "behaviour": pd.Series(dtype="str"),
        "key": pd.Series(dtype="uint64"),
        "seller": pd.Series(dtype="uint64"),
        "captured_at": pd.Series(dtype="datetime64[us, UTC]"),
    }
)


@dataclass(frozen=True)
class Unseen:
    """Positions in the dataset that may judge, and in words which they are."""

    rows: npt.NDArray[np.int64]
    why: str


def learned_rows(data: Dataset, positions: Mapping[str, npt.NDArray[np.int64]]) -> pd.DataFrame:
    """Return ``behaviour, key, seller`` (64-bit hashes; seller 0 = none) and ``captured_at`` (UTC) of the rows that each behaviour learned from."""
    keys, sellers = _hashes(data)
    tables = [
        pd.DataFrame({"behaviour": name, "key": keys[at], "seller": sellers[at], "captured_at": data.when.iloc[at].to_numpy()})
        for name, at in ((name, np.unique(found)) for name, found in positions.items())
    ]
    return pd.concat(tables, ignore_index=True) if tables else _NOTHING.copy()


def unseen_rows(data: Dataset, learned: Sequence[pd.DataFrame], behaviour: str) -> Unseen:
    """Return the rows of ``data`` that none of the ``learned`` tables holds for ``behaviour``, of sellers that none of them holds.

    Where captures are dated and some lie after the last one that any model learned from, only those count: later data judge what has
    learned from earlier ones.
    """
    mine = [table[table["behaviour"].eq(behaviour)] for table in learned]
    keys, sellers = _hashes(data)
    fresh = np.ones(len(keys), dtype=bool)
    for table in mine:
        fresh &= ~np.isin(keys, table["key"].to_numpy(np.uint64))
        known = table["seller"].to_numpy(np.uint64)
        fresh &= ~np.isin(sellers, known[known != _NO_SELLER])
    last = max((table["captured_at"].max() for table in mine if table["captured_at"].notna().any()), default=pd.NaT)
    later = fresh & data.when.gt(last).to_numpy(bool) if pd.notna(last) else np.zeros(len(fresh), dtype=bool)
    if later.any():
        return Unseen(np.flatnonzero(later), f"captured after {last:%Y-%m-%d}, the last day that either model learned from, of sellers new to both")
    return Unseen(np.flatnonzero(fresh), "not learned from by either model, of sellers new to both; time does not separate them")


def _hashes(data: Dataset) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    keys = pd.util.hash_pandas_object(data.rows["platform"] + "|" + data.rows["listing_id"], index=False).to_numpy(np.uint64)
    sellers = pd.util.hash_pandas_object(data.sellers.astype("object").fillna(""), index=False).to_numpy(np.uint64)
    return keys, np.where(data.sellers.isna().to_numpy(), _NO_SELLER, sellers)
