"""A row of a complaints file to a complaint and, apart from it, whoever sent it; or back with a reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any

import pandas as pd

from features.cues import CueLexicon
from features.errors import DataError
from features.reviews import read_reviews
from pipeline.complaints.informant import Informant, comparable, informant_of, words_without
from pipeline.platforms.matching import SUBJECT_COLUMNS, match, platform_code
from pipeline.sources.headings import SUBJECT, columns_by_name, heading_key, renamed
from pipeline.sources.times import VIETNAM, moment
from pipeline.sources.values import text

HEADINGS = {
    **SUBJECT,
    "words": ("nội dung", "nội dung phản ánh", "nội dung khiếu nại", "nội dung tố cáo", "phản ánh", "mô tả", "text"),
    "said": ("hành vi", "dấu hiệu", "loại phản ánh", "loại vi phạm", "lý do", "reason"),
    "received_on": ("ngày nhận", "ngày tiếp nhận", "ngày phản ánh", "ngày gửi", "thời gian", "ngày", "received_on"),
    "answer_due_on": ("hạn trả lời", "hạn giải quyết", "ngày phải trả lời"),
    "answered_on": ("ngày trả lời", "đã trả lời ngày", "ngày giải quyết"),
    "channel": ("kênh", "kênh tiếp nhận", "nguồn", "nguồn tiếp nhận", "hình thức"),
    "informant_name": (
        "người phản ánh", "họ tên người phản ánh", "người khiếu nại", "người tố cáo", "người gửi", "họ và tên", "họ tên", "tên khách hàng",
    ),
    "informant_phone": ("điện thoại người phản ánh", "số điện thoại người phản ánh", "sđt người phản ánh", "số điện thoại", "điện thoại", "sđt"),
    "informant_email": ("email người phản ánh", "email", "thư điện tử"),
    "informant_address": ("địa chỉ người phản ánh", "địa chỉ liên hệ", "nơi ở"),
    "informant_id": ("cccd", "số cccd", "căn cước", "số căn cước", "cmnd"),
}  # fmt: skip
#: Words of a column that classifies, to the behaviours of ours that they name.
_NAMED = {
    "counterfeit": ("hanggia", "giamao", "hangnhai", "hangfake", "fake", "xamphamnhanhieu", "sohuutritue", "counterfeit", "nhanhieu"),
    "scam": ("luadao", "luadoi", "bilua", "luaban", "scam", "khonggiaohang"),
    "prohibited": ("hangcam", "camkinhdoanh", "prohibited"),
    "smuggled": ("nhaplau", "khongronguongoc", "khongroxuatxu"),
}
_EMPTY = "không có nội dung, cũng không rõ về tin hay gian hàng nào"
_UNDATED = "không có ngày tiếp nhận đọc được: thêm cột Ngày tiếp nhận hoặc ghi --received"
_FUTURE = "ngày tiếp nhận ở sau ngày nhập"


@dataclass(frozen=True)
class Read:
    """``table``: complaints without duplicates marked; ``who``: of each its informant and own words; ``answers``: of those already answered."""

    table: pd.DataFrame
    who: list[dict[str, Any]]
    answers: list[tuple[str, date]]
    returned: list[tuple[int, str]]


@dataclass(frozen=True)
class Reader:
    """What rows are read with. ``received`` stands in where a row has no day of receipt; ``today`` bounds it."""

    key: bytes
    cues: CueLexicon
    today: date
    answer_days: int
    received: date | None = None

    def read(self, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> Read:
        """Return what became of every row. Raises `DataError` where the headings name neither words nor anybody."""
        listed = list(rows)
        names = columns_by_name(dict.fromkeys(heading for _, record in listed for heading in record), HEADINGS)
        if not {"words", "url", "listing_id", "seller_id", "seller_name"} & set(names.values()):
            raise DataError(
                "complaints need a column Nội dung, or one that says whom they are about (Đường dẫn, Mã tin, Mã gian hàng, Tên gian hàng); "
                f"found {sorted({heading for _, record in listed for heading in record})[:20]}"
            )
        good, returned = [], []
        for line, record in listed:
            raw = renamed(record, names)
            cells = {name: said.strip() for name in HEADINGS if (said := text(raw.get(name)))}
            when = self._received(raw.get("received_on"))
            if not any(cells.get(name) for name in ("words", "said", *SUBJECT_COLUMNS)):
                returned.append((line, _EMPTY))
            elif when is None:
                returned.append((line, _UNDATED))
            elif when.astimezone(VIETNAM).date() > self.today:
                returned.append((line, _FUTURE))
            else:
                good.append((line, cells, raw, when))
        return self._made(good, returned)

    def _received(self, value: Any) -> datetime | None:
        found = moment(value)
        if found is not None:
            return found[0]
        return datetime.combine(self.received, datetime.min.time(), VIETNAM) if self.received else None

    def _made(self, good: list[tuple[int, dict[str, str], dict[str, Any], datetime]], returned: list[tuple[int, str]]) -> Read:
        informants = [informant_of(cells, self.key) for _, cells, _, _ in good]
        words = [words_without(cells.get("words", ""), who, self.key) for (_, cells, _, _), who in zip(good, informants, strict=True)]
        seen = read_reviews([comparable(one) for one in words], self.cues)
        subjects = self._subjects([cells for _, cells, _, _ in good])
        rows, sealed, answers = [], [], []
        for at, ((line, cells, raw, when), who) in enumerate(zip(good, informants, strict=True)):
            day = when.astimezone(VIETNAM).date()
            due = moment(raw.get("answer_due_on"))
            row = {
                **{name: _or_none(subjects[name].iat[at]) for name in ("platform", "listing_id", "seller_id", "matched_by")},
                "url": cells.get("url"),
                "seller_name": cells.get("seller_name"),
                "behaviours": _behaviours(cells.get("said", ""), bool(seen["complaint_fake"].iat[at]), bool(seen["complaint"].iat[at])),
                "words": words[at] or None,
                "text_key": int(seen["text_key"].iat[at]),
                "informant_key": who.key,
                "channel": cells.get("channel"),
                "received_on": day.isoformat(),
                "known_at": when,
                "answer_due_on": (due[0].astimezone(VIETNAM).date() if due else day + timedelta(days=self.answer_days)).isoformat(),
                "source_line": line,
            }
            row["complaint_id"] = self._identity(row)
            rows.append(row)
            sealed.append(_sealed(row["complaint_id"], who, cells))
            if (done := moment(raw.get("answered_on"))) is not None:
                answers.append((row["complaint_id"], done[0].astimezone(VIETNAM).date()))
        return Read(pd.DataFrame(rows), sealed, answers, returned)

    def _subjects(self, cells: list[dict[str, str]]) -> pd.DataFrame:
        told = pd.DataFrame([{name: one.get(name) for name in SUBJECT_COLUMNS} for one in cells], columns=SUBJECT_COLUMNS, dtype="object")
        told["platform"] = [platform_code(said) if isinstance(said, str) else None for said in told["platform"]]
        return match(told)

    def _identity(self, row: Mapping[str, Any]) -> str:
        same = ("platform", "url", "listing_id", "seller_id", "seller_name", "text_key", "informant_key", "received_on")
        return blake2b(repr([row[name] for name in same]).encode(), key=self.key[:64], digest_size=8).hexdigest()


def _sealed(identity: str, who: Informant, cells: Mapping[str, str]) -> dict[str, Any]:
    return {"complaint_id": identity, "informant_key": who.key, **who.told, "own_words": cells.get("words", "")}


def _behaviours(said: str, fake: bool, complains: bool) -> str | None:
    """By the column that classifies; where there is none by what the words complain of, read as carefully as reviews are."""
    named = heading_key(said) if said else ""
    found = [name for name, words in _NAMED.items() if any(word in named for word in words)]
    if not found:
        found = ["counterfeit"] if fake else ["scam"] if complains else []
    return ",".join(found) or None


def _or_none(value: Any) -> Any:
    return value if isinstance(value, str) else None
