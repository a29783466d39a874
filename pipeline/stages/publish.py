"""A finished run's results put where others read them: a folder here, or object storage.

``URL/2026-11-25/`` gets scores and reasons by day and platform, quarantine, targets and the central workbook: what those who make and approve
lists may read (docs/privacy.md), no more: neither listings, evidence and people's answers nor the authorities' own lists, which a role cuts.

``files.json`` goes up first and says what will be there, ``run.json`` last: with it the folder is whole. Only then ``URL/latest`` moves. The same
command again completes what was stopped and sends nothing twice.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from features.errors import DataError
from pipeline.manifest import fingerprint
from pipeline.privacy.access import VARIABLE, note_access
from pipeline.remote import StorageAway
from pipeline.remote_folder import RemoteFolder
from pipeline.sources.files import named_day
from pipeline.stages.publish_tables import write_partitions
from pipeline.store import read_json

SPLIT, WHOLE = ("scores", "reasons"), ("quarantine.parquet", "targets.csv", "plan.xlsx")
LATEST, FILES, LAST = "latest", "files.json", "run.json"


@dataclass(frozen=True)
class Published:
    """Where results lie, how many files they are, how many of them had to be sent now and their bytes, and which day ``latest`` names."""

    url: str
    day: str
    files: int
    sent: int
    bytes_sent: int
    latest: str

    def lines(self) -> list[str]:
        """Return what a terminal says."""
        head = f"published {self.files:,} files in {self.url}/{self.day}, {self.sent:,} of them now ({self.bytes_sent / 1e6:,.1f} MB)"
        return [head, f"{self.url}/{LATEST} names {self.latest}"]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def publish(out: Path, url: str, *, by: str | None = None, on_files: Callable[[str, int, int | None], None] | None = None) -> Published:
    """Put the results of the run in ``out``, whose lock the caller holds, below ``url``, under the night's day or else the list's date.

    What an earlier run left under that day is replaced. ``latest`` never moves back to an older day. Where anything was sent, a line in the log
    (``SOIHANG_LOG``, else the run's own) says that ``by`` (the account where nobody is named) gave the results away. Raises `DataError` where
    there is no finished run or no such bucket, and otherwise as `pipeline.remote.speaking` does.
    """
    run = read_json(out / LAST)
    _check_scores(out / "scores.parquet", str(run["run_id"]))
    day = out.resolve().name if named_day(out.resolve().name) else str(run["as_of"])
    target = RemoteFolder(url)
    with _gathered(out) as files:
        facts: dict[str, Any] = {name: [path.stat().st_size, fingerprint(path)] for name, path in files.items()}
        there = _prepared(target, day, {"run_id": run["run_id"], "files": facts}, out)
        todo = [name for name in sorted(files, key=lambda name: (name == LAST, name)) if there.get(name) != facts[name][0]]
        for name in todo:
            if name == LAST:
                _check_whole(target, day, facts)
            target.put(files[name], f"{day}/{name}")
            if on_files is not None:
                on_files("publish", 1, len(todo))
    sent = sum(facts[name][0] for name in todo)
    if todo:
        told = {"run_id": run["run_id"], "day": day, "files": len(todo), "bytes": sent}
        note_access(_log(out), "results_published", by=by or getpass.getuser(), facts=told)
    return Published(target.name, day, len(files), len(todo), sent, _moved(target, day, out))


@contextmanager
def _gathered(out: Path) -> Iterator[dict[str, Path]]:
    """What is to be published, by its name there; split tables lie in the run's work folder meanwhile."""
    spool = out / "work" / "publish"
    shutil.rmtree(spool, ignore_errors=True)
    try:
        split = [path for name in SPLIT for path in write_partitions(out / f"{name}.parquet", spool / name)]
        whole = {name: out / name for name in (*WHOLE, LAST)}
        yield {path.relative_to(spool).as_posix(): path for path in split} | whole
    finally:
        shutil.rmtree(spool, ignore_errors=True)


def _prepared(target: RemoteFolder, day: str, intent: Mapping[str, Any], out: Path) -> dict[str, int]:
    """Make the folder one of ``intent``; returns what of it is up already, by size."""
    before = _intent(target.read(f"{day}/{FILES}"))
    if before == intent:
        return target.sizes(day)
    # Without this file nobody takes for whole what is about to change.
    target.remove(f"{day}/{LAST}")
    for name in before["files"]:
        target.remove(f"{day}/{name}")
    _put_text(target, f"{day}/{FILES}", json.dumps(intent, ensure_ascii=False, indent=1, sort_keys=True) + "\n", out)
    return {}


def _intent(content: bytes | None) -> dict[str, Any]:
    """What a publication before said it would hold; nothing where it does not say, or names files elsewhere."""
    try:
        said = json.loads(content or b"")
        names = [name for name in said["files"] if not {"", ".", ".."} & set(name.split("/"))]
        return {"run_id": said["run_id"], "files": {name: said["files"][name] for name in names}}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {"run_id": None, "files": {}}


def _check_whole(target: RemoteFolder, day: str, facts: Mapping[str, Any]) -> None:
    there = target.sizes(day)
    wrong = [name for name, (size, _) in facts.items() if name != LAST and there.get(name) != size]
    if wrong:
        raise StorageAway(f"{len(wrong)} of {len(facts)} files are not whole in {target.name}/{day} (first: {wrong[0]}); the same command again")


def _check_scores(scores: Path, run_id: str) -> None:
    """Raise `DataError` where the scores are not those that ``run.json`` tells of: a step was done again and the rest was not."""
    try:
        with pq.ParquetFile(scores) as file:
            first = next(file.iter_batches(batch_size=1, columns=["run_id"]), None)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {scores}: {error}. Run again before publishing.") from error
    if first is not None and len(first) and first["run_id"][0].as_py() != run_id:
        raise DataError(f"{scores} is of another run than {scores.with_name(LAST)}; run again to the end before publishing")


def _moved(target: RemoteFolder, day: str, out: Path) -> str:
    """Let ``latest`` name ``day``, unless it names a later one; returns what it names."""
    now = (target.read(LATEST) or b"").decode("utf-8", "replace").strip()
    if named_day(now) and now >= day:
        return now
    _put_text(target, LATEST, day + "\n", out)
    return day


def _log(out: Path) -> Path:
    return Path(os.environ.get(VARIABLE) or out / "issued" / "log.jsonl")


def _put_text(target: RemoteFolder, name: str, text: str, out: Path) -> None:
    half = out / "work" / "publish.partial"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_text(text, encoding="utf-8")
    try:
        target.put(half, name)
    finally:
        half.unlink(missing_ok=True)
