"""What people found, as labels: read from a file (`reading`), ripe or not yet (`maturity`), and what counts as what (`definition`)."""

from __future__ import annotations

from pipeline.labels.definition import KEY, Labels, label, read_outcomes
from pipeline.labels.reading import read_table

__all__ = ["KEY", "Labels", "label", "read_outcomes", "read_table"]
