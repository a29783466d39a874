"""Everything that cannot be made again: the register, issued lists with their evidence, state and settings; keys apart from it.

A backup is a plain folder with a manifest of every file. The register goes as JSON lines, a file a table, so that SQLite comes back as PostgreSQL
and the other way round. Restoring writes over nothing and gives back the same bytes. Crawls and runs are not in it: they can be read again.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Table, func, insert, select, text

from features.errors import ConfigError, DataError
from pipeline.manifest import fingerprint, versions
from pipeline.privacy.access import installation_id
from pipeline.register.connect import connected
from pipeline.register.schema import METADATA, UtcTime
from pipeline.register.upgrade import form_of, ready
from pipeline.store import CannotWrite, write_json

FORMAT = "soihang-backup-1"
MANIFEST, REGISTER, KEYS = "backup.json", "register", "soihang-keys-1"
#: What a folder of an installation may hold that is no fact: locks, halves, and the database, which goes as tables.
_LEFT_OUT = (".partial", ".lock", ".db", ".db-journal", ".db-wal", ".db-shm")
_MANY = 1_000


@dataclass(frozen=True)
class Kept:
    """What a backup holds: files by part (issued, state, configs), rows by table, and the public id of the key that its hashes need."""

    files: dict[str, int]
    rows: dict[str, int]
    key_id: str
    made_at: str

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        parts = ", ".join(f"{name} {count:,}" for name, count in self.files.items())
        return [f"files: {parts}", f"register: {sum(self.rows.values()):,} rows in {len(self.rows)} tables", f"needs the key {self.key_id}"]


def backup(target: Path, folders: Mapping[str, Path], *, database: str, key: bytes) -> Kept:
    """Write a backup into ``target``, which must not exist, and return what it holds. ``folders``: part name to folder (a missing one is empty).

    Whole or not at all: it is made as ``target.partial``. Raises `DataError` where ``target`` exists or lies in a folder to be kept.
    """
    _refuse_inside(target, folders)
    partial = target.with_name(target.name + ".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        rows, form = _save_register(partial / REGISTER, database)
        files = {name: _copy_tree(folder, partial / name) for name, folder in folders.items()}
        manifest: dict[str, Any] = {
            "format": FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "soihang": versions()["soihang"], "register_form": form,
            "key_id": installation_id(key), "rows": rows, "counts": files,
            "files": {path.relative_to(partial).as_posix(): _described(path) for path in _files(partial)},
        }  # fmt: skip
        write_json(manifest, partial / MANIFEST)
        os.replace(partial, target)
    except OSError as error:
        raise CannotWrite(f"cannot write the backup {target}: {error.strerror or error}; free space or choose another folder") from error
    return Kept(files, rows, manifest["key_id"], manifest["made_at"])


def checked(source: Path) -> dict[str, Any]:
    """Return a backup's manifest after comparing every file with it; raises `DataError` naming the first that is changed, missing or added."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{source} is no whole backup: {MANIFEST} cannot be read ({error})") from error
    if manifest.get("format") != FORMAT:
        raise DataError(f"{source} is of format {manifest.get('format')!r}; this SoiHàng reads {FORMAT}")
    there = {path.relative_to(source).as_posix() for path in _files(source)} - {MANIFEST}
    for name in sorted(there ^ set(manifest["files"])):
        raise DataError(f"{source}: {name} is {'missing' if name not in there else 'not in its manifest'}")
    for name, told in sorted(manifest["files"].items()):
        if fingerprint(source / name) != told["sha256"]:
            raise DataError(f"{source}: {name} is changed; take another backup")
    return manifest


def restore(source: Path, folders: Mapping[str, Path], *, database: str, key: bytes | None) -> Kept:
    """Put a backup back: each part into its folder, which must be missing or empty, and the register into an empty database.

    ``key``: the one in place, compared with the one the hashes need (``None``: not yet there). Raises `DataError` before anything is written
    where the backup is damaged, a folder is in use, the database holds facts or the key is another.
    """
    manifest = checked(source)
    used = [str(folder) for folder in folders.values() if folder.is_dir() and any(folder.iterdir())]
    if used:
        raise DataError(f"{used[0]} is not empty: a restore writes over nothing; name another folder")
    if key is not None and installation_id(key) != manifest["key_id"]:
        raise DataError(f"the key in place is {installation_id(key)}, the backup needs {manifest['key_id']}: give the right one with --keys")
    with connected(database) as connection:
        _load_register(connection, source / REGISTER, manifest)
    for name, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in _files(source / name):
            place = folder / path.relative_to(source / name)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(path, place)
            place.chmod(manifest["files"][path.relative_to(source).as_posix()]["mode"])
    return Kept(manifest["counts"], manifest["rows"], manifest["key_id"], manifest["made_at"])


