"""How many bytes a run writes for each byte of its crawl, by kind of file: ``pipeline/disk.py`` holds these figures, rounded up.

Real listings are run, OUT is weighed all the while, and the most it held, with the words that a learned model would have read, is divided by the
size of the same listings written as each kind of file. Prints one JSON document.

``python -m benchmarks.disk``, where the real listings lie beside the repository.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pipeline.stages.features import build_features
from tests.conftest import REAL

SOIHANG = Path(sys.executable).with_name("soihang")
#: Listings of each; descriptions of 1,390, 220 and no characters.
SAMPLES = {"shopee_chutoan99": 1_000, "tiki_200k_vuongthe": 1_000, "lazada_womenfashion_tathi": 1_000}


def sizes(rows: pd.DataFrame, folder: Path) -> dict[str, int]:
    """Bytes of the rows as each kind of file; ``crawl.jsonl`` stays."""
    jsonl, table = folder / "crawl.jsonl", folder / "crawl.csv"
    rows.to_json(jsonl, orient="records", lines=True, force_ascii=False)
    rows.to_csv(table, index=False)
    rows.to_parquet(folder / "crawl.parquet", index=False)
    rows.to_excel(folder / "crawl.xlsx", index=False)
    for plain in (jsonl, table):
        content = plain.read_bytes()
        Path(f"{plain}.gz").write_bytes(gzip.compress(content, mtime=0))
        with pa.output_stream(f"{plain}.zst", compression="zstd") as stream:
            stream.write(content)
    found = {path.name.partition(".")[2]: path.stat().st_size for path in sorted(folder.iterdir())}
    for path in folder.iterdir():
        if path != jsonl:
            path.unlink()
    return found


def most_written(crawl: Path, out: Path) -> int:
    """Bytes in OUT when it held most, and those of the words that a model reads."""
    child = subprocess.Popen([SOIHANG, "run", crawl, "--out", out, "--model", "coldstart"], stdout=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        most = max(most, weigh(out))
        time.sleep(0.05)
    if child.returncode not in (0, 3):
        sys.exit(child.returncode)
    most = max(most, weigh(out))
    build_features(out / "work" / "listings", out=out / "with-words", with_text=True, n_jobs=1)
    return most + weigh(out / "with-words" / "text")


def weigh(folder: Path) -> int:
    """Bytes in a folder now; what is renamed away meanwhile counts as gone."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def main() -> None:
    """Run, weigh, divide."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["SOIHANG_KEY_FILE"] = str(Path(name) / "contact.key")
        single = Path(name) / "one.jsonl"
        single.write_text(json.dumps({"platform": "shopee", "listing_id": "1", "title": "Giày"}) + "\n", encoding="utf-8")
        fixed = most_written(single, Path(name) / "one")
        found: list[dict[str, object]] = [{"listings": "one alone", "most": fixed}]
        for sample, n in SAMPLES.items():
            folder = Path(name) / sample
            folder.mkdir()
            by_kind = sizes(pd.read_parquet(REAL / f"{sample}.parquet").head(n), folder)
            most = most_written(folder / "crawl.jsonl", Path(name) / f"{sample}-out")
            factors = {ending: round((most - fixed) / size, 2) for ending, size in by_kind.items()}
            found.append({"listings": sample, "n": n, "most": most, "factors beyond one alone": factors})
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
