"""Families of columns, for asking what each of them adds. A new column belongs to the family of its name; an unknown one to ``listing``."""

from __future__ import annotations

from collections.abc import Iterable

#: By beginning of name, the first that fits decides.
_BEGINNINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("x", ("x_",)),
    ("evidence", ("evidence_", "n_families")),
    ("cues", ("cues_",)),
    ("reviews", ("review_", "seller_review", "log_seller_n_reviews_read", "seller_complaint", "seller_fake_complaint", "seller_stars")),
    ("links", ("dup_", "log_dup_", "relist", "log_relist", "network_", "log_network_", "seller_network", "link", "hub_")),
    ("price", ("price_", "log_price_", "log_list_price_", "log_discount", "discount", "variant")),
    ("seller", ("seller_", "log_seller_")),
    ("text", ("text_", "title_length", "log_description_length", "n_text_flags", "single words")),
    ("brand and kind", ("brand_", "role=", "item=", "goods=", "n_brands", "n_units", "category", "for_children")),
    ("listing", ("",)),
)
FAMILIES = tuple(name for name, _ in _BEGINNINGS)


def family_of(column: str) -> str:
    """Return the family of a column of `models.matrix`.

    >>> family_of("price_gap"), family_of("x_channel"), family_of("n_images")
    ('price', 'x', 'listing')
    """
    return next(name for name, beginnings in _BEGINNINGS if column.startswith(beginnings))


def by_family(columns: Iterable[str]) -> dict[str, list[str]]:
    """Return the columns of each family that has any, in the order of ``FAMILIES``."""
    found: dict[str, list[str]] = {name: [] for name in FAMILIES}
    for column in columns:
        found[family_of(column)].append(column)
    return {name: mine for name, mine in found.items() if mine}
