"""From listing rows to row features: everything that depends on the row alone, in the one order that works.

Brands before kinds before cues: a cue such as "1:1" counts only beside a brand, and "F1" only outside seeds. Words come last and from
canonical text, because the word segmenter glues "Gucci super fake giá 299k" together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import scipy.sparse as sp

from features.brands import BrandLexicon, find_brands, settle_roles
from features.canonical import Canonical, canonicalise_all
from features.cues import CueLexicon, find_cues
from features.fold import fold
from features.kind import KindLexicon, classify
from features.pack import pack_size, price_form, variants_spread
from features.product import model_key, product_words
from features.segment import words
from features.signatures import as_bytes, signatures
from features.text_hashes import Tokenizer, text_counts

TEXT_FIELDS = ("title", "description", "seller_name")
CARRIED = ["platform", "listing_id", "captured_at", "seller_id"]


@dataclass(frozen=True)
class Lexicons:
    """The compiled word tables a row is read with."""

    brands: BrandLexicon
    kinds: KindLexicon
    cues: CueLexicon
    famous: frozenset[str]

    @classmethod
    def from_tables(
        cls,
        *,
        brands: pd.DataFrame,
        cues: pd.DataFrame,
        kinds: pd.DataFrame,
        categories: pd.DataFrame,
        goods_groups: pd.DataFrame,
    ) -> Lexicons:
        """Compile the reference tables (``configs/reference/*.csv``)."""
        famous = brands.loc[brands["luxury"].fillna("no").eq("yes"), "brand"]
        return cls(
            BrandLexicon.from_table(brands, goods_groups),
            KindLexicon.from_tables(goods_groups, kinds, categories),
            CueLexicon.from_table(cues),
            frozenset(famous),
        )


class RowFeatures(NamedTuple):
    """``columns``: one row a listing, in order; ``hits``: one row a cue hit, ``row`` its position; ``text``: `text_counts` or ``None``."""

    columns: pd.DataFrame
    hits: pd.DataFrame
    text: sp.csr_matrix | None


def row_features(listings: pd.DataFrame, lexicons: Lexicons, *, tokenizer: Tokenizer = "underthesea", with_text: bool = False) -> RowFeatures:
    """Read every listing: canonical text, brand, kind, cues and words: those of the title or, for a model ``with_text``, all of them, hashed.

    A row's features are the same alone and in any batch.
    """
    rows = listings.reset_index(drop=True)
    originals = {field: _texts(rows, field) for field in TEXT_FIELDS}
    joinable = lexicons.brands.joinable | lexicons.cues.joinable
    canonical = {field: canonicalise_all(texts, joinable) for field, texts in originals.items()}
    brands = find_brands(canonical["title"], rows["brand"], lexicons.brands)
    kinds = classify(canonical["title"], rows["category"], brands, lexicons.kinds)
    brands = settle_roles(brands, kinds["goods_group"], lexicons.brands)
    context = pd.concat([brands[["brand", "brand_role"]], kinds[["goods_group", "item_type"]]], axis=1)
    context["platform"] = rows["platform"]
    hits = find_cues(canonical, originals, context, lexicons.cues)
    columns = pd.concat([rows[CARRIED], brands, kinds], axis=1)
    columns["brand_famous"] = columns["brand"].isin(lexicons.famous)
    # Only articles of a known maker and kind are compared with each other: the rest need not be read.
    comparable = (columns["brand"].notna() & columns["goods_group"].notna()).tolist()
    for name, read in (("model_key", model_key), ("product_words", product_words)):
        found = [read(title.folded) if able else "" for title, able in zip(canonical["title"], comparable, strict=True)]
        columns[name] = pd.Series(found, dtype="str")
    variants = [fold(text) for text in _texts(rows, "variants")] if "variants" in rows else [""] * len(rows)
    forms = [price_form(title.folded, names) for title, names in zip(canonical["title"], variants, strict=True)]
    columns["price_form"] = pd.Series(forms, dtype="str")
    sizes = [pack_size(title.folded) if able else None for title, able in zip(canonical["title"], comparable, strict=True)]
    columns["pack_size"] = pd.Series(sizes, dtype="float64")
    columns["variants_spread"] = pd.Series([variants_spread(names) if names else None for names in variants], dtype="float64")
    columns["text_flags"] = pd.Series([_flags(*fields) for fields in zip(*canonical.values(), strict=True)], dtype="str")
    columns["signature"] = as_bytes(signatures(*([one.folded for one in canonical[field]] for field in ("title", "description"))))
    titles, descriptions = ([one.text for one in canonical[field]] for field in ("title", "description"))
    if tokenizer == "underthesea" and not with_text:
        joined = [" ".join(word.replace(" ", "_") for word in found) for found in words(titles)]
        columns["title_words"] = pd.Series(joined, dtype="str")
    return RowFeatures(columns, hits, text_counts(titles, descriptions, tokenizer=tokenizer) if with_text else None)


def _texts(rows: pd.DataFrame, field: str) -> list[str]:
    texts: list[str] = rows[field].fillna("").astype(str).tolist()
    return texts


def _flags(*fields: Canonical) -> str:
    return ",".join(sorted({flag for field in fields for flag in field.flags}))
