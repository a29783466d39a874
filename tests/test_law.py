"""The law by date: never a citation that no table row carries, never a figure that the data do not give, and what was not read in full says so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from pipeline.law import CONSIDER, NO_BASIS, NOT_ENOUGH, REFER, UNVERIFIED, basis_values, cite, load_law
from pipeline.law.tables import read_tables

LAW = load_law()
TABLES = read_tables()
TODAY = date(2026, 11, 24)
MILLION = 1_000_000
BEHAVIOURS = ("counterfeit", "scam", "prohibited", "false_quality", "smuggled", "undisclosed")
CODES = ("CF.A", "CF.B", "CF.C", "CF.D", "CF.E", "CF.F", "IP.CF", "IP.STAMP", "IP.INF", "IP.UNF", "SMG", "UNK", "EXP", "BAN", "COND", "EC.ADV",
         "EC.COND", "EC.INFO", "EC.REG", "EC.PLAT", "FR.PRM", "FR.DEC", "LBL", "ADV", "REG")  # fmt: skip
GROUPS = (None, "mỹ phẩm", "nước hoa", "thuốc", "sữa", "thời trang", "thuốc lá, TLĐT", "rượu, bia", "vật tư nông nghiệp")


def articles(code: str, act: date, as_of: date = TODAY) -> str:
    return cite(LAW.citations(code, act_date=act, as_of=as_of))


# Names of signs


def test_signs_bear_the_names_agreed_on() -> None:
    assert {name: LAW.display_names(name) for name in BEHAVIOURS} == {
        "counterfeit": ("Dấu hiệu chào bán hàng giả mạo nhãn hiệu",),
        "scam": ("Dấu hiệu lừa dối người mua",),
        "prohibited": ("Dấu hiệu chào bán hàng cấm",),
        "false_quality": ("Cần kiểm nghiệm chất lượng, công dụng",),
        "smuggled": ("Dấu hiệu hàng nhập lậu", "Chưa rõ nguồn gốc, xuất xứ"),
        "undisclosed": ("Chưa thấy thông tin bắt buộc (tại thời điểm thu thập)",),
    }


def test_a_licence_not_seen_is_not_called_prohibited_goods() -> None:
    assert LAW.display_names("COND") == ("Chưa thấy thông tin bắt buộc (tại thời điểm thu thập)",)


def test_an_unknown_behaviour_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"no behaviour of the law tables; known:.*counterfeit"):
        LAW.codes("hàng giả")


# Citations


def test_the_article_is_that_of_the_day_of_the_act() -> None:
    assert articles("UNK", date(2025, 2, 20)).startswith("điểm c khoản 1 Điều 17")
    assert articles("UNK", date(2025, 2, 21)).startswith("điểm a khoản 1 Điều 17")


def test_an_instrument_is_named_with_the_amendments_of_the_day_of_the_act() -> None:
    amended = {
        date(2021, 12, 31): "Điều 12 Nghị định 99/2013/NĐ-CP (chưa",
        date(2022, 1, 1): "(sửa đổi, bổ sung bởi Nghị định 126/2021/NĐ-CP)",
        date(2024, 7, 1): "Nghị định 126/2021/NĐ-CP, Nghị định 46/2024/NĐ-CP)",
        date(2026, 7, 14): "Nghị định 126/2021/NĐ-CP, Nghị định 46/2024/NĐ-CP)",
        date(2026, 7, 15): "Nghị định 46/2024/NĐ-CP, Nghị định 186/2026/NĐ-CP)",
    }
    for day, words in amended.items():
        assert words in articles("IP.CF", day), day


def test_a_rule_repealed_since_the_act_is_flagged_as_possibly_milder_now() -> None:
    act = LAW.citations("EXP", act_date=date(2025, 2, 20), as_of=TODAY)
    assert act and all(one.favourable and "đã bị bãi bỏ (Nghị định 24/2025/NĐ-CP)" in str(one) and "có lợi" in str(one) for one in act)


def test_a_rule_rewritten_without_change_is_said_but_not_flagged_as_milder() -> None:
    (rewritten,) = LAW.citations("UNK", act_date=date(2024, 5, 5), as_of=TODAY)
    assert "được viết lại" in rewritten.note_vi and not rewritten.favourable


def test_a_rule_still_standing_on_the_list_date_carries_no_note() -> None:
    (then,) = LAW.citations("UNK", act_date=date(2024, 5, 5), as_of=date(2025, 2, 20))
    assert then.note_vi == "" and not then.favourable


@pytest.mark.parametrize(
    ("code", "act"), [("EXP", date(2025, 2, 21)), ("SMG", date(2020, 10, 14)), ("EC.PLAT", date(2019, 1, 1)), ("IP.CF", date(2005, 1, 1))]
)
def test_without_a_row_for_the_day_there_is_no_citation(code: str, act: date) -> None:
    assert LAW.citations(code, act_date=act, as_of=TODAY) == [] and articles(code, act) == NO_BASIS == "chưa có căn cứ trong bảng"
    assert LAW.fine_range(code, act_date=act, basis_values={"goods_value": 9 * MILLION}).text_vi == NO_BASIS


@given(st.sampled_from(CODES), st.dates(date(2000, 1, 1), TODAY))
def test_every_citation_stands_in_the_table_for_that_day(code: str, act: date) -> None:
    rows = TABLES.frames["citations"].itertuples(index=False)
    standing = {
        (row.code, row.instrument, row.article or "", row.verified == "full_text")
        for row in rows
        if row.kind != "procedure" and row.valid_from <= act and (row.valid_to is None or act <= row.valid_to) and row.goods_group is None
    }
    for one in LAW.citations(code, act_date=act, as_of=TODAY):
        assert (one.code, one.instrument, one.article, one.verified) in standing
        assert (UNVERIFIED in str(one)) is not one.verified


def test_the_list_date_cannot_lie_before_the_act() -> None:
    with pytest.raises(DataError, match="lies before the act"):
        LAW.citations("SMG", act_date=TODAY, as_of=TODAY - timedelta(days=1))
    with pytest.raises(DataError, match="lies before the act"):
        LAW.limitation("SMG", TODAY, TODAY - timedelta(days=1))


def test_the_ban_on_e_cigarettes_is_cited_for_tobacco_from_its_first_day_only() -> None:
    def cited(day: date, group: str | None) -> bool:
        return any(one.instrument == "173/2024/QH15" for one in LAW.citations("BAN", act_date=day, as_of=TODAY, goods_group=group))

    assert cited(date(2025, 1, 1), "thuốc lá, TLĐT")
    assert not cited(date(2024, 12, 31), "thuốc lá, TLĐT") and not cited(date(2025, 1, 1), "sách")


def test_procedure_goes_by_the_list_date_not_the_act() -> None:
    new, old = LAW.procedure("ask_platform", as_of=date(2026, 7, 1)), LAW.procedure("ask_platform", as_of=date(2026, 6, 30))
    assert [one.instrument for one in new] == ["248/2026/NĐ-CP", "98/2020/NĐ-CP"] and [one.instrument for one in old] == ["98/2020/NĐ-CP"]


def test_competence_goes_by_the_list_date() -> None:
    def limits(code: str, day: date) -> list[float]:
        return [rank.limit_individual / MILLION for rank in LAW.competence(code, as_of=day)]

    assert limits("CF.A", date(2025, 6, 30)) == [0.5, 25, 50, 200]  # Đ82 NĐ 98/2020
    assert limits("CF.A", date(2025, 7, 1)) == [20, 60, 100, 200]  # 10, 30, 50, 100 % of 200 million
    assert limits("SMG", date(2025, 7, 1)) == [10, 30, 50, 100]  # the same shares of 100 million
    assert limits("IP.CF", TODAY) == [25, 75, 125, 250]  # Đ18 NĐ 99/2013
    assert all(rank.limit_organisation == 2 * rank.limit_individual for rank in LAW.competence("IP.CF", as_of=TODAY))


# Fines


def fine(code: str, *, group: str | None = None, organisation: bool | None = False, act: date = TODAY, **values: float) -> tuple[float, float]:
    found = LAW.fine_range(code, act_date=act, basis_values=values, goods_group=group, is_organisation=organisation)
    assert found.low is not None and found.high is not None
    return found.low / MILLION, found.high / MILLION


@pytest.mark.parametrize(
    ("code", "values", "fined"),
    [
        ("CF.A", {"genuine_value": 9_999_999}, (5, 10)), ("CF.A", {"genuine_value": 10 * MILLION}, (10, 30)),  # from a to under b
        ("CF.E", {"genuine_value": 30 * MILLION}, (30, 50)), ("CF.F", {"units": 99}, (0.3, 0.5)), ("CF.F", {"units": 100}, (0.5, 1)),
        ("SMG", {"goods_value": 100 * MILLION}, (40, 50)), ("UNK", {"goods_value": 999_999}, (0.3, 0.5)),
        ("BAN", {"goods_value": 3 * MILLION}, (3, 5)), ("BAN", {"packs": 1500}, (90, 100)), ("BAN", {"kg_firecrackers": 0.5}, (3, 5)),
        ("IP.CF", {"infringing_value": 5 * MILLION}, (4, 8)), ("IP.CF", {"infringing_value": 5 * MILLION + 1}, (8, 12)),  # over a to b
        ("IP.CF", {"infringing_value": 301 * MILLION}, (180, 250)), ("IP.STAMP", {"units": 500}, (0.5, 1)), ("IP.STAMP", {"units": 501}, (1, 2)),
    ],
)  # fmt: skip
def test_a_fine_lies_in_the_bracket_of_its_own_measure(code: str, values: dict[str, float], fined: tuple[float, float]) -> None:
    assert fine(code, **values) == fined


def test_genuine_value_counts_only_where_the_decree_says_so() -> None:
    brackets = TABLES.frames["fine_brackets"]
    by_genuine = brackets[brackets["basis"].eq("genuine_value")]
    assert set(zip(by_genuine["instrument"], by_genuine["article"], strict=True)) == {
        ("98/2020/NĐ-CP", "khoản 1 Điều 9"), ("98/2020/NĐ-CP", "khoản 1 Điều 11"),
    }  # fmt: skip
    assert set(brackets.loc[brackets["instrument"].eq("99/2013/NĐ-CP"), "basis"]) == {"infringing_value", "units"}


def test_a_counterfeit_mark_goes_by_the_value_of_the_infringing_goods_not_of_the_genuine_ones() -> None:
    values = basis_values(quantity=20, asking_price=250_000, genuine_price=2_500_000)
    assert values["infringing_value"] == (5 * MILLION, 5 * MILLION) and values["genuine_value"] == (50 * MILLION, 50 * MILLION)
    found = LAW.fine_range("counterfeit", act_date=TODAY, basis_values=values, is_organisation=False)
    assert (found.low, found.high) == (4 * MILLION, 8 * MILLION)
    only_genuine = {"genuine_value": 50 * MILLION}
    assert LAW.fine_range("counterfeit", act_date=TODAY, basis_values=only_genuine).text_vi == NOT_ENOUGH


@pytest.mark.parametrize("behaviour", ["counterfeit", "prohibited", "false_quality", "smuggled"])
def test_without_a_quantity_there_is_no_estimate(behaviour: str) -> None:
    values = basis_values(asking_price=250_000, genuine_price=2_500_000)
    found = LAW.fine_range(behaviour, act_date=TODAY, basis_values=values, goods_group="mỹ phẩm", is_organisation=True)
    assert (found.low, found.high, found.text_vi) == (None, None, "Chưa đủ dữ liệu để ước tính")


def test_units_sold_are_not_stock() -> None:
    with pytest.raises(DataError, match="units sold are not stock"):
        LAW.fine_range("IP.CF", act_date=TODAY, basis_values={"n_sold": 500})
    with pytest.raises(DataError, match="units sold are not stock"):
        LAW.criminal_note("IP.CF", act_date=TODAY, basis_values={"n_sold": 500})


@pytest.mark.parametrize("amount", [-1.0, (5.0, 4.0), (-1.0, 4.0)])
def test_an_amount_below_nought_or_turned_round_is_refused(amount: float | tuple[float, float]) -> None:
    with pytest.raises(DataError, match="0 or more, lowest before highest"):
        LAW.fine_range("SMG", act_date=TODAY, basis_values={"goods_value": amount})


def test_doubled_groups_and_organisations_each_double_the_fine() -> None:
    assert fine("SMG", goods_value=3 * MILLION) == (1, 2)
    assert fine("SMG", group="mỹ phẩm", goods_value=3 * MILLION) == (2, 4)
    assert fine("SMG", organisation=True, goods_value=3 * MILLION) == (2, 4)
    assert fine("SMG", group="mỹ phẩm", organisation=True, goods_value=3 * MILLION) == (4, 8)
    assert fine("SMG", organisation=None, goods_value=3 * MILLION) == (1, 4)  # who it is, is not known


def test_counterfeit_marks_and_banned_goods_know_no_doubled_groups() -> None:
    assert fine("IP.CF", group="mỹ phẩm", infringing_value=1 * MILLION) == (4, 8)
    assert fine("BAN", group="thực phẩm, bánh kẹo", goods_value=1 * MILLION) == (1, 3)


def test_alcohol_is_doubled_for_smuggling_only_since_the_decree_that_added_it() -> None:
    assert fine("SMG", group="rượu, bia", act=date(2025, 2, 20), goods_value=3 * MILLION) == (1, 2)
    assert fine("SMG", group="rượu, bia", act=date(2025, 2, 21), goods_value=3 * MILLION) == (2, 4)


def test_a_span_of_values_gives_the_span_of_brackets() -> None:
    found = LAW.fine_range("SMG", act_date=TODAY, basis_values={"goods_value": (4 * MILLION, 25 * MILLION)}, is_organisation=False)
    assert (found.low, found.high) == (1 * MILLION, 10 * MILLION)


def test_a_fine_is_flagged_where_the_law_of_the_list_date_is_silent() -> None:
    def found(code: str, act: date) -> tuple[float | None, bool]:
        estimate = LAW.fine_range(code, act_date=act, as_of=TODAY, basis_values={"goods_value": 2 * MILLION}, is_organisation=False)
        return estimate.high, estimate.favourable

    assert found("EXP", date(2025, 2, 20)) == (1 * MILLION, True)  # struck out on 21/02/2025
    assert found("EXP", date(2025, 2, 21)) == (None, False)
    assert found("UNK", date(2025, 2, 20)) == (1 * MILLION, False)  # rewritten with the same brackets


@given(st.sampled_from(CODES), st.sampled_from(GROUPS), st.sampled_from([True, False, None]), st.floats(1, 1e12), st.floats(1, 1e12))
def test_more_value_never_means_a_lower_fine_and_no_fine_passes_the_ceiling(
    code: str, group: str | None, organisation: bool | None, one: float, other: float
) -> None:
    names = ("genuine_value", "infringing_value", "goods_value", "transaction_value", "units")
    less, more = (
        LAW.fine_range(code, act_date=TODAY, basis_values=dict.fromkeys(names, value), goods_group=group, is_organisation=organisation)
        for value in sorted((one, other))
    )
    if less.low is None or less.high is None or more.low is None or more.high is None:
        assert less.text_vi == more.text_vi
        return
    assert less.low <= more.low and less.high <= more.high and less.low <= less.high
    assert more.high <= {True: 500, None: 500, False: 250}[organisation] * MILLION


@given(st.sampled_from(CODES), st.sampled_from(GROUPS), st.floats(1, 1e10))
def test_an_estimate_says_unverified_unless_every_row_behind_it_was_read_in_full(code: str, group: str | None, value: float) -> None:
    found = LAW.fine_range(code, act_date=TODAY, basis_values={"goods_value": value, "infringing_value": value}, goods_group=group)
    if found.low is not None:
        assert found.verified == all(part.verified for part in found.parts)
        assert (UNVERIFIED in found.text_vi) is not found.verified


# Criminal thresholds


@pytest.mark.parametrize(
    ("code", "group", "values", "article"),
    [
        ("IP.CF", None, {"infringing_value": 200 * MILLION}, "Điều 226"), ("CF.A", "mỹ phẩm", {"genuine_value": 30 * MILLION}, "Điều 192"),
        ("CF.A", "sữa", {}, "Điều 193"), ("CF.C", "thuốc", {}, "Điều 194"),
        ("CF.B", "vật tư nông nghiệp", {"genuine_value": 30 * MILLION}, "Điều 195"), ("SMG", None, {"goods_value": 100 * MILLION}, "Điều 188"),
        ("BAN", None, {"packs": 1500}, "Điều 190"), ("BAN", None, {"kg_firecrackers": 6}, "Điều 190"),
        ("FR.DEC", None, {"illicit_gain": 5 * MILLION}, "Điều 198"),
    ],
)  # fmt: skip
def test_a_threshold_reached_raises_the_question_of_a_crime(code: str, group: str | None, values: dict[str, float], article: str) -> None:
    note = LAW.criminal_note(code, act_date=TODAY, basis_values=values, goods_group=group)
    assert note is not None and note.text_vi.startswith("Cần xem xét dấu hiệu hình sự") and note.articles == (article,)
    below = {name: value * 0.999 for name, value in values.items()}
    if below:
        assert LAW.criminal_note(code, act_date=TODAY, basis_values=below, goods_group=group) is None


def test_unverified_thresholds_are_marked_and_values_unknown_raise_nothing() -> None:
    note = LAW.criminal_note("IP.CF", act_date=TODAY, basis_values={"infringing_value": 300 * MILLION})
    assert note is not None and not note.verified and note.text_vi.endswith(UNVERIFIED)
    assert LAW.criminal_note("IP.CF", act_date=TODAY, basis_values={}) is None
    assert LAW.criminal_note("IP.CF", act_date=date(2017, 12, 31), basis_values={"infringing_value": 300 * MILLION}) is None


def test_a_span_that_may_reach_the_threshold_raises_the_question() -> None:
    note = LAW.criminal_note("IP.CF", act_date=TODAY, basis_values={"infringing_value": (50 * MILLION, 250 * MILLION)})
    assert note is not None and CONSIDER in note.text_vi


# Limitation


def test_the_term_is_two_years_for_goods_and_marks_and_one_where_the_law_names_no_field() -> None:
    years = {code: LAW.limitation(code, TODAY, TODAY).years for code in CODES}
    assert {code for code, count in years.items() if count == 2} == {
        "CF.A", "CF.B", "CF.C", "CF.D", "CF.E", "CF.F", "IP.CF", "IP.STAMP", "IP.INF", "IP.UNF", "SMG", "UNK", "BAN",
    }  # fmt: skip
    assert {count for code, count in years.items()} == {1, 2}


def test_while_the_offer_stands_the_list_says_when_it_was_last_seen() -> None:
    found = LAW.limitation("counterfeit", date(2026, 11, 20), TODAY)
    assert found.text_vi.startswith("Còn hiển thị tại lần thu thập 20/11/2026; Thời hiệu đến 20/11/2028 (02 năm")
    gone = LAW.limitation("counterfeit", date(2026, 11, 20), TODAY, still_shown=False)
    assert gone.text_vi.startswith("Thời hiệu đến 20/11/2028") and gone.ends_on == found.ends_on


def test_the_last_day_still_counts_and_the_next_does_not() -> None:
    seen = date(2024, 11, 24)
    assert not LAW.limitation("SMG", seen, date(2026, 11, 24), still_shown=False).passed
    late = LAW.limitation("SMG", seen, date(2026, 11, 25), still_shown=False)
    assert late.passed and late.text_vi.startswith("Có thể đã hết thời hiệu từ sau ngày 24/11/2026")


def test_a_leap_day_ends_on_the_28th_never_a_day_late() -> None:
    assert LAW.limitation("SMG", date(2024, 2, 29), TODAY, still_shown=False).ends_on == date(2026, 2, 28)
    assert LAW.limitation("SMG", date(2026, 3, 1), TODAY, still_shown=False).ends_on == date(2028, 3, 1)


def test_a_day_no_law_of_the_table_stands_on_gives_no_term() -> None:
    found = LAW.limitation("SMG", date(2010, 1, 1), date(2010, 1, 1))
    assert found.ends_on is None and NO_BASIS in found.text_vi


# Referral, checklist


def agencies(behaviour: str, **more: object) -> list[str]:
    return [one.agency_vi for one in LAW.referral(behaviour, as_of=TODAY, **more)]  # type: ignore[arg-type]


def test_scam_medicines_foreign_domains_and_social_pages_are_referred() -> None:
    assert agencies("scam") == ["Công an tỉnh"]
    assert agencies("false_quality", goods_group="thuốc") == ["Sở Y tế"]
    assert agencies("counterfeit", cross_border=True) == ["Sở KH&CN"]
    assert agencies("counterfeit", social_page=True) == ["Công an tỉnh"]


def test_what_is_market_surveillances_own_is_not_referred() -> None:
    for behaviour in ("counterfeit", "prohibited", "smuggled", "undisclosed"):
        assert agencies(behaviour, goods_group="thuốc") == []
    assert agencies("false_quality", goods_group="mỹ phẩm") == []


def test_a_referral_reads_as_a_proposal() -> None:
    (one,) = LAW.referral("scam", as_of=TODAY)
    assert str(one).startswith(f"{REFER}: Công an tỉnh (") and REFER == "Xem xét chuyển cơ quan khác" and UNVERIFIED in str(one)


def test_quality_and_labels_are_for_the_checklist() -> None:
    quality = [item.text_vi for item in LAW.checklist("false_quality", "mỹ phẩm")]
    assert "Lấy mẫu, kiểm nghiệm chất lượng, công dụng" in quality and any("mỹ phẩm" in item for item in quality)
    assert any("nhãn phụ" in item.text_vi for item in LAW.checklist("smuggled"))
    assert not any("mỹ phẩm" in item.text_vi for item in LAW.checklist("false_quality", "sách"))


@pytest.mark.parametrize("code", [code for code in CODES if code not in ("EC.ADV", "EC.PLAT")])
def test_every_behaviour_has_something_to_verify_each_thing_once(code: str) -> None:
    items = [item.text_vi for item in LAW.checklist(code)]
    assert items and len(set(items)) == len(items)


# Words


@given(st.sampled_from((*BEHAVIOURS, *CODES)), st.sampled_from(GROUPS), st.dates(date(2014, 1, 1), TODAY))
def test_nothing_the_law_says_calls_anybody_a_violator(behaviour: str, group: str | None, act: date) -> None:
    values = {"genuine_value": 50 * MILLION, "infringing_value": 250 * MILLION, "goods_value": 150 * MILLION, "units": 900}
    note = LAW.criminal_note(behaviour, act_date=act, basis_values=values, goods_group=group)
    citations = LAW.citations(behaviour, act_date=act, as_of=TODAY, goods_group=group)
    said = [
        *LAW.display_names(behaviour), cite(citations), *(one.says_vi for one in citations), LAW.limitation(behaviour, act, TODAY).text_vi,
        LAW.fine_range(behaviour, act_date=act, basis_values=values, goods_group=group).text_vi, note.text_vi if note else "",
        *map(str, LAW.referral(behaviour, as_of=TODAY, goods_group=group, cross_border=True, social_page=True)),
        *(item.text_vi for item in LAW.checklist(behaviour, group)), *map(str, LAW.competence(behaviour, as_of=TODAY)),
    ]  # fmt: skip
    assert not [text for text in said if "vi phạm" in text.lower()]
