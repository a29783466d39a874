"""What a target's listings say against it: behaviours by weight, the strongest sentence of each sign, and the one sentence that quotes."""

from __future__ import annotations

import pandas as pd

from pipeline.law import Law
from pipeline.planning.pool import KEY

MAX_REASONS = 5
#: A quoted sentence with less than this share of the strongest one's points does not lead.
_SAYS_FAR_LESS = 0.5
_PRICE_SIGNS = ("price_below_peers", "price_below_genuine", "claim_genuine_but_cheap", "official_text_cheap")


def spoken_for(reasons: pd.DataFrame, flagged: pd.DataFrame) -> pd.DataFrame:
    """Return the sentences that raise a listing of ``flagged``, with its ``subject``: what stands in the listing before what only a model says."""
    raised = reasons[reasons["points"].gt(0)].merge(flagged[[*KEY, "subject"]], on=KEY, how="inner")
    raised["by_model"] = raised["sign_id"].eq("model")
    order = ["subject", "by_model", "points", "sign_id", "listing_id"]
    return raised.sort_values(order, ascending=[True, True, False, True, True], kind="stable").reset_index(drop=True)


def behaviours(spoken: pd.DataFrame) -> pd.Series:
    """Return lists of behaviours by subject, the most points first, ties by name."""
    totals = spoken.groupby(["subject", "behaviour"], sort=True)["points"].sum().round(9).reset_index()
    ordered = totals.sort_values(["subject", "points", "behaviour"], ascending=[True, False, True], kind="stable")
    return _lists(ordered, "behaviour")


def top_reasons(spoken: pd.DataFrame) -> pd.Series:
    """Return lists of at most five sentences by subject: the strongest of each sign, and on how many further listings that sign stands."""
    others = spoken.groupby(["subject", "sign_id"], sort=False)["listing_id"].nunique().sub(1).rename("others")
    best = spoken.drop_duplicates(["subject", "sign_id"]).join(others, on=["subject", "sign_id"])
    best = best[best.groupby("subject", sort=False).cumcount() < MAX_REASONS]
    more = " (và " + best["others"].astype(str) + " tin khác)"
    return _lists(best.assign(said=best["text"] + more.where(best["others"].gt(0), "")), "said")


def main_reasons(spoken: pd.DataFrame, found: pd.Series) -> pd.Series:
    """Return by subject the strongest sentence that quotes the listing's words or, where none does or a price says far more, names its price.

    It speaks for the first of the subject's behaviours (``found``, as `behaviours` gives them), which is the one that stands beside it in print; only
    where nothing telling does, for another.
    """
    worded = spoken["quote"].notna() & spoken["text"].str.contains("“", regex=False)
    telling = spoken[worded | spoken["sign_id"].isin(_PRICE_SIGNS)].assign(worded=worded)
    # "Fullbox" beside a price of three hundredths of the genuine one is true and says nothing.
    strongest = telling.groupby(["subject", "behaviour"])["points"].transform("max")
    telling["aside"] = ~telling["worded"] | telling["points"].lt(_SAYS_FAR_LESS * strongest)
    telling["other"] = telling["behaviour"].ne(telling["subject"].map(found.str[0]))
    telling = telling.sort_values(["subject", "other", "aside", "points"], ascending=[True, True, True, False], kind="stable")
    return telling.drop_duplicates("subject").set_index("subject")["text"]


def only_look_alike(spoken: pd.DataFrame) -> set[str]:
    """Return the subjects that write a mark in another way and nowhere say themselves that the goods are copies: only the mark's owner can tell."""
    worded = spoken["behaviour"].eq("counterfeit") & spoken["sign_id"].str.startswith("cue.")
    return set(spoken.loc[spoken["sign_id"].eq("brand_disguised"), "subject"]) - set(spoken.loc[worded, "subject"])


def sign_names(spoken: pd.DataFrame, found: pd.Series, law: Law, codes: pd.DataFrame) -> pd.Series:
    """Return the display names of the signs by subject, joined by '; '.

    A behaviour with two names (smuggled, of unknown origin) gets those that its signs stand for (``configs/reference/sign_codes.csv``), and
    without any the milder one, which is the last.
    """
    code_of = dict(zip(codes["sign_id"], codes["code"], strict=True))
    seen = spoken.assign(code=spoken["sign_id"].map(code_of)).dropna(subset=["code"])
    meant = seen.groupby(["subject", "behaviour"])["code"].agg(lambda values: tuple(sorted(set(values)))).to_dict()
    names = {behaviour: law.display_names(behaviour) for behaviour in sorted({name for one in found for name in one})}
    return pd.Series(
        ["; ".join(_named(subject, one, names, meant, law)) for subject, one in found.items()], index=found.index, dtype="str"
    )


def _named(subject: object, found: list[str], names: dict[str, tuple[str, ...]], meant: dict, law: Law) -> list[str]:
    out: list[str] = []
    for behaviour in found:
        if len(names[behaviour]) == 1:
            out += names[behaviour]
        elif (subject, behaviour) in meant:
            out += [name for code in meant[subject, behaviour] for name in law.display_names(code)]
        else:
            out.append(names[behaviour][-1])
    return list(dict.fromkeys(out))


def _lists(table: pd.DataFrame, column: str) -> pd.Series:
    return table.groupby("subject", sort=False)[column].agg(list) if len(table) else pd.Series(dtype="object")
