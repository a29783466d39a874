"""What was erased and may not come back: keyed hashes in ``tombstones.jsonl`` of the state folder, read by ingest.

A tombstone speaks of what was captured up to the day of the erasure, so that an old crawl that is read again brings nothing back. What the
same seller offers publicly afterwards is a new fact.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd

from features.errors import DataError
from pipeline.privacy.subject import ERASED, PHONE, SELLER, TAX_CODE, stone_key
from pipeline.sources.tax_codes import tax_key
from pipeline.sources.times import VIETNAM
from pipeline.state_folder import VARIABLE

FILE = "tombstones.jsonl"
_OWN_TEXTS = ("url", "description", "seller_name", "variants", "location", "tax_code", "licence_no", "contact_keys", "image_hashes")


@dataclass(frozen=True)
class Tombstone:
    """``stone`` is its number, ``erased_on`` the Vietnamese day, ``why`` the request or rule.

    ``key``: keyed hash of the hash that stood in tables, so that what stood there stands nowhere.
    """

    stone: str
    kind: str
    key: str
    erased_on: str
    why: str


def state_folder() -> Path:
    """Return the folder of facts that people brought in, as ``SOIHANG_STATE`` says, else ``state`` here."""
    return Path(os.environ.get(VARIABLE) or "state")


def read_tombstones(folder: Path) -> list[Tombstone]:
    """Return the tombstones in order; none where nothing was erased yet. Raises `DataError` where the file is damaged."""
    path = folder / FILE
    if not path.exists():
        return []
    try:
        return [Tombstone(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError) as error:
        raise DataError(f"{path} is damaged ({error}); restore it from a backup: without it erased data comes back") from error


def add_tombstone(folder: Path, stone: Tombstone) -> None:
    """Add one line; it is on the disk when the call returns."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(stone), ensure_ascii=False, sort_keys=True) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def without_erased(table: pd.DataFrame, stones: Sequence[Tombstone], key: bytes) -> pd.DataFrame:
    """Return listings (as `pipeline.sources.normalise` gives them) less what was erased: hashes dropped, a seller's rows emptied, none lost."""
    if not stones or not len(table):
        return table
    out = table.copy()
    sellers = _seller_keys(out, key) if any(stone.kind == SELLER for stone in stones) else None
    for stone in stones:
        old = out["captured_at"] <= pd.Timestamp(datetime.combine(date.fromisoformat(stone.erased_on), time(23, 59, 59), VIETNAM))
        if stone.kind == PHONE:
            out["contact_keys"] = out["contact_keys"].where(~old, _dropped(out["contact_keys"], stone.key, key))
        elif stone.kind == TAX_CODE:
            for name in ("tax_code", "licence_no"):
                theirs = out[name].map(lambda value, k=stone.key: _is_code(value, k, key), na_action="ignore").eq(True)
                out[name] = out[name].mask(old & theirs)
        elif sellers is not None:
            _empty(out, old & sellers.eq(stone.key), stone)
    return out


def _seller_keys(table: pd.DataFrame, key: bytes) -> pd.Series:
    both = (table["platform"] + "|" + table["seller_id"]).fillna("")
    known = {value: stone_key(SELLER, value, key) for value in both.unique()}
    return both.map(known)


def _empty(out: pd.DataFrame, rows: pd.Series, stone: Tombstone) -> None:
    token = f"{ERASED}{stone.stone}]"
    for name in _OWN_TEXTS:
        out.loc[rows, name] = None
    out.loc[rows, ["title", "seller_id"]] = token


def _dropped(keys: pd.Series, gone: str, key: bytes) -> pd.Series:
    left = {joined: ";".join(one for one in joined.split(";") if stone_key(PHONE, one, key) != gone) or None for joined in keys.dropna().unique()}
    return keys.map(left).astype("str")


def _is_code(stored: str, gone: str, key: bytes) -> bool:
    hashed = stored.rpartition("~")[2] if "~" in stored else tax_key(stored, key)
    return stone_key(TAX_CODE, hashed, key) == gone
