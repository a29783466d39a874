"""Complaints are counted in independent voices, bounded, as of a day; whoever reports is sealed away and named nowhere."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from typer.testing import CliRunner

from features.errors import DataError
from features.seller_complaints import FloodRule, complaint_columns
from models.evidence import report_points
from models.weights import EvidenceWeights
from pipeline.cli import app
from pipeline.complaints.informant import BLOTTED, informant_of, words_without
from pipeline.complaints.reading import Reader
from pipeline.complaints.settings import load_complaint_settings
from pipeline.reference import load_reference, load_review_cues
from pipeline.register.complaints import record_complaints
from pipeline.register.connect import connected
from pipeline.register.facts import standing
from pipeline.register.schema import COMPLAINTS as REGISTERED
from pipeline.register.upgrade import ready
from pipeline.stages.complaints import import_complaints, note_answers, overdue, use_complaints
from pipeline.state_folder import ANSWERS, COMPLAINTS, INFORMANTS, read_private, read_table
from pipeline.store import read_parquet, write_parquet
from pipeline.tables.complaints import validate_complaints
from tests.test_register import url
from tests.test_tracking_server import database

# Fixtures are found by their names: the register in either kind of database.
assert url and database

TODAY = date(2026, 11, 24)
KEY = b"k" * 32
NAME, PHONE, MAIL = "Trần Văn Mẫu", "0900000001", "mau@example.com"
LONG = "Tôi đặt một chiếc túi ở gian hàng này vào đầu tháng, khi nhận thì đường may lệch, logo in mờ, không có tem, rõ ràng không như ảnh đã đăng"
HEAD = "Ngày tiếp nhận;Sàn;Mã gian hàng;Tên gian hàng;Mã tin;Đường dẫn;Nội dung;Hành vi;Người phản ánh;Số điện thoại;Email;Ngày trả lời"


@lru_cache(maxsize=1)
def reader() -> Reader:
    return Reader(KEY, load_review_cues(), TODAY, 15)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes complaints given as cells by heading."""

    def go(*rows: dict[str, str], name: str = "don.csv") -> Path:
        names = HEAD.split(";")
        lines = [";".join(f'"{row.get(heading, "")}"' for heading in names) for row in rows]
        (tmp_path / name).write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8-sig")
        return tmp_path / name

    return go


def complaint(text: str = "nhận hàng giả 100%", phone: str = PHONE, **cells: str) -> dict[str, str]:
    known = {"Ngày tiếp nhận": "20/11/2026", "Sàn": "Shopee", "Mã gian hàng": "S1", "Nội dung": text, "Người phản ánh": NAME, "Số điện thoại": phone}
    return known | cells


def test_every_row_is_taken_there_before_or_returned_with_a_reason(write: Write, tmp_path: Path) -> None:
    path = write(
        complaint(), complaint(), complaint(phone="0900000002"), {"Ngày tiếp nhận": "20/11/2026", "Người phản ánh": NAME},
        complaint(**{"Ngày tiếp nhận": "hôm qua"}), complaint(**{"Ngày tiếp nhận": "25/11/2026"}),
    )  # fmt: skip
    done = import_complaints(path, state=tmp_path / "state", reader=reader())
    assert (done.n_read, done.n_taken, done.n_before) == (6, 2, 1) and [line for line, _ in done.returned] == [5, 6, 7]
    assert done.n_read == done.n_taken + done.n_before + len(done.returned)
    again = import_complaints(path, state=tmp_path / "state", reader=reader())
    table = read_table(tmp_path / "state", COMPLAINTS)
    assert (again.n_taken, again.n_before) == (0, 3) and table is not None and len(validate_complaints(table)) == 2


def test_a_file_that_says_nothing_of_anybody_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Cột lạ,Khác\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="Nội dung"):
        import_complaints(tmp_path / "x.csv", state=tmp_path / "state", reader=reader())


def test_one_person_who_repeats_in_other_spacing_or_nearly_the_same_words_repeats_one_complaint(write: Write, tmp_path: Path) -> None:
    others = {"Ngày tiếp nhận": "21/11/2026"}
    path = write(
        complaint(LONG), complaint(LONG.upper() + "!!!", **others), complaint(LONG + ", mong cơ quan xem xét", phone="0900 000 001", **others),
        complaint(LONG, phone="0900000002", **others), complaint(LONG, **others, **{"Mã gian hàng": "S2"}),
    )  # fmt: skip
    import_complaints(path, state=tmp_path / "state", reader=reader())
    table = read_table(tmp_path / "state", COMPLAINTS)
    assert table is not None
    first = table["complaint_id"].iloc[0]
    assert table["duplicate_of"].astype("object").where(table["duplicate_of"].notna(), None).tolist() == [None, first, first, None, None]


