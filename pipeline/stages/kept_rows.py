"""Row features of an earlier night, taken over by listings that read the same: a text is read when it is new, not once a night.

A listing is known again by a 128-bit hash of the columns that reading looks at, and by nothing else: its price, its capture and its place in the
crawl may all have changed. Which listing of the earlier night read the same is looked up in an index of 24 bytes a listing, sorted on disk and
mapped into every worker's memory. What no longer is as it was written (something was erased in it, the night is being done again) is not taken.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.assemble import CARRIED
from pipeline.manifest import fingerprint
from pipeline.stages.row_tables import IDS, RowTables, part_tables, tables_of
from pipeline.store import made_from, n_rows, read_json, write_atomically, write_json

#: What `features.assemble.row_features` reads of a listing; all else it only carries along (`CARRIED`).
READ_COLUMNS = ["platform", "title", "description", "seller_name", "category", "brand", "variants"]

#: Smallest share of an earlier part's listings that is worth opening it for: a part is opened whole, which costs some 27 µs a row where reading a
#: row anew costs a thousand (``benchmarks/increments.py`` prints both); a little is left for putting the pieces together.
LEAST_SHARE = 1 / 30

INDEX = "night_before.partial"
_FILES, _PARTS = ("first", "second", "place"), "parts.json"

Ids = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]


class Same(NamedTuple):
    """Where listings that read the same stand: ``here[i]`` of tonight's part is ``there[i]`` of the earlier part ``name``."""

    name: str
    here: Rows
    there: Rows


@dataclass(frozen=True)
class KeptRows:
    """The row features of an earlier night that were made as tonight's are: ``work`` holds them, ``index`` says where each listing stands.

    Only the two paths travel to the workers; ``token`` tells one index from another that stood in its place.
    """

    work: Path
    index: Path
    token: str

    def same_part(self, source: str) -> str | None:
        """Return the earlier part that was made from ``source``, the very same listings, or nothing."""
        return _known_parts(self.index, self.token).by_source.get(source)

    def same_rows(self, ids: Ids) -> list[Same]:
        """Return for the listings ``ids`` where they stand in those earlier parts that are worth opening."""
        first, second, place = (np.load(self.index / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _FILES)
        if not len(first):
            return []
        known = _known_parts(self.index, self.token)
        at = np.minimum(np.searchsorted(first, ids[:, 0]), len(first) - 1)
        here = np.flatnonzero((first[at] == ids[:, 0]) & (second[at] == ids[:, 1]))
        there = place[at[here]]
        part = np.searchsorted(known.begins, there, side="right") - 1
        sizes = np.diff(known.begins)
        counts = np.bincount(part, minlength=len(sizes))
        return [
            Same(known.names[one], here[part == one], there[part == one] - known.begins[one])
            for one in np.flatnonzero((counts > 0) & (counts >= LEAST_SHARE * sizes))
        ]

    def take(self, same: Same, *, with_text: bool) -> RowTables | None:
        """Return the earlier features of ``same``, in its order; nothing where they are no longer as they were written."""
        found = part_tables(self.work, same.name, _known_parts(self.index, self.token).made[same.name], with_text=with_text)
        return found.taken(same.there, same.here) if found is not None else None

    def link(self, name: str, into: Path, new_name: str, *, with_text: bool) -> bool:
        """Let ``into`` share the earlier part ``name`` whole; false where it is no longer as it was written."""
        if part_tables(self.work, name, _known_parts(self.index, self.token).made[name], with_text=with_text) is None:
            return False
        for table in (*tables_of(with_text=with_text), IDS):
            _share(self.work / table / name, into / table / new_name)
        return True


def row_ids(listings: pd.DataFrame) -> Ids:
    """Return ``(n, 2)`` hashes of `READ_COLUMNS`; a missing value is no empty one. Nobody can write two texts that share one (BLAKE2)."""
    columns = [listings[name].astype("object").where(listings[name].notna(), None).tolist() for name in READ_COLUMNS]
    packed = b"".join(_digest(values) for values in zip(*columns, strict=True))
    return np.frombuffer(packed, dtype="<u8").reshape(-1, 2)


def index_rows(work: Path, *, reading: str, folder: Path) -> KeptRows | None:
    """Write into ``folder`` where each listing of the run in ``work`` stands whose features were made by ``reading``; nothing where none were."""
    made = {part.name: said for part in sorted((work / IDS).glob("part-*.parquet")) if (said := made_from(part) or "").startswith(f"{reading} ")}
    if not made:
        return None
    begins = np.cumsum([0, *(n_rows(work / IDS / name) for name in made)])
    shutil.rmtree(folder, ignore_errors=True)
    first = _column(work, list(made), "first")
    order = np.argsort(first, kind="stable")
    _save(first[order], folder / "first.npy")
    del first
    _save(_column(work, list(made), "second")[order], folder / "second.npy")
    _save(order, folder / "place.npy")
    write_json({"made": made, "begins": begins.tolist()}, folder / _PARTS)
    return KeptRows(work, folder, fingerprint(folder / _PARTS))


def carried(rows: pa.Table, listings: pd.DataFrame) -> pa.Table:
    """Return ``rows`` with what they only carry along as it stands in ``listings``, row by row."""
    tonight = pa.Table.from_pandas(listings[CARRIED], preserve_index=False)
    for name in CARRIED:
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), tonight[name])
    return rows


class _Parts(NamedTuple):
    """The indexed parts in order: their names, what each was made from, where its listings begin, and its name by listings and reading."""

    names: list[str]
    made: dict[str, str]
    begins: Rows
    by_source: dict[str, str]


@lru_cache(maxsize=1)
def _known_parts(index: Path, token: str) -> _Parts:
    said = read_json(index / _PARTS)
    made = dict(sorted(said["made"].items()))
    return _Parts(list(made), made, np.array(said["begins"]), {" ".join(one.split(" ")[:2]): name for name, one in made.items()})


def _digest(values: Sequence[str | None]) -> bytes:
    # The lengths say where one value ends and the next begins.
    head = ",".join("-" if value is None else str(len(value)) for value in values)
    text = head + "".join(value for value in values if value is not None)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _column(work: Path, names: Sequence[str], column: str) -> Ids:
    return np.concatenate([pq.read_table(work / IDS / name, columns=[column])[column].to_numpy() for name in names])


def _save(array: npt.NDArray[Any], path: Path) -> None:
    def write(partial: Path) -> None:
        with partial.open("wb") as stream:
            np.save(stream, array)

    write_atomically(path, write)


def _share(old: Path, new: Path) -> None:
    """A second name for the same file, which nobody writes into: whoever changes a table renames another into its place."""
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        os.link(old, new)
    except OSError:
        # Another disk, or one that knows no second names.
        write_atomically(new, lambda partial: shutil.copyfile(old, partial))
