"""The targets of a run as a role may be given them; the listings underneath follow the targets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.privacy.roles import Role, seen_by
from pipeline.store import read_parquet
from pipeline.tables.targets import with_lists


def for_role(work: Path, role: Role, *, authority: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return targets and listings of ``work`` (a run's work folder) for ``role``; raises as `pipeline.privacy.roles.seen_by` does."""
    targets = seen_by(role, with_lists(read_parquet(work / "targets.parquet")), authority=authority)
    listings = with_lists(read_parquet(work / "target_listings.parquet"))
    own = listings[listings["code"].isin(targets["code"])].reset_index(drop=True)
    # Listings name no authority: whose they are their target says.
    return targets, seen_by(role.model_copy(update={"rows": "all"}), own)