def test_who_reports_stands_in_one_file_that_its_owner_alone_can_read(write: Write, tmp_path: Path) -> None:
    said = f"Toi la TRAN VAN MAU ({NAME.upper()}), gọi 0900.000.001 hoặc {MAIL}, CCCD 000000000123. Anh Mẫu mua nhận hàng giả 100%"
    path = write(complaint(said, **{"Email": MAIL}))
    import_complaints(path, state=tmp_path / "state", reader=reader())
    path.unlink()
    plain = {}
    for file in sorted((tmp_path / "state").rglob("*")):
        plain[file.name] = pd.read_parquet(file).to_csv() if file.suffix == ".parquet" else file.read_text(encoding="utf-8")
    hidden = (NAME, NAME.upper(), "TRAN VAN MAU", "Mẫu", PHONE, "0900.000.001", MAIL, "000000000123")
    assert [name for name, text in plain.items() if any(one in text for one in hidden)] == [INFORMANTS]
    assert stat.S_IMODE((tmp_path / "state" / INFORMANTS).stat().st_mode) == 0o600
    (record,) = read_private(tmp_path / "state", INFORMANTS)
    assert record["informant_name"] == NAME and record["own_words"] == said


@pytest.mark.parametrize("said", ["Trần Văn Mẫu", "tran van mau", "TRẦN  VĂN MẪU", "Tra\u0302\u0300n Văn Mẫu", "chị Mẫu", "Tôi tên là Mẫu"])
def test_a_name_is_blotted_however_it_is_written(said: str) -> None:
    who = informant_of({"informant_name": NAME}, KEY)
    assert words_without(f"{said} mua phải hàng giả", who, KEY) == f"{BLOTTED} mua phải hàng giả"


def test_a_name_inside_other_words_is_left() -> None:
    who = informant_of({"informant_name": "Lê An"}, KEY)
    assert words_without("hàng le antique, chất an toàn", who, KEY) == "hàng le antique, chất an toàn"


def test_one_person_is_known_again_by_phone_mail_or_name_with_address() -> None:
    def key(**told: str) -> str | None:
        return informant_of({f"informant_{name}": value for name, value in told.items()}, KEY).key

    assert key(phone=PHONE) == key(phone="+84 900 000 001", name=NAME) == key(phone="0900.000.001", email=MAIL)
    assert key(email=MAIL) == key(email=MAIL.upper(), name=NAME) != key(phone=PHONE)
    assert key(name=NAME, address="Huế") == key(name="tran van mau", address="hue") != key(name=NAME, address="Hà Nội")
    assert key() is None


#: Seen on 1 and on 30 November; the shop S1 twice, S2 once.
CRAWL = pd.DataFrame(
    {
        "platform": "shopee",
        "listing_id": ["1", "1", "2"],
        "captured_at": pd.to_datetime(["2026-11-01T05:00Z", "2026-11-30T05:00Z", "2026-11-30T05:00Z"]),
        "seller_id": ["S1", "S1", "S2"],
        "seller_name": ["Một", "Một", "Hai"],
    }
)


def told(*rows: tuple[str, str | None, int], seller: str | None = "S1", listing: str | None = None, behaviours: str = "counterfeit") -> pd.DataFrame:
    """Complaints as (day, informant, text)."""
    table = pd.DataFrame(rows, columns=["known_at", "informant_key", "text_group"])
    table["known_at"] = pd.to_datetime(table["known_at"], utc=True)
    return table.assign(platform="shopee", seller_id=seller, listing_id=listing, behaviours=behaviours)


def voices(complaints: pd.DataFrame, name: str = "complaint_fake_voices") -> list[float]:
    found: list[float] = complaint_columns(CRAWL, complaints, FloodRule())[name].tolist()
    return found


def test_many_complaints_of_one_person_are_one_voice() -> None:
    assert voices(told(*[("2026-11-10", "a", text) for text in range(50)])) == [0, 1, 0]


def test_one_text_sent_by_many_is_one_voice() -> None:
    assert voices(told(*[("2026-11-10", f"p{person}", 7) for person in range(50)])) == [0, 1, 0]


def test_those_who_give_no_name_are_one_voice_together() -> None:
    assert voices(told(*[("2026-11-10", None, text) for text in range(50)])) == [0, 1, 0]


def test_different_people_in_different_words_are_as_many_voices() -> None:
    assert voices(told(*[("2026-11-10", f"p{one}", one) for one in range(5)])) == [0, 5, 0]


def test_a_complaint_about_a_listing_is_about_its_shop_and_one_about_fraud_is_no_sign_of_fakes() -> None:
    fraud = told(("2026-11-10", "a", 1), seller=None, listing="2", behaviours="scam")
    assert voices(fraud) == [0, 0, 0] and voices(fraud, "complaint_scam_voices") == [0, 0, 1] and voices(fraud, "complaint_voices") == [0, 0, 1]