def save_keys(path: Path, keys: Mapping[str, Path], *, apart_from: Path) -> list[str]:
    """Write the keys that are there into one file of mode 0600 and return their names; raises `DataError` where it would lie in the backup."""
    if apart_from.resolve() in path.resolve().parents:
        raise DataError(f"{path} lies in the backup: whoever gets the backup must not get the keys; name a place elsewhere")
    held = {name: base64.b64encode(place.read_bytes()).decode() for name, place in keys.items() if place.is_file()}
    content = json.dumps({"format": KEYS, "keys": held}, indent=1, sort_keys=True).encode()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content + b"\n")
    except FileExistsError as error:
        raise DataError(f"{path} exists; keys are written over nothing") from error
    return sorted(held)


def put_keys(path: Path, places: Mapping[str, Path]) -> list[str]:
    """Put saved keys into their places (0600) and return their names; one that is there and differs is refused with `ConfigError`."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        held = {name: base64.b64decode(value) for name, value in told["keys"].items() if name in places}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} holds no keys of ours: {error}") from error
    for name, content in held.items():
        if places[name].exists() and places[name].read_bytes() != content:
            raise ConfigError(f"another key lies at {places[name]}; move it away first, its hashes need it")
    for name, content in held.items():
        if not places[name].exists():
            places[name].parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(places[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(content)
    return sorted(held)


def _refuse_inside(target: Path, folders: Mapping[str, Path]) -> None:
    if target.exists():
        raise DataError(f"{target} exists; a backup is written over nothing")
    for folder in folders.values():
        if folder.resolve() in [target.resolve(), *target.resolve().parents]:
            raise DataError(f"{target} lies in {folder}, which is to be kept: name a place elsewhere")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _copy_tree(folder: Path, target: Path) -> int:
    target.mkdir(mode=0o700)
    count = 0
    for path in _files(folder):
        if path.name.endswith(_LEFT_OUT):
            continue
        place = target / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(path, place)
        place.chmod(path.stat().st_mode & 0o777)
        count += 1
    return count


def _described(path: Path) -> dict[str, Any]:
    return {"sha256": fingerprint(path), "bytes": path.stat().st_size, "mode": path.stat().st_mode & 0o777}


def _save_register(folder: Path, database: str) -> tuple[dict[str, int], str]:
    """Every table in one transaction: a fact and what it rests on are from the same moment."""
    folder.mkdir(mode=0o700)
    rows: dict[str, int] = {}
    with connected(database) as connection:
        ready(connection)
        for table in METADATA.sorted_tables:
            path = folder / f"{table.name}.jsonl"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
                rows[table.name] = 0
                for row in connection.execute(select(table).order_by(table.c.id)).mappings():
                    stream.write(json.dumps(dict(row), ensure_ascii=False, sort_keys=True, default=_written) + "\n")
                    rows[table.name] += 1
        return rows, form_of(connection).newest


def _written(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} in the register")


def _load_register(connection: Connection, folder: Path, manifest: Mapping[str, Any]) -> None:
    ready(connection)
    if manifest["register_form"] not in form_of(connection).known:
        raise DataError(f"the backup's register has form {manifest['register_form']}, which a newer SoiHàng made: update SoiHàng")
    full = [table.name for table in METADATA.sorted_tables if connection.execute(select(func.count()).select_from(table)).scalar()]
    if full:
        raise DataError(f"the database holds facts already ({full[0]}): a restore goes into an empty one; name it with --database")
    for table in METADATA.sorted_tables:
        path = folder / f"{table.name}.jsonl"
        rows = [_read(table, json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
        for start in range(0, len(rows), _MANY):
            connection.execute(insert(table), rows[start : start + _MANY])
        if rows and connection.dialect.name == "postgresql":
            # Numbers were given, not drawn: the next one drawn must come after them.
            connection.execute(text(f"select setval(pg_get_serial_sequence('{table.name}', 'id'), {max(row['id'] for row in rows)})"))


def _read(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(table, name, value) for name, value in values.items() if name in table.c}


def _typed(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None or not isinstance(value, str):
        return value
    return datetime.fromisoformat(value) if isinstance(kind, UtcTime) else date.fromisoformat(value) if isinstance(kind, Date) else value

