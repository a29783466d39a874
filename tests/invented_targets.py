"""Invented targets and listings with every column filled, for tests of what people open; no shop, number or address in them is real."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from pipeline.codes import row_code
from pipeline.reports.wording import ACTIONS, LEVELS, SIGN_NAMES, TO_VERIFY
from pipeline.tables.targets import (
    BY_PRIORITY,
    CHOSEN,
    LISTING_COLUMNS,
    QUEUE_PLATFORM,
    QUEUE_REFER,
    REFERRED,
    RESERVE,
    TARGET_COLUMNS,
    WAITING,
)

DAY = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
PLACES = (
    ("AG", "Chi cục Quản lý thị trường tỉnh An Giang", "Kiên Giang"),
    ("HCM", "Chi cục Quản lý thị trường TP. Hồ Chí Minh", "Thành phố Hồ Chí Minh, Bình Dương"),
    ("TW", "Danh sách trung ương (chưa rõ địa bàn)", None),
)
SUMMARY: dict[str, Any] = {
    "as_of": "2026-11-23", "data_date": "2026-11-23", "is_old": False, "synthetic": True, "score_kind": "evidence", "n_read": 1000,
    "n_listings": 990, "n_quarantined": 10, "n_scored": 990, "bands": {"red": 60, "amber": 40, "green": 890}, "run_id": "0123456789abcdef",
    "version": "0.1.0", "sources": [], "control": [], "n_control": 0, "cue_terms": {}, "sellers_seen": True,
}  # fmt: skip
_REASONS = (
    "Tiêu đề ghi “rep 1:1”: cách rao của hàng sao chép “một đối một” (và 1 tin khác)",
    "Giá 390.000 đ, rẻ hơn 84 % so với giá giữa 2.370.000 đ của 4 người bán khác cùng mẫu Nike (khoảng 2.190.000–2.560.000 đ) (và 1 tin khác)",
    "Tên nhãn hiệu Nike viết lệch thành “N.I.K.E”",
    "Gian hàng mở 40 ngày trước lúc thu thập",
)


def standing_of(rank: int, n: int) -> str:
    """Ten within capacity, ten in reserve, the last referred, the others waiting."""
    return CHOSEN if rank <= 10 else RESERVE if rank <= 20 else REFERRED if rank == n else WAITING


def invented(n_each: int = 25, places: tuple[tuple[str, str, str | None], ...] = PLACES, **texts: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return targets and listings, ``n_each`` an authority; ``texts`` (``shop``, ``title``) replace what sellers wrote."""
    targets, listings = [], []
    for abbreviation, authority, place in places:
        for rank in range(1, n_each + 1):
            code = row_code(abbreviation, DAY.date(), rank)
            targets.append(_target(code, authority, place, rank, n_each, texts))
            listings += [_listing(code, number, texts) for number in range(1 + rank % 3)]
    return _table(targets, TARGET_COLUMNS), _table(listings, LISTING_COLUMNS)


def _table(rows: list[dict[str, Any]], columns: dict[str, tuple[str, bool, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    for name, (kind, _, _) in columns.items():
        if name not in table:
            table[name] = pd.Series([[] for _ in rows] if kind == "object" else None, dtype=kind if kind != "object" else "object")
        elif kind != "object":
            table[name] = table[name].astype(kind)
    return table[list(columns)]


def _target(code: str, authority: str, place: str | None, rank: int, n: int, texts: dict[str, str]) -> dict[str, Any]:
    standing = standing_of(rank, n)
    behaviours = ["counterfeit", "smuggled"] if rank % 4 == 0 else ["counterfeit"]
    return {
        "code": code, "subject": f"sàn thử|{code}", "authority": authority, "don_vi_chu_tri": authority if place else None,
        "don_vi_phoi_hop": ["Chi cục Quản lý thị trường TP. Hà Nội"] if rank % 5 == 0 else [],
        "queue": QUEUE_REFER if standing == REFERRED else QUEUE_PLATFORM, "rank": rank, "standing": standing, "reserve": standing != CHOSEN,
        "urgent": rank == 1, "selection": BY_PRIORITY, "selection_probability": 1.0, "level": LEVELS[0 if rank <= 6 else 1 if rank <= 22 else 2],
        "subject_kind": "seller", "platform": "sàn thử", "seller_id": f"S{rank}",
        "seller_name": texts.get("shop", f"Gian hàng mẫu số {rank} giày xách tay"),
        "subject_url": "https://shopee.vn/shop/1" if rank % 2 else "https://cua-hang-mau.example/gian-hang/1", "goods": "giày dép, túi ví",
        "brands": "Nike, Adidas, New Balance", "network_shops": ["Gian hàng mẫu A (sàn thử)", "Gian hàng mẫu B (Shopee)"] if rank % 5 == 0 else [],
        "behaviours": behaviours, "signs": "; ".join(SIGN_NAMES[name] for name in behaviours), "main_reason": _REASONS[0], "explainable": True,
        "reasons": list(_REASONS), "location": place,
        "location_confidence": "thấp: nơi gửi hàng hiển thị, không phải địa chỉ kinh doanh" if place else None, "n_flagged": 1 + rank % 3,
        "n_collected": 5 + rank, "action": ACTIONS["refer"] if standing == REFERRED else ACTIONS["ask_platform"],
        "to_verify": TO_VERIFY["counterfeit"], "priority": 8.0 - rank / 10, "harm": 3.0 - rank / 20, "factor_likelihood": 0.6, "factor_severity": 1.0,
        "factor_health": 1.0, "factor_reach": 1.2, "factor_value": 1.1, "factor_campaign": 1.0, "harm_note": "khả năng 0,6 × mức nặng 1,0",
        "change": "Mới" if rank % 2 else "Lên hạng", "change_why": "Có thêm 2 tin mang dấu hiệu", "previous_code": None if rank % 2 else code,
        "previous_rank": None if rank % 2 else rank + 3.0, "warnings": ["Đã được kiểm tra trong năm (12/03/2026)"] if rank == 3 else [],
        "legal_notes": ["Điều 9 Nghị định 98/2020/NĐ-CP (chưa kiểm chứng)"], "last_seen": DAY,
    }  # fmt: skip


def _listing(code: str, number: int, texts: dict[str, str]) -> dict[str, Any]:
    title = texts.get("title", "Giày thể thao N.I.K.E rep 1:1 full box, có sẵn màu trắng đen size 36–43")
    at = title.find("rep 1:1")
    return {
        "code": code, "platform": "sàn thử", "listing_id": f"{code}-{number}", "url": f"https://cua-hang-mau.example/tin/{number}", "title": title,
        "price_vnd": 390_000.0 + number, "reference": _REASONS[1], "captured_at": DAY - timedelta(days=number), "captured_precision": "second",
        "seller_name": texts.get("shop", "Gian hàng mẫu"), "reasons": list(_REASONS[:2]),
        "highlights": [{"field": "title", "start": at, "end": at + 7}] if at >= 0 else [], "source_file": "thu.csv", "source_line": 2.0 + number,
        "row_hash": hashlib.sha256(f"{code} {number}".encode()).hexdigest()[:16],
    }  # fmt: skip