def test_without_complaints_nothing_is_known() -> None:
    assert complaint_columns(CRAWL, None).isna().all(axis=None)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["a", "b", "c", None]), st.integers(1, 4)), max_size=30), st.integers(1, 60))
def test_later_complaints_change_no_earlier_capture(rows: list[tuple[int, str | None, int]], until: int) -> None:
    start = pd.Timestamp("2026-10-01", tz="Asia/Ho_Chi_Minh")
    dated = [((start + pd.Timedelta(days=day)).isoformat(), who, text) for day, who, text in rows]
    crawl = CRAWL.head(1).assign(captured_at=(start + pd.Timedelta(days=until, hours=5)).tz_convert("UTC"))
    known = [one for one, (day, _, _) in zip(dated, rows, strict=True) if day <= until]
    everything, then = (complaint_columns(crawl, told(*one)) for one in (dated, known))
    if known:
        pd.testing.assert_frame_equal(everything, then)
    else:
        assert everything.eq(0).all(axis=None)


def test_a_flood_of_like_complaints_is_flagged_from_its_day_on_and_a_crowd_of_different_ones_is_not() -> None:
    flood = [("2026-11-10", f"p{one}", 7) for one in range(10)]
    crowd = [("2026-11-10", f"p{one}", one) for one in range(40)]
    assert voices(told(*flood), "complaint_flood") == [0, 1, 0] and voices(told(*crowd), "complaint_flood") == [0, 0, 0]
    assert voices(told(*flood[:9]), "complaint_flood") == [0, 0, 0]
    slow = [(f"2026-11-{day:02d}", f"p{day}", 7) for day in range(1, 28, 2)]
    assert voices(told(*slow), "complaint_flood") == [0, 0, 0]


def weights() -> EvidenceWeights:
    return load_reference().weights


def points(n: float, *, flood: float = 0.0, official: float = 0.0) -> float:
    rows = pd.DataFrame({"complaint_fake_voices": [n], "complaint_flood": [flood], "seller_official": [official]})
    return float(report_points(rows, "complaint_fake_voices", weights().signs.reported_fake).iloc[0])


def test_complaints_say_less_and_less_and_never_make_a_listing_red_alone() -> None:
    # 0.4 for the first voice, 0.3 more for each doubling, 1.5 at most, 1.0 in a flood.
    assert [points(n) for n in (1, 2, 4)] == pytest.approx([0.4, 0.7, 1.0]) and points(1e6) == 1.5 and points(1e6, flood=1.0) == 1.0
    assert np.isnan(points(0)) and np.isnan(points(9, official=1.0))
    assert weights().family_caps["reports"] < weights().bands.red_points and weights().bands.red_families > 1
    assert points(1) < weights().bands.amber_points


def test_open_complaints_are_listed_by_the_day_an_answer_is_due(write: Write, tmp_path: Path) -> None:
    state = tmp_path / "state"
    path = write(
        complaint(), complaint(phone="0900000002", **{"Ngày tiếp nhận": "01/11/2026"}),
        complaint(phone="0900000003", **{"Ngày tiếp nhận": "02/11/2026", "Ngày trả lời": "05/11/2026"}),
        complaint(**{"Ngày tiếp nhận": "22/11/2026"}),
    )  # fmt: skip
    assert import_complaints(path, state=state, reader=reader()).n_answered == 1
    due = overdue(state, TODAY)
    # 15 days after 1 and 20 November; the fourth row repeats the first, the third was answered.
    assert due[["answer_due_on", "days_late"]].to_numpy().tolist() == [["2026-11-16", 8], ["2026-12-05", -11]]
    first = due["complaint_id"].iloc[0]
    assert (note_answers(state, [(first, TODAY)]), note_answers(state, [(first, date(2026, 11, 30))])) == (1, 0)
    answers = read_table(state, ANSWERS)
    assert answers is not None and answers.set_index("complaint_id")["answered_on"][first] == "2026-11-24"
    assert overdue(state, TODAY)["days_late"].tolist() == [-11] and len(overdue(state, date(2026, 11, 23))) == 2


