"""Why a listing stands where it stands, in Vietnamese, with its own words and its price beside the market's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pipeline.reference import Reference
from pipeline.reports.wording import format_price

_FIELDS = {"title": "Tiêu đề", "description": "Mô tả", "seller_name": "Tên gian hàng"}
_LEVELS = {"product": "cùng mẫu", "model": "cùng mẫu", "brand": "cùng loại hàng"}

REASON_COLUMNS = ["platform", "listing_id", "captured_at", "sign_id", "behaviour", "family", "points"]
REASON_COLUMNS += ["field", "start", "end", "quote", "text"]


def reasons_table(rows: pd.DataFrame, signs: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """Return one sentence per sign (``REASON_COLUMNS``), listing by listing, strongest first."""
    meanings = reference.cues.drop_duplicates("cue_id").set_index("cue_id")["meaning_vi"].to_dict()
    claims = {f"cue.{cue}": str(text) for cue, text in meanings.items()}
    needed = rows.loc[signs["row"].unique()]
    facts: dict[Any, dict[str, Any]] = {
        row: dict(zip(needed.columns, values, strict=True))
        for row, values in zip(needed.index, needed.itertuples(index=False, name=None), strict=True)
    }
    texts, quotes = [], []
    for sign in signs.itertuples():
        fact = facts[sign.row]
        quote = _quote(sign, fact)
        quotes.append(quote)
        texts.append(_sentence(str(sign.sign_id), sign, fact, quote, claims))
    key = rows.loc[signs["row"], ["platform", "listing_id", "captured_at"]].reset_index(drop=True)
    table = pd.concat([key, signs.drop(columns=["row"]).reset_index(drop=True)], axis=1)
    table["quote"] = pd.Series(quotes, dtype="str")
    table["text"] = pd.Series(texts, dtype="str")
    return table[REASON_COLUMNS]


def _quote(sign: Any, fact: dict[str, Any]) -> str | None:
    if isinstance(sign.quote, str):
        return sign.quote
    if isinstance(sign.field, str) and not np.isnan(sign.start):
        return str(fact[sign.field])[int(sign.start) : int(sign.end)]
    return None


def _sentence(sign_id: str, sign: Any, fact: dict[str, Any], quote: str | None, claims: dict[str, str]) -> str:
    if sign_id in claims:
        meaning = claims[sign_id]
        tail = f": {meaning}" if meaning and meaning != "nan" else ""
        return f"{_FIELDS.get(str(sign.field), 'Tin')} ghi “{quote}”{tail}"
    return _SENTENCES[sign_id](fact, quote)


def _below_peers(fact: dict[str, Any], quote: str | None) -> str:
    unit = fact["price_vnd"] / max(1.0, fact["n_units"] if fact["n_units"] == fact["n_units"] else 1.0)
    cheaper = min(99, round(100 * (1 - unit / fact["price_ref_mid"])))
    who = "người bán khác" if isinstance(fact["seller_id"], str) or isinstance(fact["seller_name"], str) else "tin khác"
    if fact["price_by_official"]:
        who = "gian hàng chính hãng"
    lure = "; thấp đến mức có thể là giá mồi, tiền cọc hoặc giá của món khác, cần hỏi giá thật" if fact["price_decoy"] else ""
    return (
        f"Giá {format_price(fact['price_vnd'])}{_per_unit(fact)}, rẻ hơn {cheaper} % so với giá giữa "
        f"{format_price(_rounded(fact['price_ref_mid']))} của {int(fact['price_n_peers'])} {who} {_LEVELS[fact['price_level']]} {_brand(fact)} "
        f"(khoảng {format_price(_rounded(fact['price_ref_low'])).removesuffix(' đ')}–{format_price(_rounded(fact['price_ref_high']))})"
        f"{_other_market(fact)}{lure}"
    )


def _rounded(price: float) -> float:
    """To three figures: a quartile between two prices is no price anybody asks."""
    step = 10.0 ** max(0, math.floor(math.log10(price)) - 2) if price > 0 else 1.0
    return round(price / step) * step


def _other_market(fact: dict[str, Any]) -> str:
    """Who was left out of the middle because the group falls into two markets."""
    low = fact["price_n_low"]
    return f"; {int(low)} nơi bán khác cũng rao ở mức thấp bất thường, không tính vào giá giữa" if low > 0 else ""


def _below_genuine(fact: dict[str, Any], quote: str | None) -> str:
    percent = max(1, round(100 * fact["price_to_genuine"]))
    return (
        f"Giá {format_price(fact['price_vnd'])}{_per_unit(fact)}, bằng khoảng {percent} % mức thấp nhất của hàng chính hãng "
        f"{_brand(fact)} cùng loại (tham khảo từ {format_price(fact['genuine_floor'])}, chưa kiểm chứng)"
    )


def _brand(fact: dict[str, Any]) -> str:
    """The brand, and where it stands if not in the title."""
    return f"{fact['brand']} (ghi ở ô thương hiệu)" if fact["brand_from"] == "field" else str(fact["brand"])


def _per_unit(fact: dict[str, Any]) -> str:
    units = fact["n_units"]
    return f" cho {int(units)} sản phẩm" if units == units and units > 1 else ""


def _disguised(fact: dict[str, Any], quote: str | None) -> str:
    return f"Tên nhãn hiệu {fact['brand']} viết lệch thành “{quote}”"


def _stuffed(fact: dict[str, Any], quote: str | None) -> str:
    return f"Tiêu đề nêu {int(fact['n_brands'])} nhãn hiệu khác nhau"


def _new(fact: dict[str, Any], quote: str | None) -> str:
    return f"Gian hàng mở {int(fact['seller_age_days'])} ngày trước lúc thu thập"


def _many(fact: dict[str, Any], quote: str | None) -> str:
    return f"Gian hàng không có dấu chính hãng mà bán {int(fact['seller_n_famous_brands'])} nhãn hiệu nổi tiếng khác nhau"


def _other_signs(fact: dict[str, Any], quote: str | None) -> str:
    marked, others = int(fact["seller_n_others_signed"]), int(fact["seller_n_others"])
    return f"{marked} trong {others} tin khác của gian hàng cũng có từ ngữ đáng chú ý"


def _found_before(fact: dict[str, Any], quote: str | None) -> str:
    return "Gian hàng đã có kết quả kiểm tra được xác nhận trước ngày thu thập tin này (ở tin khác hoặc ở gian hàng nói chung)"


def _complaints(fact: dict[str, Any], quote: str | None) -> str:
    n, read = int(fact["seller_n_complaints"]), int(fact["seller_n_reviews_read"])
    return f"{n} trong {read} đánh giá đã đọc phàn nàn hàng giả, bị lừa hoặc hàng khác hình, khác mô tả (lời người mua, chưa kiểm chứng)"


def _reported(of: str, voices: str) -> Callable[[dict[str, Any], str | None], str]:
    """Whoever reported is never named, nor quoted: their words may give them away."""

    def sentence(fact: dict[str, Any], quote: str | None) -> str:
        flood = "; nhiều phản ánh giống nhau dồn dập, cần xem có bị dàn dựng không" if fact["complaint_flood"] == 1.0 else ""
        return f"{int(fact[voices])} nguồn phản ánh độc lập về {of} của gian hàng (phản ánh gửi cơ quan chức năng, chưa kiểm chứng){flood}"

    return sentence


#: What ties shops, as an inspector reads it.
TIES = {"tax": "mã số thuế", "licence": "số giấy phép", "contact": "số liên hệ hoặc tài khoản", "image": "ảnh", "text": "mô tả"}


def _relisted(fact: dict[str, Any], quote: str | None) -> str:
    days = max(1, round(fact["relisted_after_days"]))
    old = f"tin {fact['relisted_from']} đã bị gỡ hoặc đã được xác nhận trước đó"
    return f"Nội dung hoặc ảnh trùng {old}; đăng lại dưới mã khác sau khoảng {days} ngày"


def _official_text(fact: dict[str, Any], quote: str | None) -> str:
    percent = max(1, round(100 * fact["dup_official_price_ratio"]))
    return (
        f"Mô tả gần như trùng với gian hàng chính hãng, nhưng giá {format_price(fact['price_vnd'])} chỉ bằng khoảng {percent} % "
        "giá thấp nhất của gian hàng đó"
    )


def _network(fact: dict[str, Any]) -> str:
    shared = ", ".join(TIES[kind] for kind in str(fact["network_ties"]).split(",") if kind in TIES)
    return f"Gian hàng liên kết với {int(fact['network_n_sellers']) - 1} gian hàng khác (chung {shared})"


def _network_found(fact: dict[str, Any], quote: str | None) -> str:
    return f"{_network(fact)}, trong đó {int(fact['network_n_confirmed'])} gian hàng từng có tin được xác nhận"


_SENTENCES: dict[str, Callable[[dict[str, Any], str | None], str]] = {
    "brand_disguised": _disguised,
    "price_below_peers": _below_peers,
    "price_below_genuine": _below_genuine,
    "claim_genuine_but_cheap": lambda fact, quote: "Ghi là hàng chính hãng trong khi giá thấp bất thường so với hàng chính hãng",
    "brands_stuffed": _stuffed,
    "seller_new": _new,
    "seller_many_brands": _many,
    "seller_other_signs": _other_signs,
    "seller_found_before": _found_before,
    "seller_complaints": _complaints,
    "reported_fake": _reported("hàng giả", "complaint_fake_voices"),
    "reported_scam": _reported("việc bị lừa", "complaint_scam_voices"),
    "relisted": _relisted,
    "official_text_cheap": _official_text,
    "network_found_before": _network_found,
    "network_hidden": lambda fact, quote: _network(fact),
    "seller_official": lambda fact, quote: "Sàn xác nhận là gian hàng chính hãng (giảm mức ưu tiên)",
    "model": lambda fact, quote: "Không có dấu hiệu đơn lẻ rõ rệt; mô hình học từ kết quả đã biết thấy tin giống các tin từng được xác nhận",
    "identity_missing": lambda fact, quote: "Chưa thấy mã số thuế hoặc số giấy phép (tại thời điểm thu thập)",
}
