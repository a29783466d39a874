"""In which queue a target waits, under whose lead: an address that a person entered, the platform to be asked, or another authority's business."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from pipeline.law import REFER, Law
from pipeline.planning.places import NOWHERE, Place, Places, supporting
from pipeline.tables.targets import QUEUE_ADDRESS, QUEUE_PLATFORM, QUEUE_REFER

LOCATION_CONFIDENCE = "thấp: nơi gửi hàng hiển thị, không phải địa chỉ kinh doanh"
SOCIAL, ABROAD = "mang_xa_hoi", "nuoc_ngoai"


@dataclass(frozen=True)
class Router:
    """What routing goes by: places of the day, law, ``addresses`` (`pipeline.tables.planning_inputs`) and ``configs/reference/platforms.csv``."""

    places: Places
    law: Law
    addresses: pd.DataFrame
    platforms: pd.DataFrame

    @cached_property
    def _kinds(self) -> dict[str, str]:
        return dict(zip(self.platforms["platform"], self.platforms["kind"], strict=True))

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        """Rows of addresses by seller's key, as the crawl may write it, the latest last."""
        known: dict[str, list[int]] = {}
        for at in self.addresses["ngay_xac_minh"].sort_values(kind="stable").index:
            row = self.addresses.loc[at]
            if row["ngay_xac_minh"] <= self.places.as_of:
                for key in seller_keys(row["san"], row["ma_nguoi_ban"]):
                    known.setdefault(key, []).append(at)
        return known

    def route(self, subjects: pd.DataFrame, flagged: pd.DataFrame) -> pd.DataFrame:
        """Return ``authority, authority_code, abbreviation, area, don_vi_chu_tri, don_vi_phoi_hop, team, location_confidence, queue, referrals``.

        ``subjects`` (index: subject) has ``members, location, platform, behaviour, goods_group``; ``flagged`` the listings with signs, whose
        displayed places say which other authorities a network concerns.
        """
        seen = flagged.drop_duplicates(["subject", "location"])[["subject", "location"]].dropna()
        where = {text: self.places.of(text) for text in pd.unique(seen["location"])}
        others: dict[str, list[Place]] = {}
        for subject, text in zip(seen["subject"], seen["location"], strict=True):
            others.setdefault(subject, []).append(where[text])
        rows = [self._row(one, others.get(str(one.Index), [])) for one in subjects.itertuples()]
        return pd.DataFrame(rows, index=subjects.index, columns=_COLUMNS)

    def _row(self, one: Any, seen: list[Place]) -> tuple:
        members, location = one.members, one.location
        found = [self.addresses.loc[at] for key in members for at in self._known.get(key, [])[-1:]]
        # Where several shops' addresses are known the one confirmed last is where to go.
        address = max(found, key=lambda row: row["ngay_xac_minh"]) if found else None
        if address is None:
            lead = self.places.of(location)
            place, team, area = (LOCATION_CONFIDENCE if isinstance(location, str) else None), None, lead.area
        else:
            lead = self.places.of_code(address["don_vi"])
            place = f"địa chỉ ghi nhận ngày {address['ngay_xac_minh']:%d/%m/%Y}: {address['nguon']}"
            team, area = address["doi"], address["dia_ban"] or lead.area
        helping = supporting([*seen, *(self.places.of_code(row["don_vi"]) for row in found)], lead)
        referrals = self._referrals(one)
        queue = QUEUE_REFER if referrals else QUEUE_PLATFORM if address is None else QUEUE_ADDRESS
        led = None if lead is NOWHERE else lead.name
        return lead.name, lead.code, lead.abbreviation, area, led, helping, team, place, queue, referrals

    def _referrals(self, one: Any) -> list[str]:
        kind = self._kinds.get(one.platform)
        found = self.law.referral(
            one.behaviour,
            as_of=self.places.as_of,
            goods_group=one.goods_group if isinstance(one.goods_group, str) else None,
            cross_border=kind == ABROAD,
            social_page=kind == SOCIAL,
        )
        # Before the table's rules begin, deceit still is nobody's visit.
        rule = [f"{REFER}: Công an tỉnh (dấu hiệu lừa dối người mua)"] if one.behaviour == "scam" else []
        return [str(one) for one in found] or rule


_COLUMNS = [
    "authority", "authority_code", "abbreviation", "area", "don_vi_chu_tri", "don_vi_phoi_hop", "team", "location_confidence", "queue", "referrals",
]  # fmt: skip


def seller_keys(platform: str, seller: str) -> tuple[str, str]:
    """Return the keys under which a seller named by a person may stand in a crawl: by id, or by the name it shows."""
    return f"{platform}|id|{seller}", f"{platform}|name|{seller}"


