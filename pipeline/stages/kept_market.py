"""The market's tables of a run that was stopped later on: the same inputs again make the same tables, so those are kept.

Of all that `pipeline.stages.market.build_market` reads an id is noted beside its finished tables, with their fingerprints. Across nights nothing is
kept here: one new price moves what it is compared with.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from features.errors import DataError
from pipeline.config import configs_hash
from pipeline.manifest import code_hash, fingerprint, versions
from pipeline.stages.row_tables import IDS
from pipeline.store import made_from, parts, read_json, write_json

NOTE = "market.json"
_MADE = ("market", "links")


def market_source(work: Path, *, outcomes: str, previous: Path | None) -> str:
    """Return an id of everything that the market of ``work`` is made from, after its features were read.

    ``outcomes`` is an id of what was found before, ``previous`` the output of the earlier run whose networks keep their ids. What a part's row ids
    say they were made from names its listings, its row features and its hits.
    """
    read = [f"{part.name} {made_from(work / IDS / part.name)}" for part in parts(work / "listings")]
    people = [*sorted((work / "reviews").glob("*")), work / "reviews.json", work / "complaints.parquet", work / "complaints.json"]
    told = [f"{path.name} {fingerprint(path)}" for path in people if path.is_file()]
    networks = previous / "work" / "links" / "networks.parquet" if previous is not None else None
    named = "none" if networks is None else fingerprint(networks) if networks.is_file() else "missing"
    made = [configs_hash(), code_hash(), str(sorted(versions().items())), outcomes, named, *told, *read]
    return hashlib.sha256("\n".join(made).encode()).hexdigest()


def is_kept(work: Path, source: str) -> bool:
    """True where the market under ``work`` was made from ``source`` and still is as it was written."""
    try:
        note = read_json(work / NOTE)
        return bool(note["made_from"] == source and note["files"] == _files(work))
    except (DataError, KeyError, TypeError):
        return False


def note_market(work: Path, source: str) -> None:
    """Note what the market that was just finished under ``work`` was made from."""
    write_json({"made_from": source, "files": _files(work)}, work / NOTE)


def _files(work: Path) -> dict[str, str]:
    return {path.relative_to(work).as_posix(): fingerprint(path) for table in _MADE for path in sorted((work / table).glob("*")) if path.is_file()}
