"""An outcomes table as a file that training, scoring and label counts read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.errors import DataError
from pipeline.store import write_atomically, write_parquet


def write_outcomes(table: pd.DataFrame, path: Path) -> None:
    """Write ``table`` as Parquet or CSV by the name of ``path``; raises `DataError` for any other name."""
    if path.suffix == ".parquet":
        write_parquet(table, path)
    elif path.suffix == ".csv":
        write_atomically(path, lambda partial: table.to_csv(partial, index=False, encoding="utf-8-sig"))
    else:
        raise DataError(f"{path}: outcomes are written as .parquet or .csv")
