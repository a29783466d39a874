"""What planners write decides: addresses, capacity by week and team, quotas, floors, campaigns, holds, past inspections; and what changed is said."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError, DataError
from models.seller_calibration import SellerCalibration
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.law import load_law
from pipeline.planning.inputs import no_inputs, read_inputs
from pipeline.planning.places import NOWHERE, places_on
from pipeline.planning.pool import Pool, seller_probabilities
from pipeline.planning.queues import Router
from pipeline.planning.speak import main_reasons, only_look_alike
from pipeline.planning.weights import plan_tables
from pipeline.reference import load_reference
from pipeline.sources.mapping import load_mappings
from pipeline.stages.choose import choose
from pipeline.stages.judge import judge
from pipeline.stages.plan import Plan
from pipeline.stages.take_in import take_in
from pipeline.tables.capacity import in_week, read_capacity

PLATFORM_QUEUE, ADDRESS_QUEUE = "Chưa có địa chỉ – yêu cầu sàn cung cấp", "Đủ địa chỉ – có thể xác minh tại chỗ"
AS_OF = date(2026, 11, 24)
SHOE, CREAM = "Giày Nike N.I.K.E rep 1:1 full box bill", "Kem dưỡng da Estee Lauder super fake loại 1"
COLUMNS = ["sàn", "mã tin", "tiêu đề", "ngày thu thập", "giá bán", "mã gian hàng", "tên gian hàng", "nơi gửi", "đã bán"]
#: (platform, seller, title, place, sold)
OFFERS = [
    *(("shopee", f"HN{n}", SHOE, "Hà Nội", 10 * n) for n in range(14)),
    ("shopee", "KEM", CREAM, "Hà Nội", 0),
    ("shopee", "LD", SHOE, "Lâm Đồng", 5000), ("shopee", "DN", SHOE, "Đắk Nông", 0),
    ("shopee", "GUC", "Túi xách nữ Gucci Marmont super fake loại 1", "Hà Nội", 0), ("facebook", "FB", SHOE, "Hà Nội", 0),
]  # fmt: skip


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crawl of few sellers, scored once; each test plans on it."""
    folder = tmp_path_factory.mktemp("rules")
    with (folder / "crawl.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for n, (platform, seller, title, place, sold) in enumerate(OFFERS):
            writer.writerow([platform, f"T{n}", title, "2026-11-20", "250.000", seller, f"Gian {seller}", place, sold])
    take_in([folder / "crawl.csv"], out=folder, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
    judge(folder, config=load_run_config())
    return folder


@pytest.fixture
def planned(scored: Path, tmp_path: Path) -> Callable[..., Plan]:
    """A function that plans with input files given as text, and settings changed."""

    def go(as_of: date = AS_OF, changed: dict[str, object] | None = None, **files: str) -> Plan:
        inputs = tmp_path / "inputs"
        inputs.mkdir(exist_ok=True)
        for name, text in files.items():
            (inputs / f"{name}.csv").write_text(text, encoding="utf-8")
        config = load_run_config()
        settings = config.plan.model_copy(update={"inputs": inputs, "issued": tmp_path / "issued", **(changed or {})})
        return choose(scored, config=config.model_copy(update={"plan": settings}), as_of=as_of)[0]

    return go


def by_seller(plan: Plan) -> pd.DataFrame:
    return plan.targets.set_index("seller_id")


def test_the_harm_of_a_target_is_the_product_of_the_factors_it_shows(planned: Callable[..., Plan]) -> None:
    targets = planned().targets
    product = targets[[name for name in targets if name.startswith("factor_")]].prod(axis=1)
    assert targets["harm"].tolist() == pytest.approx(product.tolist(), abs=1e-5) and targets["harm_note"].str.contains("×").all()


def test_health_goes_first_and_reach_never_makes_anyone_likelier(planned: Callable[..., Plan]) -> None:
    targets = by_seller(planned())
    assert targets.loc["KEM", "factor_health"] == 1.6 and targets.loc["HN13", "factor_health"] == 1.0
    assert targets.loc["HN13", "factor_reach"] > targets.loc["HN0", "factor_reach"] == 1.0
    assert targets.loc["HN13", "factor_likelihood"] == targets.loc["HN0", "factor_likelihood"]


def test_a_ship_from_place_is_no_address_and_never_names_a_team(planned: Callable[..., Plan]) -> None:
    targets = planned().targets
    assert ADDRESS_QUEUE not in set(targets["queue"]) and targets["team"].isna().all()


def test_only_an_address_that_a_person_entered_leads_to_a_look_on_site(planned: Callable[..., Plan]) -> None:
    text = "san,ma_nguoi_ban,don_vi,doi,dia_ban,nguon,ngay_xac_minh\nshopee,HN3,AG,Đội số 2,,sàn cung cấp,20/11/2026\n"
    targets = by_seller(planned(addresses=text))
    row = targets.loc["HN3"]
    assert row["queue"] == ADDRESS_QUEUE and row["team"] == "Đội số 2" and row["code"].startswith("AG-")
    assert row["location_confidence"] == "địa chỉ ghi nhận ngày 20/11/2026: sàn cung cấp"
    assert any("Hà Nội" in name for name in row["don_vi_phoi_hop"]) and targets.drop("HN3")["queue"].ne(ADDRESS_QUEUE).all()


def test_an_address_found_after_the_lists_day_is_not_known_yet(planned: Callable[..., Plan]) -> None:
    text = "san,ma_nguoi_ban,don_vi,nguon,ngay_xac_minh\nshopee,HN3,AG,sàn cung cấp,2026-11-25\n"
    assert by_seller(planned(addresses=text)).loc["HN3", "queue"] == PLATFORM_QUEUE


@pytest.mark.parametrize(
    ("behaviour", "platform", "goods", "agency"),
    [
        ("scam", "shopee", None, "Công an tỉnh"), ("false_quality", "shopee", "thuốc", "Sở Y tế"), ("counterfeit", "taobao", None, "Sở KH&CN"),
        ("counterfeit", "shopee", None, None), ("false_quality", "shopee", "mỹ phẩm", None),
    ],
)  # fmt: skip
def test_what_is_another_authoritys_is_referred_and_the_rest_is_not(behaviour: str, platform: str, goods: str | None, agency: str | None) -> None:
    places, tables = places_on(AS_OF, load_reference().provinces), plan_tables(AS_OF)
    one = {"behaviour": behaviour, "platform": platform, "goods_group": goods, "location": "Hà Nội", "members": []}
    router = Router(places, load_law(), no_inputs().addresses, tables.platforms)
    found = router.route(pd.DataFrame([one], index=["s"]), pd.DataFrame({"subject": ["s"], "location": ["Hà Nội"]})).iloc[0]
    assert (found["queue"] == "Xem xét chuyển cơ quan khác") == (agency is not None)
    assert agency is None or agency in found["referrals"][0]


def test_the_authority_is_that_of_the_day_and_its_code_bears_the_scheme() -> None:
    provinces = load_reference().provinces
    old, new, before = (places_on(day, provinces).of("Hà Giang") for day in (date(2025, 6, 30), AS_OF, date(2017, 1, 1)))
    assert (old.code, old.abbreviation) == ("legacy63:02", "C02") and (new.code, new.abbreviation) == ("current34:08", "TQ")
    assert new.area == "Tỉnh Hà Giang" and before == NOWHERE


def test_a_sellers_probability_comes_from_all_its_listings_and_is_missing_where_the_model_is_silent_on_one_with_signs() -> None:
    rows = pd.DataFrame({"subject": ["a", "a", "b", "b"], "points": [3.0, 0, 3, 0]})
    for part, values in (("", [0.8, 0.1, np.nan, 0.1]), ("_low", [0.6, 0.05, np.nan, 0.05]), ("_high", [0.9, 0.2, np.nan, 0.2])):
        rows[f"probability{part}_counterfeit"] = values
    model = SellerCalibration(1.0, 0.0, 0.0, 0.1)
    found = seller_probabilities(Pool(rows, rows[rows["points"].gt(0)], rows.iloc[:0]), {"counterfeit": model})
    # Weighted log-odds of the two listings, strongest first: (0.6 logit 0.8 + 0.25 logit 0.1) / 0.85.
    log_odds = (0.6 * math.log(0.8 / 0.2) + 0.25 * math.log(0.1 / 0.9)) / 0.85
    assert found.loc["a", ("counterfeit", "probability")] == pytest.approx(1 / (1 + math.exp(-log_odds)))
    assert list(found.index) == ["a"] and found.loc["a", ("counterfeit", "low")] < found.loc["a", ("counterfeit", "high")]


def test_every_target_has_one_sentence_that_quotes_it_or_is_marked_as_not_explainable(planned: Callable[..., Plan]) -> None:
    targets = planned().targets
    assert targets["explainable"].equals(targets["main_reason"].notna())
    said = targets.loc[targets["explainable"], "main_reason"]
    assert len(said) and (said.str.contains("“", regex=False) | said.str.startswith("Giá ")).all()


def test_for_a_mark_that_only_looks_alike_no_more_than_its_owner_is_proposed() -> None:
    spoken = pd.DataFrame(
        [("a", "brand_disguised", "counterfeit"), ("a", "price_below_genuine", "counterfeit"), ("a", "cue.zalo", "scam"),
         ("b", "brand_disguised", "counterfeit"), ("b", "cue.super_fake", "counterfeit")],
        columns=["subject", "sign_id", "behaviour"],
    )  # fmt: skip
    assert only_look_alike(spoken) == {"a"}


def test_alerts_are_proposed_for_clear_signs_on_goods_that_can_hurt_only(planned: Callable[..., Plan]) -> None:
    targets = by_seller(planned(changed={"alert_health": 1.0, "alerts_a_week": 3}))
    assert targets.index[targets["urgent"]].tolist() == ["GUC"] and not by_seller(planned())["urgent"].any()


def test_social_pages_are_referred_and_take_no_place(planned: Callable[..., Plan]) -> None:
    targets = by_seller(planned(capacity="don_vi,so_luot_kiem_tra,so_luot_xac_minh\nHN,0,3\n"))
    assert targets.loc["FB", "queue"] == "Xem xét chuyển cơ quan khác" and targets.loc["FB", "standing"] == "Chuyển cơ quan khác"
    assert targets.loc["FB", "action"] == "Xem xét chuyển cơ quan khác" and "Công an tỉnh" in targets.loc["FB", "referrals"][0]
    hanoi = targets[targets["authority"].str.contains("Hà Nội")]
    assert hanoi["standing"].eq("Chính thức").sum() == 3 and set(targets["queue"]) >= {PLATFORM_QUEUE}


def test_teams_add_up_and_a_weeks_own_row_goes_before_the_general_one(tmp_path: Path) -> None:
    path = tmp_path / "capacity.csv"
    head = "don_vi,doi,tuan,so_luot_kiem_tra,so_luot_xac_minh\n"
    path.write_text(f"{head}HN,Đội 1,,1,2\nHN,Đội 2,,3,4\nHN,Đội 2,48/2026,0,1\ncurrent34:91,,2026-W49,9,9\n", encoding="utf-8")
    table = read_capacity(path)
    assert in_week(table, AS_OF).loc["current34:01"].tolist() == [1, 3] and in_week(table, date(2026, 12, 1)).loc["current34:01"].tolist() == [4, 6]
    assert "current34:91" not in in_week(table, AS_OF).index


def test_a_former_authoritys_capacity_is_its_successors(planned: Callable[..., Plan]) -> None:
    text = "don_vi,so_luot_kiem_tra,so_luot_xac_minh\nlegacy63:67,0,1\nLD,0,0\n"
    targets = by_seller(planned(capacity=text, changed={"remote_floor": 0}))
    # Đắk Nông lies in Lâm Đồng now: one place for both, and the one with more reach takes it.
    assert targets.loc["LD", "standing"] == "Chính thức" and targets.loc["DN", "standing"] == "Dự bị"


def test_a_remote_area_has_its_place_and_its_price_is_printed(planned: Callable[..., Plan]) -> None:
    plan = planned(capacity="don_vi,so_luot_kiem_tra,so_luot_xac_minh\nLD,0,1\n")
    targets, prices = by_seller(plan), plan.prices.set_index("name")
    assert targets.loc["DN", "standing"] == "Chính thức" and targets.loc["LD", "standing"] == "Dự bị"
    lost = targets.loc["LD", "harm"] - targets.loc["DN", "harm"]
    assert prices.loc["Địa bàn Tỉnh Đắk Nông", "price"] == pytest.approx(lost, abs=1e-4) and lost > 0


def test_quotas_and_ceilings_hold_by_goods(planned: Callable[..., Plan]) -> None:
    quotas = "don_vi,nhom_hang,toi_thieu,toi_da\nHN,giày dép,,4\n,mỹ phẩm,1,\n"
    targets = planned(quotas=quotas).targets
    hanoi = targets[targets["authority"].str.contains("Hà Nội") & targets["standing"].eq("Chính thức")]
    assert hanoi["goods"].eq("giày dép").sum() == 4 and hanoi["goods"].eq("mỹ phẩm").sum() == 1


def test_a_campaign_raises_its_goods_within_its_days_only(planned: Callable[..., Plan]) -> None:
    text = "ten,nhan_hieu,tu_ngay,den_ngay,he_so,toi_thieu\nMùa lạnh,nike,2026-11-23,2026-11-24,3,1\n"
    inside = by_seller(planned(campaigns=text)).loc["HN0"]
    assert inside["factor_campaign"] == 3.0 and "chuyên đề 3,00 (Mùa lạnh)" in inside["harm_note"]
    assert by_seller(planned(as_of=date(2026, 11, 25), campaigns=text)).loc["HN0", "factor_campaign"] == 1.0


def test_who_is_snoozed_stays_in_sight_with_reason_and_comes_back_after_the_day(planned: Callable[..., Plan]) -> None:
    text = "san,ma_nguoi_ban,nhan_hieu,ly_do,den_ngay\nshopee,HN13,,đang làm việc với sàn,24/11/2026\n"
    held = by_seller(planned(snooze=text)).loc["HN13"]
    assert held["standing"] == "Tạm hoãn" and held["warnings"] == ["Tạm hoãn (gian hàng) đến hết ngày 24/11/2026: đang làm việc với sàn"]
    assert by_seller(planned(as_of=date(2026, 11, 25), snooze=text)).loc["HN13", "standing"] == "Chính thức"


def test_a_brand_is_snoozed_where_it_is_the_only_one_named(planned: Callable[..., Plan]) -> None:
    targets = by_seller(planned(snooze="san,ma_nguoi_ban,nhan_hieu,ly_do,den_ngay\n,,NIKE,chờ chủ thể quyền,2026-12-01\n"))
    assert targets.loc["HN0", "standing"] == "Tạm hoãn" and targets.loc["KEM", "standing"] == "Chính thức"


def test_looked_at_this_year_is_a_warning_and_recently_a_hold_unless_clear_signs_came_later(planned: Callable[..., Plan]) -> None:
    head = "san,ma_nguoi_ban,ngay,ket_qua\n"
    recent = by_seller(planned(inspections=f"{head}shopee,HN13,2026-11-22,chưa phát hiện\n")).loc["HN13"]
    assert recent["standing"] == "Tạm hoãn" and "Nghị quyết 198/2025/QH15" in recent["warnings"][0]
    assert recent["warnings"][1] == "Tạm hoãn cho đến khi thu thập được dấu hiệu mới sau lần kiểm tra đó"
    later = by_seller(planned(inspections=f"{head}shopee,GUC,2026-11-10,\n")).loc["GUC"]
    assert later["level"] == "Ưu tiên 1" and later["standing"] == "Chính thức"
    assert later["warnings"][-1].startswith("Có dấu hiệu rõ thu thập sau lần kiểm tra")
    thin = by_seller(planned(inspections=f"{head}shopee,KEM,2026-11-10,\n")).loc["KEM"]
    assert thin["level"] == "Ưu tiên 2" and thin["standing"] == "Tạm hoãn" and "08/12/2026" in thin["warnings"][1]
    assert by_seller(planned(inspections=f"{head}shopee,HN13,2026-02-10,\n")).loc["HN13", "warnings"][0].startswith("Đã được kiểm tra trong năm 2026")
    assert "trong năm" not in by_seller(planned(inspections=f"{head}shopee,HN13,2025-11-10,\n")).loc["HN13", "warnings"][0]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("quotas", "nhom_hang,toi_da\ngiầy,1\n", "quotas.csv, line 2: unknown goods group 'giầy'"),
        ("quotas", "nhom_hang,toi_thieu,toi_da\ngiày dép,3,1\n", "toi_thieu 3 is above toi_da 1"),
        ("snooze", "san,ma_nguoi_ban,nhan_hieu,ly_do,den_ngay\nshopee,,,x,2026-12-01\n", "line 2: name a seller"),
        ("snooze", "ma_nguoi_ban,ly_do,den_ngay\nA,x,hôm nay\n", "line 2: den_ngay must be a day"),
        ("inspections", "san,ma_nguoi_ban\nshopee,A\n", "lacks the columns ['ngay']"),
        ("capacity", "don_vi,tuan,so_luot_kiem_tra,so_luot_xac_minh\nHN,tuần này,1,1\n", "is no week"),
        ("campaigns", "ten,tu_ngay,den_ngay\nA,2026-12-02,2026-12-01\n", "lies before tu_ngay"),
        ("quota", "a\n1\n", "no plan reads quota.csv"),
    ],
)
def test_a_wrong_cell_is_named_by_file_and_line(name: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_inputs(tmp_path)
    assert words in str(error.value)


def test_articles_go_by_the_day_seen_and_no_fine_is_ever_told(planned: Callable[..., Plan]) -> None:
    notes = by_seller(planned()).loc["HN0", "legal_notes"]
    assert any("20/11/2028" in note and "Còn hiển thị tại lần thu thập 20/11/2026" in note for note in notes)
    assert not any("Khung phạt" in note for note in notes)


def test_unknown_origin_is_not_called_smuggled(planned: Callable[..., Plan]) -> None:
    assert not planned().targets["signs"].str.contains("nhập lậu hoặc").any()


def test_nothing_captured_by_the_day_is_an_error_that_says_so(planned: Callable[..., Plan]) -> None:
    with pytest.raises(DataError, match="no listing was captured up to 2026-11-19"):
        planned(as_of=date(2026, 11, 19))


def test_the_same_plan_twice_is_the_same_bytes(planned: Callable[..., Plan], scored: Path) -> None:
    kept = []
    for _ in range(2):
        planned()
        kept.append([(scored / "work" / name).read_bytes() for name in ("targets.parquet", "target_listings.parquet", "left.parquet", "plan.json")])
    assert kept[0] == kept[1]


def test_no_sentence_of_a_plan_says_that_anyone_broke_the_law(planned: Callable[..., Plan]) -> None:
    targets = planned(inspections="san,ma_nguoi_ban,ngay\nshopee,HN13,2026-11-22\n").targets
    texts = targets.astype("object").map(str).to_numpy().ravel()
    assert not [text for text in texts if "vi phạm" in text.lower()]


def said(subject: str, sign: str, behaviour: str, text: str, points: float) -> dict[str, object]:
    quote = "…" if "“" in text else None
    return {"subject": subject, "sign_id": sign, "behaviour": behaviour, "text": text, "points": points, "quote": quote}


def test_a_quoted_word_that_says_far_less_than_the_price_does_not_lead() -> None:
    rows = [
        said("ít", "price_below_genuine", "counterfeit", "Giá 159.000 đ, bằng khoảng 3 %", 2.0),
        said("ít", "cue.fullbox", "counterfeit", "Tiêu đề ghi “Fullbox”", 0.3),
        said("nhiều", "price_below_genuine", "counterfeit", "Giá 159.000 đ, bằng khoảng 3 %", 2.0),
        said("nhiều", "cue.rep", "counterfeit", "Tiêu đề ghi “rep 1:1”", 1.5),
    ]
    found = pd.Series({"ít": ["counterfeit"], "nhiều": ["counterfeit"]})
    assert main_reasons(pd.DataFrame(rows), found).to_dict() == {"ít": "Giá 159.000 đ, bằng khoảng 3 %", "nhiều": "Tiêu đề ghi “rep 1:1”"}


def test_the_main_reason_speaks_for_the_sign_that_stands_beside_it() -> None:
    rows = [
        said("s", "cue.ngoai_san", "scam", "Mô tả ghi “Mua ngoài sàn”", 2.0),
        said("s", "price_below_peers", "counterfeit", "Giá 45.855.000 đ, rẻ hơn 87 %", 1.5),
        said("chỉ lừa", "cue.ngoai_san", "scam", "Mô tả ghi “Mua ngoài sàn”", 2.0),
    ]
    found = pd.Series({"s": ["counterfeit", "scam"], "chỉ lừa": ["counterfeit"]})
    assert main_reasons(pd.DataFrame(rows), found).to_dict() == {"s": "Giá 45.855.000 đ, rẻ hơn 87 %", "chỉ lừa": "Mô tả ghi “Mua ngoài sàn”"}