def test_complaints_reach_a_score_and_its_reason_names_nobody(
    crawl: Callable[..., Path], finished: Callable[..., Any], write: Write, tmp_path: Path
) -> None:
    listings = crawl([{"tiêu đề": f"Áo thun cotton mẫu {number}", "tên gian hàng": "Nhà Thử", "mã gian hàng": ""} for number in range(3)])
    about = {"Sàn": "sàn thử", "Mã gian hàng": "", "Tên gian hàng": "nha thu", "Hành vi": "Hàng giả", "Ngày tiếp nhận": "15/11/2026"}
    goods = ("túi", "giày", "đồng hồ", "nước hoa")
    rows = [complaint(f"Mua {one} ở đây, không đúng hàng thật", phone=f"090000000{n}", **about) for n, one in enumerate(goods)]
    elsewhere = complaint(**{"Sàn": "sàn thử", "Mã gian hàng": "khác"})
    import_complaints(write(*rows, elsewhere), state=tmp_path / "state", reader=reader())
    done = finished(listings, complaints=tmp_path / "state")
    told_of = done.to_json()["complaints"]
    assert (told_of["complaints"], told_of["in_this_crawl"], told_of["matched_by"]) == (5, 4, {"seller_id": 1, "shop_name": 4})
    reasons = read_parquet(tmp_path / "out" / "reasons.parquet")
    said = reasons[reasons["sign_id"].eq("reported_fake")]
    assert len(said) == 3 and said["points"].round(9).eq(1.0).all() and said["quote"].isna().all()
    assert said["text"].str.startswith("4 nguồn phản ánh độc lập về hàng giả").all()
    assert read_parquet(tmp_path / "out" / "scores.parquet")["band"].eq("amber").all()
    everything = "".join(path.read_text(encoding="utf-8", errors="replace") for path in (tmp_path / "out").glob("*.*") if path.suffix != ".parquet")
    assert NAME not in everything and "090000000" not in everything


def test_a_folder_without_complaints_is_said_to_have_none(tmp_path: Path) -> None:
    write_parquet(CRAWL, tmp_path / "out" / "work" / "listings" / "part-00000.parquet")
    with pytest.raises(DataError, match="complaints import"):
        use_complaints(tmp_path, crawl=tmp_path / "out")


def test_the_settings_are_those_that_the_tests_count_with() -> None:
    assert load_complaint_settings().flood == FloodRule() and load_complaint_settings().answer_days == 15


def test_an_import_that_was_stopped_is_finished_by_the_next(write: Write, tmp_path: Path) -> None:
    state, path = tmp_path / "state", write(complaint())
    import_complaints(path, state=state, reader=reader())
    (state / COMPLAINTS).unlink()  # stopped after the sealed record
    assert import_complaints(path, state=state, reader=reader()).n_taken == 1 and len(read_private(state, INFORMANTS)) == 1


def test_a_repeat_in_a_later_file_is_known_by_what_came_before(write: Write, tmp_path: Path) -> None:
    import_complaints(write(complaint(LONG)), state=tmp_path / "state", reader=reader())
    second = import_complaints(write(complaint(LONG, **{"Ngày tiếp nhận": "22/11/2026"}), name="sau.csv"), state=tmp_path / "state", reader=reader())
    table = read_table(tmp_path / "state", COMPLAINTS)
    assert second.n_duplicates == 1 and table is not None and table["duplicate_of"].iloc[1] == table["complaint_id"].iloc[0]


def test_the_register_takes_complaints_and_answers_once_and_nothing_of_who_reported(write: Write, tmp_path: Path, url: str) -> None:
    state = tmp_path / "state"
    import_complaints(write(complaint(LONG), complaint(LONG, phone="0900000002")), state=state, reader=reader())
    table = read_table(state, COMPLAINTS)
    assert table is not None
    with connected(url) as connection:
        ready(connection)
        assert record_complaints(connection, table, read_table(state, ANSWERS)) == (2, 0)
    note_answers(state, [(table["complaint_id"].iloc[0], TODAY)])
    for answered in (1, 0):
        with connected(url) as connection:
            assert record_complaints(connection, table, read_table(state, ANSWERS)) == (0, answered)
            there = standing(connection, REGISTERED)
            shown = str(connection.execute(select(REGISTERED)).all())
        assert sorted(there["answered_on"].notna()) == [False, True] and there["content_hash"].nunique() == 2
        assert NAME not in shown and PHONE not in shown and "0900000002" not in shown


def test_a_late_answer_is_told_by_the_exit_code_until_it_is_noted(write: Write, tmp_path: Path) -> None:
    state = tmp_path / "state"
    import_complaints(write(complaint()), state=state, reader=reader())

    def soihang(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["complaints", *map(str, arguments), "--state", str(state)])
        return done.exit_code, done.stdout

    assert soihang("due", "--as-of", "2026-12-05")[0] == 0
    code, said = soihang("due", "--as-of", "2026-12-06")
    identity = said.split()[4]
    assert code == 3 and "1 days late" in said and NAME not in said
    assert soihang("answered", identity, "--on", "2026-12-06")[0] == 0 and soihang("due", "--as-of", "2026-12-07") == (0, "open 0, late 0\n")
