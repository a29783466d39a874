"""A file of reviews to ``reviews/part-*.parquet``: ids and phone numbers keyed, complaints read, everything else as written."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import pandas as pd

from features.canonical import MAX_CHARACTERS
from features.errors import DataError
from features.reviews import read_reviews
from pipeline.manifest import fingerprint
from pipeline.parallel import on_processes
from pipeline.reference import load_review_cues
from pipeline.sources.figures import number
from pipeline.sources.phones import mask
from pipeline.sources.readers import read_batches
from pipeline.sources.times import moment
from pipeline.sources.values import text
from pipeline.store import parts, read_json, read_parquet, write_json, write_parquet
from pipeline.tables.reviews import COLUMNS, validate_reviews

#: What the market stage needs of a review; never its text.
FEATURE_COLUMNS = [name for name in COLUMNS if name != "text"]
#: Either name holds the reviewer's id; both are hashed, for nobody can tell whether an id was hashed before.
_REVIEWER = ("reviewer_key", "reviewer_id")
_BATCH = 20_000


@dataclass(frozen=True)
class ReviewReport:
    """What became of a file of reviews: read = kept + without an id or without words and stars + no records."""

    file: str
    fingerprint: str
    n_read: int
    n_kept: int
    n_without_id: int
    n_empty: int
    n_broken: int
    n_undated: int
    n_complaints: int

    def lines(self) -> list[str]:
        """Return what a terminal says about the reviews."""
        left_out = f"without id {self.n_without_id:,} + empty {self.n_empty:,} + broken {self.n_broken:,}"
        return [
            f"reviews read {self.n_read:,} = kept {self.n_kept:,} + {left_out}",
            f"  complaints {self.n_complaints:,}; undated, so that they count for no day, {self.n_undated:,}",
        ]


def take_reviews(path: Path, *, work: Path, key: bytes) -> ReviewReport:
    """Write ``work/reviews`` from ``path`` (CSV, XLSX, JSONL, JSON or Parquet) in place of what was there.

    Columns: ``platform`` and ``listing_id`` or ``seller_id``; ``rating, text, created_at, reviewer_id`` where there are any. Raises `DataError`
    where the file cannot be read or has no such columns. A row that is about nobody or says nothing is left out and counted.
    """
    forget_reviews(work)
    names: set[str] = set()
    n_read = n_without_id = n_empty = n_broken = 0
    written: list[Path] = []
    for batch in read_batches(path, size=_BATCH):
        names.update(*batch.records[:100])
        n_read, n_broken = n_read + len(batch), n_broken + len(batch.rejected)
        table = _rows(batch.records, key)
        about = table["platform"].notna() & (table["listing_id"].notna() | table["seller_id"].notna())
        says = table["text"].notna() | table["rating"].notna()
        n_without_id, n_empty = n_without_id + int((~about).sum()), n_empty + int((about & ~says).sum())
        # A part a batch, as it came: whatever the file's size, memory holds one batch.
        written.append(work / "reviews" / f"part-{len(written):05d}.parquet")
        write_parquet(table[about & says].reset_index(drop=True), written[-1])
    if "platform" not in names or not names & {"listing_id", "seller_id"}:
        raise DataError(f"{path}: reviews need the columns platform and listing_id or seller_id; found {sorted(names)[:20]}")
    done = list(on_processes(_read_texts, written))
    n_kept, n_undated, n_complaints = (sum(counts) for counts in zip(*done, strict=True)) if done else (0, 0, 0)
    report = ReviewReport(path.name, fingerprint(path), n_read, n_kept, n_without_id, n_empty, n_broken, n_undated, n_complaints)
    write_json(asdict(report), work / "reviews.json")
    return report


def forget_reviews(work: Path) -> None:
    """Remove the reviews that an earlier run left under ``work``."""
    rmtree(work / "reviews", ignore_errors=True)
    (work / "reviews.json").unlink(missing_ok=True)


def review_report(work: Path) -> dict[str, Any] | None:
    """Return what `take_reviews` said of the reviews under ``work``, ``None`` where there are none."""
    known = work / "reviews.json"
    found: dict[str, Any] | None = read_json(known) if known.is_file() else None
    return found


def review_inputs(work: Path) -> list[str]:
    """Return name and SHA-256 of the file of reviews under ``work``, one line, or nothing."""
    known = review_report(work)
    return [f"{known['file']} {known['fingerprint']}"] if known else []


def review_features(work: Path) -> pd.DataFrame | None:
    """Return the reviews under ``work`` without their texts, ``None`` where there are none."""
    # The report comes last: parts without it are those of a run that was killed, and their texts may be unread.
    if review_report(work) is None:
        return None
    return pd.concat([read_parquet(part, columns=FEATURE_COLUMNS) for part in parts(work / "reviews")], ignore_index=True)


def _rows(records: list[dict[str, Any]], key: bytes) -> pd.DataFrame:
    rows = [_row(record, key) for record in records]
    table = pd.DataFrame(rows, columns=["platform", "listing_id", "seller_id", "rating", "text", "created_at", "reviewer_key"])
    table = table.astype(dict.fromkeys(("platform", "listing_id", "seller_id", "text", "reviewer_key"), "str") | {"rating": "float64"})
    return table.assign(created_at=pd.to_datetime(table["created_at"], utc=True).astype("datetime64[us, UTC]"))


def _row(record: dict[str, Any], key: bytes) -> tuple[Any, ...]:
    stars = number(record.get("rating"))
    written = moment(record.get("created_at"))
    platform, said = _id(record.get("platform")), text(record.get("text"))
    platform = platform.lower() if platform else None
    reviewer = next(filter(None, (text(record.get(name)) for name in _REVIEWER)), None)
    return (
        platform,
        _id(record.get("listing_id")),
        _id(record.get("seller_id")),
        stars if stars is not None and 1 <= stars <= 5 else None,
        mask(said[:MAX_CHARACTERS], key)[0] if said else None,
        written[0] if written else None,
        hashlib.blake2b(f"{platform}|{reviewer}".encode(), key=key[:64], digest_size=8).hexdigest() if reviewer else None,
    )


def _id(value: Any) -> str | None:
    found = text(value)
    return found.strip() if found else None


def _read_texts(part: Path) -> tuple[int, int, int]:
    """Read the texts of one part and add what they say; returns how many reviews, how many of them undated and how many complaints."""
    table = read_parquet(part)
    read = read_reviews(table["text"].fillna("").tolist(), load_review_cues())
    done = validate_reviews(pd.concat([table, read], axis=1))
    write_parquet(done, part)
    return len(done), int(done["created_at"].isna().sum()), int(done["complaint"].sum())
