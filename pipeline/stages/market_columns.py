"""Columns of the whole crawl, read for one family of market features at a time, and columns of the market kept until all families have spoken.

A family that compares listings needs a few columns of all of them at once. What it says is laid down on disk, a file a column, so that memory never
holds the columns of two families; in the end each part's table is put together from its own stretch of every file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from features.signatures import SIGNATURE_BYTES, WIDTH, Signatures, from_bytes
from pipeline.store import n_rows, write_atomically


def read_crawl(todo: Sequence[Path], columns: Mapping[Path, Sequence[str]], *, coded: Sequence[str] = ()) -> pd.DataFrame:
    """Return ``columns`` of all parts under one another; ``columns`` maps folders, whose tables lie row by row beside each other, to names.

    ``coded`` columns come as categories: a few bytes a row for texts that many rows repeat.
    """
    beside = []
    for folder, names in columns.items():
        tables = [_read(folder / part.name, names, coded) for part in todo]
        # A night may take over parts that another version of a library wrote: the same columns, their texts a little differently.
        whole = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
        del tables
        # Arrow's copy of a column goes as soon as pandas has its own.
        beside.append(whole.to_pandas(split_blocks=True, self_destruct=True))
        del whole
    return pd.concat(beside, axis=1)


def read_signatures(todo: Sequence[Path], folder: Path) -> Signatures:
    """Return the signatures of the texts of all parts (``folder`` holds the row features), in order."""
    out = np.empty((sum(n_rows(folder / part.name) for part in todo), WIDTH), dtype="<u2")
    begin = 0
    for part in todo:
        for piece in _read(folder / part.name, ["signature"], [])["signature"].chunks:
            if len(piece):
                out[begin : begin + len(piece)] = from_bytes(_values(piece))
                begin += len(piece)
    return out


class KeptColumns:
    """Columns of ``n_rows`` rows in files under ``folder``, which is made empty: numbers as they lie in memory, texts as numbers of a few texts."""

    def __init__(self, folder: Path, n_rows: int) -> None:
        rmtree(folder, ignore_errors=True)
        self._folder, self._n_rows = folder, n_rows
        self._kinds: dict[str, np.dtype[Any]] = {}
        self._texts: dict[str, pd.Index] = {}

    def keep(self, columns: Mapping[Any, Any]) -> None:
        """Lay down columns (arrays or series of all rows), each once."""
        for name, column in columns.items():
            values = column if isinstance(column, np.ndarray) else column.array
            if not isinstance(values, np.ndarray | pd.arrays.NumpyExtensionArray) or values.dtype == object:
                codes, texts = pd.factorize(values)
                values, self._texts[name] = codes.astype(np.int32), pd.Index([*texts, None], dtype="str")
            plain = np.ascontiguousarray(values)
            self._kinds[name] = plain.dtype
            write_atomically(self._folder / name, partial(_write, plain))

    def column(self, name: str, begin: int = 0, end: int | None = None) -> npt.NDArray[Any] | pd.Series:
        """Return the rows from ``begin`` to before ``end`` of a column."""
        kind = self._kinds[name]
        n = (self._n_rows if end is None else end) - begin
        values = np.fromfile(self._folder / name, dtype=kind, count=n, offset=begin * kind.itemsize)
        if name not in self._texts:
            return values
        # Position -1 is the last of them: what is missing.
        return pd.Series(self._texts[name].take(values), dtype="str")

    def rows(self, begin: int, end: int) -> pd.DataFrame:
        """Return the rows from ``begin`` to before ``end`` of all columns, in the order in which they were kept."""
        return pd.DataFrame({name: self.column(name, begin, end) for name in self._kinds})

    def forget(self) -> None:
        """Remove the files."""
        rmtree(self._folder, ignore_errors=True)


def _write(values: npt.NDArray[Any], path: Path) -> None:
    path.write_bytes(values.data)


def _read(path: Path, names: Sequence[str], coded: Sequence[str]) -> pa.Table:
    try:
        return pq.read_table(path, columns=list(names), read_dictionary=[name for name in names if name in coded])
    except (OSError, pa.ArrowException, KeyError) as error:
        raise DataError(f"cannot read {path}: {error}. Run the stage that writes it again.") from error


def _values(piece: pa.BinaryArray) -> memoryview:
    """The bytes of fixed-width entries, one after the other, without a copy."""
    begin = int(np.frombuffer(piece.buffers()[1], dtype=np.int32)[piece.offset])
    return memoryview(piece.buffers()[2])[begin : begin + SIGNATURE_BYTES * len(piece)]
