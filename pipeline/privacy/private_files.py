"""Records taken out of the state folder's files of personal data, which stay readable by their owner only."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from pipeline.state_folder import read_private
from pipeline.store import write_atomically


def drop_private(folder: Path, name: str, column: str, ids: Collection[str]) -> int:
    """Drop the records whose ``column`` is in ``ids`` and return how many went."""
    before = read_private(folder, name)
    kept = [one for one in before if str(one.get(column)) not in ids]
    if len(kept) == len(before):
        return 0
    content = "".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in kept).encode()

    def write(partial: Path) -> None:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    write_atomically(folder / name, write)
    return len(before) - len(kept)
