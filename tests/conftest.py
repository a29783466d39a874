"""What several tests share: small invented crawls, and one finished run."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from pipeline.config import DEMO_KEY, configs_dir, load_run_config
from pipeline.lock import lock
from pipeline.sources.mapping import load_mappings
from pipeline.stages.run import RunReport, run

# The same examples every time and no clock: a red test must mean a broken promise.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parent.parent
#: Real listings may lie beside the repository; they are never part of it.
REAL = ROOT.parent / "shared" / "data" / "listings"

COLUMNS = ["sàn", "mã tin", "tiêu đề", "mô tả", "ngày thu thập", "ngành hàng", "nhãn hiệu", "giá bán", "mã gian hàng", "tên gian hàng"]
COLUMNS += ["gian hàng chính hãng", "nơi gửi"]


@pytest.fixture(autouse=True)
def _own_contact_key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOIHANG_KEY_FILE", str(tmp_path_factory.getbasetemp() / "contact.key"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    """The demo crawl, run once."""
    out = tmp_path_factory.mktemp("demo")
    with lock(out):
        return run([configs_dir() / "demo"], out=out, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes rows (dicts by column name) as a CSV crawl and returns its path."""

    def write(rows: list[dict[str, Any]], name: str = "crawl.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            for number, row in enumerate(rows):
                writer.writerow({"sàn": "sàn thử", "mã tin": f"T{number}", "ngày thu thập": "2026-11-20", "mã gian hàng": "S1", **row})
        return path

    return write


@pytest.fixture
def finished(tmp_path: Path) -> Callable[..., RunReport]:
    """A function that runs crawl files to the end and returns the report."""

    def go(*files: Path, out: str = "out", **options: Any) -> RunReport:
        with lock(tmp_path / out):
            return run(list(files), out=tmp_path / out, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY, **options)

    return go


def is_root() -> bool:
    """True where file permissions do not bind."""
    return os.geteuid() == 0
