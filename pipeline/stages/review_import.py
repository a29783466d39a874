"""Readers' answers to outcomes: what most readers of a listing say becomes a desk review with its recorded chance; where no answer has more
than half, the listing is to be read again.

A desk review says whether a listing is worth a look. It is no finding, and the outcomes say so (``source`` = desk_review).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import DataError
from models.agreement import Agreement, agreement
from models.prevalence import Prevalence, prevalence
from models.proportions import Share, share
from pipeline.labels import read_table
from pipeline.reports.safe_text import one_line
from pipeline.stages.review_answers import read_answers
from pipeline.stages.review_sample import STRATA
from pipeline.store import parts, read_parquet, write_atomically, write_parquet
from pipeline.tables.outcomes import COLUMNS, DESK_REVIEW, TRIAGE, validate_outcomes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ImportedReview:
    """What came back: ``outcomes`` (the table that was written to ``path``), how readers agree, and what the sample says of the market."""

    path: Path
    outcomes: pd.DataFrame
    drawn: int
    readers: list[str]
    changed: int
    to_read_again: pd.DataFrame
    kappas: dict[str, Agreement]
    worth_a_look: Prevalence
    population: int
    at_the_top: Share
    by_stratum: dict[str, Share]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "outcomes": str(self.path),
            "drawn": self.drawn,
            "read": len(self.outcomes),
            "judgements": {name: int(self.outcomes["status"].eq(name).sum()) for name in TRIAGE},
            "readers": self.readers,
            "changed_after_reasons": self.changed,
            "to_read_again": self.to_read_again.to_dict("records"),
            "kappa": {pair: asdict(one) for pair, one in self.kappas.items()},
            "worth_a_look": asdict(self.worth_a_look) | {"population": self.population},
            "worth_a_look_at_the_top": asdict(self.at_the_top),
            "worth_a_look_by_score": {name: asdict(one) for name, one in self.by_stratum.items()},
        }

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        said = self.to_json()
        counts = ", ".join(f"{name} {count}" for name, count in said["judgements"].items())
        rows = [f"read {said['read']:,} of {self.drawn:,} listings by {len(self.readers)} ({', '.join(self.readers)}): {counts}"]
        if self.changed:
            rows.append(f"{self.changed} judgements were changed after the reasons had been shown")
        rows += [
            f"{pair}: {one.same} of {one.n} alike, Cohen's kappa {one.kappa:.2f} [{one.low:.2f}, {one.high:.2f}]" for pair, one in self.kappas.items()
        ] or ["one reader: agreement is unknown; let a second one read the same file"]
        rows += [f"  to read again: {row.code} {row.title}" for row in self.to_read_again.head(20).itertuples()]
        found = self.worth_a_look
        if found.n > found.n_undecided:
            rows.append(
                f"worth a look in the market of {self.population:,}: {found.value:.2%} [{found.low:.2%}, {found.high:.2%}] "
                "(triage by people who read the listing, not illegality)"
            )
            if found.n_undecided:
                rows.append(f"  were the {found.n_undecided} undecided all innocent, or all worth a look: {found.least:.2%} to {found.most:.2%}")
        if self.at_the_top.n:
            top = self.at_the_top
            rows.append(f"worth a look among the {top.n} highest that were decided: {top.value:.0%} [{top.low:.0%}, {top.high:.0%}]")
        rows += [f"  score {name}: {one.value:.1%} [{one.low:.1%}, {one.high:.1%}] of {one.n}" for name, one in self.by_stratum.items()]
        return [*map(one_line, rows), f"wrote {self.path}"]


def import_review(out: Path, files: Sequence[Path], *, today: datetime, into: Path | None = None) -> ImportedReview:
    """Read answers to one sample of ``out`` and write them as outcomes beside the sample; with ``into`` also add them to that file (CSV or Parquet).

    Importing the same answers again changes nothing. Raises `DataError` where a code belongs to no sample of ``out`` or to two of them.
    """
    answers = pd.concat([read_answers(path, today=today) for path in files], ignore_index=True)
    answers = answers.drop_duplicates(["code", "reader"], keep="last")
    if answers.empty:
        raise DataError(f"no judgement in {', '.join(map(str, files))}: was anything marked before the file was saved?")
    sample = _sample_of(out, answers)
    judged = _agreed(answers)
    outcomes = _outcomes(sample, judged)
    path = sample.attrs["folder"] / "outcomes.parquet"
    write_parquet(outcomes, path)
    if into is not None:
        _add(outcomes, into)
        path = into
    return _report(path, outcomes, sample, answers, judged, out)


def _sample_of(out: Path, answers: pd.DataFrame) -> pd.DataFrame:
    names = sorted(set(answers["code"].str.rpartition("-")[0]))
    if len(names) != 1:
        raise DataError(f"the answers belong to {len(names)} samples ({', '.join(names[:5])}); import each by itself")
    folder = out / "review" / names[0]
    if not (folder / "sample.parquet").is_file():
        raise DataError(f"sample {names[0]!r} was not drawn in {out}: {folder / 'sample.parquet'} is missing")
    sample = read_parquet(folder / "sample.parquet")
    strange = answers.loc[~answers["code"].isin(sample["code"]), "code"]
    if len(strange):
        raise DataError(f"{len(strange)} codes are not in sample {names[0]} (first: {strange.iloc[0]!r}); was the column edited?")
    sample.attrs["folder"] = folder
    return sample


def _agreed(answers: pd.DataFrame) -> pd.DataFrame:
    """One row a listing, by code: the judgement of more than half of its readers, else ``cannot_tell``."""
    judged = answers.groupby("code", sort=True).agg(judged_at=("judged_at", "max"), n_readers=("reader", "nunique"))
    votes = answers.groupby(["code", "judgement"]).size().unstack(fill_value=0).reindex(judged.index)
    clear = votes.max(axis=1).gt(judged["n_readers"] / 2)
    status = votes.idxmax(axis=1).where(clear, "cannot_tell").rename("status")
    named = answers[answers["behaviours"].notna()].groupby("code")["behaviours"].agg(lambda names: ",".join(sorted(set(names))))
    behaviours = named.reindex(judged.index).where(status.eq("worth_a_look"))
    return judged.assign(status=status, differ=~clear, behaviours=behaviours)


def _outcomes(sample: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    read = sample.set_index("code").loc[judged.index].reset_index()
    when = pd.to_datetime(judged["judged_at"], utc=True).astype("datetime64[us, UTC]").reset_index(drop=True)
    nothing = pd.Series(np.nan, index=read.index)
    table = pd.DataFrame(
        {
            "platform": read["platform"],
            "listing_id": read["listing_id"],
            "seller_id": read["seller_id"],
            "status": judged["status"].to_numpy(),
            "behaviours": pd.Series(judged["behaviours"].to_numpy()).astype("str"),
            "happened_at": when,
            "known_at": when,
            "source": DESK_REVIEW,
            "authority": nothing.astype("str"),
            "selection_probability": read["selection_probability"],
            "usefulness": nothing.astype("float64"),
        }
    ).astype({"source": "str", "status": "str"})
    return validate_outcomes(table)


def _add(outcomes: pd.DataFrame, path: Path) -> None:
    table = outcomes
    if path.is_file():
        before = read_table(path).table
        # The same sample again (same listing, same chance) replaces what it said before.
        key = ["platform", "listing_id", "source", "selection_probability"]
        same = pd.MultiIndex.from_frame(before[key]).isin(pd.MultiIndex.from_frame(outcomes[key]))
        table = pd.concat([before[~same], outcomes], ignore_index=True)[list(COLUMNS)]
    if path.suffix == ".parquet":
        write_parquet(table, path)
    else:
        write_atomically(path, lambda partial: table.to_csv(partial, index=False, encoding="utf-8-sig"))


def _report(
    path: Path, outcomes: pd.DataFrame, sample: pd.DataFrame, answers: pd.DataFrame, judged: pd.DataFrame, out: Path
) -> ImportedReview:
    chance = sample.set_index("code").loc[judged.index]
    y = judged["status"].map({"worth_a_look": 1.0, "innocent": 0.0}).to_numpy(dtype=float)
    # Certainly drawn listings that nobody read yet would count as clean; without them the rest cannot be weighed up.
    population = int(sample["population"].iloc[0])
    unread = int((sample["selection_probability"].ge(1) & ~sample["code"].isin(judged.index)).sum())
    top = chance["drawn_by"].eq("top").to_numpy() & ~np.isnan(y)
    return ImportedReview(
        path=path,
        outcomes=outcomes,
        drawn=len(sample),
        readers=sorted(answers["reader"].unique()),
        changed=int(answers["changed"].sum()),
        to_read_again=_titles(judged.index[judged["differ"]], sample, out),
        kappas=_kappas(answers),
        worth_a_look=prevalence(y, chance["selection_probability"].to_numpy(), population=population - unread),
        population=population,
        at_the_top=share(y[top]),
        by_stratum=_by_stratum(y, chance),
    )


def _by_stratum(y: Floats, chance: pd.DataFrame) -> dict[str, Share]:
    """The share worth a look at each height of score; a listing that was certain to be read stands for itself only."""
    found = {}
    for place, name in enumerate(STRATA):
        mine = chance["stratum"].eq(place).to_numpy() & ~np.isnan(y)
        if mine.any():
            found[name] = share(y[mine], weight=1 / chance["selection_probability"].to_numpy()[mine])
    return found


def _kappas(answers: pd.DataFrame) -> dict[str, Agreement]:
    by_reader = answers.pivot(index="code", columns="reader", values="judgement")
    found = {}
    for one, other in combinations(sorted(by_reader.columns), 2):
        both = by_reader[[one, other]].dropna()
        if len(both):
            found[f"{one} and {other}"] = agreement(both[one].tolist(), both[other].tolist(), TRIAGE)
    return found


def _titles(codes: pd.Index, sample: pd.DataFrame, out: Path) -> pd.DataFrame:
    key = ["platform", "listing_id", "captured_at"]
    wanted = sample.loc[sample["code"].isin(codes), ["code", *key]]
    found = [read_parquet(part, [*key, "title"]).merge(wanted, on=key) for part in parts(out / "work" / "listings")] if len(codes) else []
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["code", "title"])
    return table[["code", "title"]].sort_values("code", ignore_index=True)
