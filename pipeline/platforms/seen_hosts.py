"""Which addresses a run's listings show: their own, and those that stand in titles, descriptions and shop names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pipeline.platforms.hosts import addresses_in, take_apart
from pipeline.store import parts, read_parquet

_TEXTS = ("title", "description", "seller_name")


def hosts_shown(out: Path) -> dict[str, int]:
    """Return host names with how many listings of the run show each, most frequent first."""
    seen: Counter[str] = Counter()
    for part in parts(out / "work" / "listings"):
        table = read_parquet(part, columns=["url", *_TEXTS])
        hosts = table["url"].dropna().map(lambda url: found.text if (found := take_apart(url)) else None).dropna()
        seen.update(hosts.tolist())
        for name in _TEXTS:
            # A dot between letters is rare; only such texts are searched.
            column = table[name].dropna()
            for text in column[column.str.contains(r"[a-z0-9-]\.[a-z]{2}", case=False, regex=True)]:
                seen.update(addresses_in(text))
    return dict(seen.most_common())
