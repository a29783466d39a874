"""The whole way in one call: crawl files in, a ranked list of targets out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from pipeline.config import RunConfig, contact_key
from pipeline.manifest import environment, fingerprint_inputs, run_id
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.features import build_features
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.stages.plan import Plan, plan
from pipeline.stages.report import report
from pipeline.stages.score import ScoreReport, score
from pipeline.store import read_parquet, write_json, write_parquet

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
WORK = "work"
"""Folder inside ``out`` for the partitions that later stages read."""

Progress = Callable[[str, int], None]


@dataclass
class Timings:
    """Seconds spent per stage, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as stage ``name``."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begun, 2)
