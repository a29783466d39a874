"""What a new brand would match in a crawl, before it is added: hits with context, beside which goods, on whose pages, with which collisions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from features.brands import BrandLexicon, Found, find_brands, misspelt, named
from features.canonical import Canonical, canonicalise_all
from features.errors import ConfigError
from features.fold import fold
from features.kind import classify
from features.near_names import distance, edits_allowed
from features.seller import official, seller_key
from models.control import RETAILERS
from pipeline.reference import Reference, load_lexicons
from pipeline.store import read_parquet

COLUMNS = ["platform", "listing_id", "title", "category", "brand", "is_official", "seller_type", "seller_id", "seller_name"]
_CONTEXT = 30
_MATCHES = ("exact", "alias", "disguise", "fuzzy")


@dataclass(frozen=True)
class Candidate:
    """A brand as it would stand in ``brands.csv``."""

    name: str
    goods: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    disguises: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()
    common_word: bool = False

    def table(self) -> pd.DataFrame:
        """Return the one row that would be added."""
        names = dict.fromkeys((fold(self.name), *map(fold, self.aliases)))
        row = {"brand": self.name, "aliases": "|".join(names), "disguises": "|".join(self.disguises), "lookalikes": "|".join(self.lookalikes)}
        row |= {"goods": "|".join(self.goods), "common_word": "yes" if self.common_word else "no"}
        return pd.DataFrame([row], dtype="str")


@dataclass
class FormCount:
    """One way the name is written. ``counted`` of ``n`` would name the brand; the rest are ordinary words or stand beside other goods."""

    match: str
    form: str
    n: int = 0
    counted: int = 0
    beside_goods: int = 0
    vouched_for: int = 0
    sellers: set[str] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; ``sellers`` as a number."""
        return {**self.__dict__, "sellers": len(self.sellers)}


@dataclass
class Preview:
    """Counts over a crawl. ``vouched_for`` are listings of official shops and retailers' catalogues; ``already`` are known brands that the
    same titles name as makers; ``in_field`` are listings whose brand field is the name."""

    candidate: Candidate
    n_listings: int = 0
    n_titles: int = 0
    in_field: int = 0
    forms: dict[tuple[str, str], FormCount] = field(default_factory=dict)
    groups: Counter[str] = field(default_factory=Counter)
    already: Counter[str] = field(default_factory=Counter)
    close_names: list[str] = field(default_factory=list)

    def ordered(self) -> list[FormCount]:
        """Return the forms, exact first, then by how often they stand there."""
        return sorted(self.forms.values(), key=lambda one: (_MATCHES.index(one.match), -one.n, one.form))

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.candidate.name,
            "goods": list(self.candidate.goods),
            "listings": self.n_listings,
            "titles_with_a_hit": self.n_titles,
            "brand_field": self.in_field,
            "goods_groups": dict(self.groups.most_common()),
            "known_brands_in_the_same_titles": dict(self.already.most_common()),
            "known_names_a_few_edits_away": self.close_names,
            "forms": [one.to_json() for one in self.ordered()],
        }

    def lines(self) -> list[str]:
        """Return the preview for a person."""
        head = f"{self.candidate.name}: {self.n_titles} of {self.n_listings} titles have a hit, {self.in_field} brand fields name it"
        out = [head, "goods groups of these titles: " + _counts(self.groups)]
        if self.already:
            out.append("known brands in the same titles: " + _counts(self.already))
        if self.close_names:
            out.append("a few edits away from known names: " + ", ".join(self.close_names))
        for one in self.ordered():
            out.append(
                f"{one.match:<8} {one.form!r}: {one.n} times, {one.counted} would count, {one.beside_goods} beside its goods, "
                f"{one.vouched_for} official or retail, {len(one.sellers)} sellers"
            )
            out += [f"           {example}" for example in one.examples]
        return out


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counter.most_common(8)) or "none"


def preview(parts: Sequence[Path], candidate: Candidate, reference: Reference, *, examples: int = 5) -> Preview:
    """Read the listings of ``parts`` one part at a time; raises `ConfigError` where the name is known already or the goods are unknown."""
    known = load_lexicons()
    own = BrandLexicon.from_table(candidate.table(), reference.goods_groups)
    for form, (brand, _) in known.brands.by_field.items():
        if form in own.by_field:
            raise ConfigError(f"{form!r} is already a name of {brand} in brands.csv; preview another name or change that row")
    done = Preview(candidate, close_names=_close(own, known.brands))
    joinable = known.brands.joinable | known.cues.joinable | own.joinable
    for part in parts:
        rows = read_parquet(part, columns=COLUMNS)
        titles = canonicalise_all(rows["title"].fillna("").tolist(), joinable)
        done.n_listings += len(rows)
        done.in_field += int(find_brands(titles, rows["brand"], own)["brand_from"].eq("field").sum())
        hits = {row: found for row, title in enumerate(titles) if (found := list(_all_hits(title, rows["brand"].iat[row], own)))}
        _count(done, own, rows.iloc[list(hits)].reset_index(drop=True), [titles[row] for row in hits], list(hits.values()), examples)
    return done


def _all_hits(title: Canonical, brand_field: object, own: BrandLexicon) -> Iterator[Found]:
    found = named(title, own, beside_goods=False)
    yield from found
    near = misspelt(title, brand_field if isinstance(brand_field, str) else None, own, beside_goods=False)
    yield from (one for one in near if not any(one.start < other.end and other.start < one.end for other in found))


def _count(
    done: Preview, own: BrandLexicon, rows: pd.DataFrame, titles: list[Canonical], hits: list[list[Found]], examples: int
) -> None:
    known = load_lexicons()
    before = find_brands(titles, rows["brand"], known.brands)
    groups = classify(titles, rows["category"], before, known.kinds)["goods_group"]
    vouched = official(rows).eq(1.0) | rows["platform"].isin(RETAILERS)
    sellers = seller_key(rows)
    for row, (title, found) in enumerate(zip(titles, hits, strict=True)):
        done.n_titles += 1
        done.groups[groups.iat[row] if pd.notna(groups.iat[row]) else "none"] += 1
        if before["brand_role"].iat[row] == "mark":
            done.already[str(before["brand"].iat[row])] += 1
        counted = {(one.start, one.end) for one in (*named(title, own), *misspelt(title, None, own))}
        for one in found:
            form = title.folded[one.start : one.end]
            count = done.forms.setdefault((one.name.match, form), FormCount(one.name.match, form))
            count.n += 1
            count.counted += (one.start, one.end) in counted
            count.beside_goods += groups.iat[row] in done.candidate.goods
            count.vouched_for += bool(vouched.iat[row])
            if pd.notna(sellers.iat[row]):
                count.sellers.add(str(sellers.iat[row]))
            if len(count.examples) < examples:
                count.examples.append(_context(title, one))


def _context(title: Canonical, one: Found) -> str:
    left, right = title.text[max(0, one.start - _CONTEXT) : one.start], title.text[one.end : one.end + _CONTEXT]
    return f"{left}[{title.text[one.start : one.end]}]{right}"


def _close(own: BrandLexicon, known: BrandLexicon) -> list[str]:
    """Known names that a misspelling could reach as well: what would become ambiguous."""
    close: dict[str, set[str]] = defaultdict(set)
    for form in own.by_field:
        for other, (brand, _) in known.by_field.items():
            if len(other) >= 5 and len(form) >= 5 and distance(form, other) <= 2 * max(edits_allowed(form), edits_allowed(other)):
                close[brand].add(other)
    return [f"{brand} ({', '.join(sorted(names))})" for brand, names in sorted(close.items())]
