"""Targets and the listings underneath: what an inspector gets (docs/planning.md)."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

_LIST = "object"

#: Where a target waits for whom. A ship-from place is no business address, so only an address that a person entered leads to the first.
QUEUES = QUEUE_ADDRESS, QUEUE_PLATFORM, QUEUE_REFER = (
    "Đủ địa chỉ – có thể xác minh tại chỗ",
    "Chưa có địa chỉ – yêu cầu sàn cung cấp",
    "Xem xét chuyển cơ quan khác",
)
#: How a target came to be looked at: by its place in the order, or drawn for a desk review (which never sets a visit).
SELECTIONS = BY_PRIORITY, BY_LOTTERY, NOT_SELECTED = ("Theo mức ưu tiên", "Rà soát ngẫu nhiên", "Chưa chọn")
#: What became of a target this week.
STANDINGS = CHOSEN, RESERVE, REVIEW, WAITING, HELD, REFERRED = (
    "Chính thức",
    "Dự bị",
    "Rà soát ngẫu nhiên",
    "Chờ",
    "Tạm hoãn",
    "Chuyển cơ quan khác",
)

TARGET_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "code": ("str", False, "row code with a check letter, e.g. AG-2648-007-K"),
    "subject": ("str", False, "key of the seller, network or listing; the same from run to run"),
    "authority": ("str", False, "whose list the row stands in: the lead authority's, or the central list"),
    "authority_code": ("str", True, "code of the lead authority with its scheme, e.g. current34:89; missing on the central list"),
    "don_vi_chu_tri": ("str", True, "lead authority; missing where no place in Viet Nam is known"),
    "don_vi_phoi_hop": (_LIST, False, "list of the other authorities that a network's shops point to; the visit is counted once, at the lead"),
    "team": ("str", True, "team, only where a person entered it with the address; never made from a province"),
    "queue": ("str", False, "one of the three queues: address known, ask the platform, refer"),
    "rank": ("int64", False, "place in the authority's list, from 1"),
    "standing": ("str", False, "Chính thức (within capacity), Dự bị (reserve), Rà soát ngẫu nhiên (drawn), Chờ (waiting), Tạm hoãn (held), "
                 "Chuyển cơ quan khác (refer list)"),
    "reserve": ("bool", False, "not within this week's capacity: all but Chính thức"),
    "urgent": ("bool", False, "proposed for a quick alert (Cảnh báo nhanh)"),
    "selection": ("str", False, "Theo mức ưu tiên, Rà soát ngẫu nhiên or Chưa chọn"),
    "selection_probability": ("float64", False, "chance of being selected: 1 by priority, the lottery's for all in its pool, else 0"),
    "level": ("str", False, "Ưu tiên 1, Ưu tiên 2 or Chưa đủ căn cứ nhận định"),
    "subject_kind": ("str", False, "seller, or listing where the crawl shows no seller"),
    "platform": ("str", False, "marketplace or site"),
    "seller_id": ("str", True, "the platform's id of the seller"),
    "seller_name": ("str", True, "shop name as displayed"),
    "subject_url": ("str", True, "address of the shop or listing"),
    "goods": ("str", True, "goods groups of the listings with signs, most frequent first"),
    "brands": ("str", True, "brands they name, most frequent first"),
    "network": ("str", True, "id of the network; missing for a single seller or listing"),
    "network_shops": (_LIST, False, "list of the network's shops, 'name (platform)', the main one first; empty for a single seller"),
    "members": (_LIST, False, "list of the sellers' keys that this subject stands for"),
    "behaviours": (_LIST, False, "list of code names of behaviours, strongest first"),
    "signs": ("str", False, "display names of the signs, joined by '; '"),
    "main_reason": ("str", True, "the one sentence that quotes the listing or names its price; missing where none does"),
    "explainable": ("bool", False, "whether there is such a sentence; if not the target is shown as not explainable"),
    "reasons": (_LIST, False, "list of sentences, strongest first"),
    "location": ("str", True, "ship-from place as displayed"),
    "location_confidence": ("str", True, "how far the place can be relied on"),
    "n_flagged": ("int64", False, "listings with signs"),
    "n_collected": ("int64", False, "listings collected"),
    "action": ("str", False, "proposed next step; never an inspection"),
    "to_verify": (_LIST, False, "list of what to verify before anything else"),
    "priority": ("float64", False, "points of the seller's signs; not a probability"),
    "probability": ("float64", True, "calibrated probability of the seller; missing where no model speaks; leaders' summary only"),
    "probability_low": ("float64", True, "lower bound, from the bounds of its listings"),
    "probability_high": ("float64", True, "upper bound"),
    "harm": ("float64", False, "what orders the list: the product of the factors"),
    "factor_likelihood": ("float64", False, "0 to 1: the probability, or priority / (priority + scale)"),
    "factor_severity": ("float64", False, "by the leading behaviour"),
    "factor_health": ("float64", False, "by goods group, health first"),
    "factor_reach": ("float64", False, "by units sold or reviews of the listings with signs; 1 where unknown"),
    "factor_value": ("float64", False, "by the genuine article's price; 1 where unknown"),
    "factor_campaign": ("float64", False, "1, or the campaign's factor"),
    "harm_note": ("str", False, "the factors in words"),
    "change": ("str", False, "what changed since the last list: Mới, Lên hạng, Xuống hạng, Giữ nguyên hạng …"),
    "change_why": ("str", False, "why, in words"),
    "previous_code": ("str", True, "row code in the last list"),
    "previous_rank": ("float64", True, "rank in the last list"),
    "warnings": (_LIST, False, "list of what to heed before acting: looked at within the year, held until …"),
    "legal_notes": (_LIST, False, "list of articles by date, limitation, criminal note; never a fine"),
    "referrals": (_LIST, False, "list of other authorities that should look at it, and why"),
    "last_seen": ("datetime64[us, UTC]", False, "latest capture of a listing with signs, UTC: the day of the act"),
    "evidence_ids": (_LIST, False, "row hashes of the listings with signs, at most 20"),
}

LISTING_COLUMNS: dict[str, tuple[str, bool, str]] = {
    "code": ("str", False, "row code of the target"),
    "platform": ("str", False, "marketplace or site"),
    "listing_id": ("str", False, "the platform's id of the listing"),
    "url": ("str", True, "address as crawled"),
    "title": ("str", False, "title as the seller wrote it"),
    "price_vnd": ("float64", True, "asked price, VND"),
    "reference": ("str", True, "the market's price beside it, in words"),
    "captured_at": ("datetime64[us, UTC]", False, "when the crawl saw it, UTC"),
    "captured_precision": ("str", False, "how exact captured_at is: second, day, month, year or file"),
    "seller_name": ("str", True, "shop that shows it, as displayed"),
    "reasons": (_LIST, False, "list of sentences, strongest first"),
    "highlights": (_LIST, False, "list of {field, start, end} in the original text"),
    "source_file": ("str", False, "crawl file"),
    "source_line": ("float64", False, "line or record in that file"),
    "row_hash": ("str", False, "hash of the row's content: the evidence id"),
}


def _schema(columns: dict[str, tuple[str, bool, str]], name: str) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        {key: pa.Column(kind, nullable=nullable, description=text) for key, (kind, nullable, text) in columns.items()},
        strict=True,
        name=name,
    )


TARGETS = _schema(TARGET_COLUMNS, "targets")
TARGET_LISTINGS = _schema(LISTING_COLUMNS, "target_listings")


def with_lists(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with its list columns as Python lists, which Parquet hands back as arrays."""
    kinds = TARGET_COLUMNS | LISTING_COLUMNS
    return table.assign(**{name: table[name].map(list) for name in table if kinds[name][0] == _LIST})


def describe() -> pd.DataFrame:
    """Return ``column, type, nullable, description`` of targets."""
    return _describe(TARGET_COLUMNS)


def describe_listings() -> pd.DataFrame:
    """Return ``column, type, nullable, description`` of the listings underneath."""
    return _describe(LISTING_COLUMNS)


def _describe(columns: dict[str, tuple[str, bool, str]]) -> pd.DataFrame:
    rows = [(name, kind if kind != _LIST else "list", nullable, text) for name, (kind, nullable, text) in columns.items()]
    return pd.DataFrame(rows, columns=["column", "type", "nullable", "description"])
