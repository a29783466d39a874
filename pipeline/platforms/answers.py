"""What a platform wrote into the list that came back: one seller a row, headings read tolerantly, every row accounted for.

A row is taken, or returned with a reason in words, or untouched: nothing was filled in. What is personal stays in `Answer.private`; only
hashes, masks and the province leave this module otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

from features.canonical import canonicalise
from features.errors import DataError
from features.fold import plain
from pipeline.authorities import Authorities, Authority
from pipeline.platforms.registry import Registry
from pipeline.sources.headings import SUBJECT, columns_by_name, renamed
from pipeline.sources.phones import mask, phone_key
from pipeline.sources.values import text

HEADINGS = {
    **{name: SUBJECT[name] for name in ("platform", "seller_id", "seller_name", "listing_id")},
    "code": ("mã dòng", "mã dòng danh sách", "code"),
    "name": ("tên người bán / cơ sở", "tên người bán", "họ tên", "họ và tên", "chủ gian hàng", "tên cơ sở", "tên doanh nghiệp", "tên đơn vị", "name"),
    "tax_code": ("mã số thuế", "mst", "tax code", "mã số doanh nghiệp", "mã số thuế cá nhân"),
    "registration": (
        "số đăng ký kinh doanh", "đkkd", "giấy phép kinh doanh", "số gcn đkkd", "gpkd", "số giấy chứng nhận đăng ký", "giấy đăng ký kinh doanh",
        "business registration",
    ),
    "address": ("địa chỉ", "địa chỉ kinh doanh", "địa chỉ đăng ký", "địa chỉ trụ sở", "địa chỉ kho", "địa chỉ lấy hàng", "address"),
    "phone": ("điện thoại", "số điện thoại", "sđt", "đt", "phone", "mobile"),
    "email": ("email", "thư điện tử", "e-mail"),
    "shop_status": ("tình trạng gian hàng", "trạng thái", "status"),
    "note": ("ghi chú", "note", "lý do"),
}  # fmt: skip
_FILLED = ("name", "tax_code", "registration", "address", "phone", "email")
_ABROAD_WORD = ("viet nam", "vietnam", "vn")
TAKEN, RETURNED, UNTOUCHED = "taken", "returned", "untouched"


@dataclass(frozen=True)
class Answer:
    """One row: its ``fate`` with the ``reason`` in Vietnamese; of a taken one ``row`` for the table and ``private`` for the file apart."""

    line: int
    fate: str
    reason: str
    row: dict[str, Any]
    private: dict[str, Any]


@dataclass(frozen=True)
class AnswerReader:
    """What answers are read with; ``platform`` is whose file it is, where the file does not say."""

    key: bytes
    registry: Registry
    authorities: Authorities
    received: date
    platform: str | None = None

    def read(self, records: Iterable[tuple[int, Mapping[str, Any]]]) -> list[Answer]:
        """Return every row's fate, in order. Raises `DataError` where the headings name no shop, or nothing that was asked for."""
        listed = list(records)
        names = columns_by_name(dict.fromkeys(heading for _, record in listed for heading in record), HEADINGS)
        if not {"seller_id", "seller_name"} & set(names.values()) or not set(_FILLED) & set(names.values()):
            raise DataError(
                "the file needs a column that names the shop (Mã gian hàng or Tên gian hàng) and at least one of Địa chỉ, Mã số thuế, Điện thoại …; "
                f"found {sorted({heading for _, record in listed for heading in record})[:20]}"
            )
        return [self._answer(line, renamed(record, names)) for line, record in listed]

    def _answer(self, line: int, cells: Mapping[str, Any]) -> Answer:
        said = {name: (text(cells.get(name)) or "").strip() for name in HEADINGS}
        if not any(said[name] for name in _FILLED):
            return Answer(line, UNTOUCHED, said["note"] or "sàn chưa điền thông tin", {}, {})
        platform = self._platform(said["platform"])
        if platform is None:
            return Answer(line, RETURNED, "không rõ của sàn nào: thêm cột Sàn hoặc ghi --platform", {}, {})
        if not said["seller_id"] and not said["seller_name"]:
            return Answer(line, RETURNED, "không có mã hoặc tên gian hàng", {}, {})
        found = self.place_of(said["address"])
        row = {
            "platform": platform,
            "seller_id": said["seller_id"] or None,
            "seller_name": said["seller_name"] or None,
            "has_address": bool(said["address"]),
            "authority": found.name_vi if found else None,
            "authority_code": found.full_code if found else None,
            "province": found.province if found else None,
            "tax_code_masked": masked_code(said["tax_code"]) if said["tax_code"] else None,
            "tax_key": self._hash("tax", re.sub(r"\D", "", said["tax_code"])),
            "name_key": self._hash("name", _bare(said["name"])),
            "contact_keys": self._contacts(said["phone"]),
            "has_registration": bool(said["registration"]),
            "answered_on": self.received.isoformat(),
        }
        content = {"platform": platform, **{name: said[name] for name in ("seller_id", "seller_name", "code", *_FILLED, "shop_status", "note")}}
        row["record_id"] = blake2b(repr(sorted(content.items())).encode(), key=self.key[:64], digest_size=8).hexdigest()
        reason = "" if found or not said["address"] else "chưa đọc được tỉnh, thành phố từ địa chỉ: cần người ghi đơn vị"
        return Answer(line, TAKEN, reason, row, {"record_id": row["record_id"], **content})

    def place_of(self, address: str) -> Authority | None:
        """Return in whose area an address lies, read from its last part that names a province; ``None`` where none does."""
        pieces = [piece.strip(" .") for piece in re.split(r"[,;\n]| - ", address) if piece.strip(" .0123456789")]
        for piece in reversed(pieces[-3:]):
            if _bare(piece) in _ABROAD_WORD:
                continue
            # Only the end of an address names its province; before it stand streets that bear other provinces' names.
            return self.authorities.of(piece, self.received)
        return None

    def _platform(self, said: str) -> str | None:
        told = said or self.platform or ""
        for one in self.registry.platforms:
            if _bare(told) in (_bare(one.code), _bare(one.name_vi), *map(_bare, one.domains)):
                return one.code
        return told.lower() or None

    def _hash(self, kind: str, value: str) -> str | None:
        return blake2b(f"{kind}|{value}".encode(), key=self.key[:64], digest_size=8).hexdigest() if value else None

    def _contacts(self, said: str) -> str | None:
        whole = phone_key(said, self.key)
        keys = [whole] if whole else mask(said, self.key)[1]
        return ";".join(dict.fromkeys(keys)) or None


def masked_code(code: str) -> str:
    """Return a tax code with all digits but the last three as x.

    >>> masked_code("012345678901")
    'xxxxxxxxx901'
    """
    places = [place for place, character in enumerate(code) if character.isdigit()][:-3]
    return "".join("x" if place in places else character for place, character in enumerate(code))


def _bare(value: str) -> str:
    return " ".join(plain(canonicalise(value).folded).split())
