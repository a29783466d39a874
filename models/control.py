"""The negative control: how often each sign fires where hardly anything can be fake.

Official shops and retailers' own catalogues are scored with the flags that give them away masked. What fires there is a false
alarm (or a rare official shop that writes like a counterfeiter); both are worth reading. It needs no labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from models.evidence import weigh
from models.weights import EvidenceWeights

#: Sites that sell only their own stock.
RETAILERS = frozenset({"dienmayxanh", "cellphones", "thegioididong", "fptshop"})
CONTROL_COLUMNS = ["sign_id", "strength", "n", "fired", "rate", "examples"]
_EXAMPLES = 5


def is_control(rows: pd.DataFrame) -> pd.Series:
    """True for listings of official shops and of retailers' catalogues."""
    return rows["seller_official"].eq(1.0) | rows["platform"].isin(RETAILERS)


@dataclass(frozen=True)
class ControlCount:
    """Firings per sign over control rows; added up over partitions."""

    n_rows: int = 0
    fired: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    strength: dict[str, str] = field(default_factory=dict)

    def add(self, other: ControlCount) -> ControlCount:
        """Return the sum of two counts; the first examples stay."""
        names = sorted(set(self.fired) | set(other.fired))
        return ControlCount(
            self.n_rows + other.n_rows,
            {name: self.fired.get(name, 0) + other.fired.get(name, 0) for name in names},
            {name: (self.examples.get(name, []) + other.examples.get(name, []))[:_EXAMPLES] for name in names},
            {**other.strength, **self.strength},
        )

    def table(self) -> pd.DataFrame:
        """Return ``sign_id, strength, n, fired, rate, examples``, most frequent first; every sign that fired."""
        rows = [
            (name, self.strength.get(name, ""), self.n_rows, count, count / self.n_rows, self.examples.get(name, []))
            for name, count in sorted(self.fired.items(), key=lambda item: (-item[1], item[0]))
        ]
        return pd.DataFrame(rows, columns=CONTROL_COLUMNS)


def count_control(rows: pd.DataFrame, hits: pd.DataFrame, weights: EvidenceWeights) -> ControlCount:
    """Weigh the control rows among ``rows`` as if nobody vouched for them, and count what fires."""
    control = is_control(rows)
    if not control.any():
        return ControlCount()
    place = pd.Series(range(int(control.sum())), index=rows.index[control])
    masked = rows[control].reset_index(drop=True).assign(seller_official=float("nan"))
    kept = hits[hits["row"].isin(place.index)].copy()
    kept["row"] = kept["row"].map(place)
    evidence = weigh(masked, kept, weights)
    signs = evidence.signs[["row", "sign_id"]].drop_duplicates()
    for band, name in (("red", "score.red"), ("amber", "score.red_or_amber")):
        bands = {"red"} if band == "red" else {"red", "amber"}
        at = evidence.scores.index[evidence.scores["band"].isin(bands)]
        signs = pd.concat([signs, pd.DataFrame({"row": at, "sign_id": name})], ignore_index=True)
    titles = masked["title"].astype(str)
    grouped = signs.sort_values(["sign_id", "row"]).groupby("sign_id")["row"]
    strength = hits.drop_duplicates("cue_id").set_index("cue_id")["strength"]
    return ControlCount(
        len(masked),
        {str(name): len(at) for name, at in grouped},
        {str(name): [titles[row] for row in at.head(_EXAMPLES)] for name, at in grouped},
        {f"cue.{cue}": str(value) for cue, value in strength.items()},
    )
