"""Lists that come back: every row is taken, returned with a reason, or untouched, however people treated the workbook."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from pipeline.codes import row_code
from pipeline.register import schema
from pipeline.register.facts import standing
from pipeline.reports.results_sheet import RESULT_CHOICES, RESULT_COLUMNS, RESULTS_SHEET
from pipeline.returns.answers import Opinion, Result
from pipeline.returns.choices import read_opinion, read_result
from pipeline.returns.codes import codes_in, meant
from pipeline.returns.figures import read_day, read_vnd
from pipeline.returns.files import ReturnedFile, read_file
from pipeline.returns.settle import settle
from pipeline.returns.workbook import ROWS_SHEET, write_returned
from tests.returned_lists import BACK, CODES, HEADINGS, MONDAY, fates, issued, opinions, register, results, take, written

FOUND = "Có vi phạm đúng dấu hiệu"
CLEAN = "Không phát hiện vi phạm"


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes result rows as a workbook with the next free name."""
    names = (tmp_path / f"tra ve {number}.xlsx" for number in itertools.count(1))
    return lambda *rows, **how: results(next(names), *rows, **how)


def found_by_seller(connection: Connection) -> dict[str, str]:
    table = standing(connection, schema.OUTCOMES)
    return dict(zip(table["seller_id"], table["status"], strict=True))


def test_a_filled_row_becomes_an_outcome_and_a_decision(book: Callable[..., Path], tmp_path: Path) -> None:
    full = {
        "code": CODES[0], "result": FOUND, "happened_at": datetime(2026, 11, 25), "decision_number": "12/QĐ-XPHC", "decision_date": "27/11/2026",
        "fine_vnd": "12,5 triệu", "goods_value_vnd": 30_000_000, "to_investigation": "Không", "usefulness": 4, "note": "đã niêm phong",
    }  # fmt: skip
    with register(tmp_path / "r.db") as connection:
        done = take(connection, book(full, {"code": CODES[1]}))
        assert done.to_json() | {"files": None} == {
            "files": None, "read": 2, "taken": 1, "returned": 0, "untouched": 1,
            "added": {"outcomes": 1, "desk_reviews": 0, "sanction_decisions": 1},
        }  # fmt: skip
        one = standing(connection, schema.OUTCOMES).iloc[0]
        assert (one["seller_id"], one["status"], one["behaviours"], one["usefulness"]) == ("S1", "confirmed", "counterfeit", 4)
        assert (one["happened_on"], one["source"], one["authority"]) == (date(2026, 11, 25), "inspection", "An Giang")
        decision = standing(connection, schema.SANCTION_DECISIONS).iloc[0]
        assert (decision["number"], decision["decided_on"]) == ("12/QĐ-XPHC", date(2026, 11, 27))
        assert (decision["fine_vnd"], decision["goods_value_vnd"], decision["passed_to_investigators"]) == (12_500_000, 30_000_000, False)


def test_the_reviewers_opinion_is_read_from_the_list_itself(tmp_path: Path) -> None:
    rows = ({"code": CODES[0], "opinion": "Đồng ý"}, {"code": CODES[1], "opinion": "Hoãn", "opinion_reason": "chờ chủ thể quyền"}, {"code": CODES[2]})
    with register(tmp_path / "r.db") as connection:
        done = take(connection, opinions(tmp_path / "a.xlsx", *rows, {"code": CODES[3], "opinion": "Không"}))
        assert [fate for row in fates(done).values() for fate, _ in row] == ["taken", "taken", "untouched", "taken"]
        table = standing(connection, schema.DESK_REVIEWS)
        assert table["opinion"].tolist() == ["agree", "postpone", "refuse"] and table["why"].tolist()[1] == "chờ chủ thể quyền"
        ((_, missing),) = fates(done)[f"4 · {CODES[3]}"]
        assert missing == "thiếu lý do không đồng ý hoặc hoãn"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"code": "AG-2648-001-A", "result": CLEAN}, "sai chữ kiểm tra"),
        ({"code": None, "result": CLEAN}, "không có mã dòng"),
        ({"code": row_code("AG", date(2026, 7, 20), 1), "result": CLEAN}, "không có trong danh sách nào"),
        ({"code": "dòng 3", "result": CLEAN}, "không phải mã dòng"),
        ({"code": f"{CODES[0]}, {CODES[1]}", "result": CLEAN}, "tách mỗi mã một dòng"),
        ({"result": "Có vi phạm"}, "không có trong danh sách chọn"),
        ({"result": "Phát hiện vi phạm"}, "không có trong danh sách chọn"),
        ({"note": "đóng cửa"}, "chưa chọn “Kết quả” nhưng đã ghi “Ghi chú”"),
        ({"result": FOUND, "fine_vnd": "5"}, "ghi số đồng"),
        ({"result": FOUND, "fine_vnd": "5 triệu + 2 triệu"}, "ghi số đồng"),
        ({"result": FOUND, "happened_at": "tuần trước"}, "ghi ngày dạng dd/mm/yyyy"),
        ({"result": FOUND, "happened_at": "25/11/2025"}, "trước ngày của danh sách"),
        ({"result": FOUND, "happened_at": "25/12/2026"}, "sau ngày nhận kết quả"),
        ({"result": CLEAN, "decision_number": "12"}, "nhưng có “Số QĐ xử phạt”"),
        ({"result": "Chưa kiểm tra", "happened_at": "25/11/2026"}, "nhưng có “Ngày kiểm tra"),
        ({"result": FOUND, "usefulness": 7}, "ghi số từ 1 đến 5"),
        ({"result": FOUND, "to_investigation": "sẽ chuyển"}, "ghi Có hoặc Không"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_goes_back_with_a_reason(book: Callable[..., Path], tmp_path: Path, row: dict[str, Any], why: str) -> None:
    with register(tmp_path / "r.db") as connection:
        done = take(connection, book({"code": CODES[0], **row}))
        (((fate, reason),),) = fates(done).values()
        assert fate == "returned" and reason is not None and why in reason
        assert found_by_seller(connection) == {}
        kept = standing_rows(connection)
        assert kept == [("returned", reason)]


def standing_rows(connection: Connection) -> list[tuple[str, str | None]]:
    return [(row.fate, row.reason) for row in connection.execute(schema.RETURNED_ROWS.select()).all()]


def test_a_row_is_found_by_its_code_wherever_and_however_it_stands(tmp_path: Path) -> None:
    """Sorted, columns added and moved, headings without accents, a sheet of its own, copied without headings, lower case, other dashes."""
    keys = ["Tổ phụ trách", "note", "result", "Ghi thêm", "shop", "code", "happened_at"]
    typed = {"code": "ag–2648–oo1-" + CODES[0][-1].lower(), "result": "khong phat hien vi pham"}
    moved = results(tmp_path / "moved.xlsx", typed, keys=keys, sheet="Sheet1")
    plain = written(tmp_path / "plain.xlsx", {"Tổ 2": [["MA DONG", "Ket qua", "Ghi chu"], [CODES[1], CLEAN]]})
    standard = [CODES[2], "Shop thử 3", CLEAN, "25/11/2026"]
    copied = written(tmp_path / "copied.xlsx", {"Trang tính1": [standard]})
    shifted = written(tmp_path / "shifted.xlsx", {"Trang tính1": [[None, None, *standard[1:3], CODES[3]]]})
    beside = written(tmp_path / "beside.xlsx", {"Tin đăng": [["Mã dòng", "Tiêu đề tin", "Giá"], [CODES[4], CLEAN, 5], [CODES[5], "Túi", 5]]})
    with register(tmp_path / "r.db") as connection:
        done = take(connection, moved, plain, copied, shifted, beside)
        assert found_by_seller(connection) == {"S1": "cleared", "S2": "cleared", "S3": "cleared"}
        back = {code: reason for code, ((fate, reason), *_) in fates(done).items() if fate == "returned"}
        assert set(back) == {CODES[3], CODES[4]}
        assert "không có dòng tiêu đề" in str(back[CODES[3]]) and "không có cột kết quả" in str(back[CODES[4]])
        assert done.to_json()["read"] == 5


def test_merged_cells_count_for_each_of_their_rows_and_hidden_rows_are_read(tmp_path: Path) -> None:
    path = results(tmp_path / "a.xlsx", *({"code": code} for code in CODES[:4]))
    book = openpyxl.load_workbook(path)
    sheet = book[RESULTS_SHEET]
    sheet["C3"] = CLEAN
    sheet.merge_cells("C3:C5")
    sheet.row_dimensions[4].hidden = True
    book.save(path)
    with register(tmp_path / "r.db") as connection:
        done = take(connection, path)
        assert found_by_seller(connection) == dict.fromkeys(["S1", "S2", "S3"], "cleared")
        assert fates(done)[CODES[3]] == [("untouched", None)]


def test_a_formula_without_its_result_is_no_empty_cell(tmp_path: Path) -> None:
    path = results(tmp_path / "a.xlsx", {"code": CODES[0], "result": '="Có vi phạm đúng dấu hiệu"'})
    with register(tmp_path / "r.db") as connection:
        ((fate, reason),) = fates(take(connection, path))[CODES[0]]
        assert fate == "returned" and "công thức chưa có kết quả" in str(reason)


def test_the_same_file_under_another_name_changes_nothing(book: Callable[..., Path], tmp_path: Path) -> None:
    path = book({"code": CODES[0], "result": FOUND})
    again = tmp_path / "đổi tên.xlsx"
    again.write_bytes(path.read_bytes())
    with register(tmp_path / "r.db") as connection:
        assert take(connection, path, again).to_json()["read"] == 1
        before = [connection.execute(table.select()).all() for table in schema.TABLES]
        done = take(connection, again)
        assert done.is_nothing_new and before == [connection.execute(table.select()).all() for table in schema.TABLES]


def test_rows_that_contradict_each_other_both_go_back_and_name_each_other(book: Callable[..., Path], tmp_path: Path) -> None:
    one, other = book({"code": CODES[0], "result": FOUND}, {"code": CODES[1], "result": CLEAN}), book({"code": CODES[0], "result": CLEAN})
    with register(tmp_path / "r.db") as connection:
        done = take(connection, one, other)
        (first, second) = fates(done)[CODES[0]]
        assert first[0] == second[0] == "returned"
        assert other.name in str(first[1]) and one.name in str(second[1]) and "dòng 3" in str(first[1])
        assert found_by_seller(connection) == {"S2": "cleared"}


def test_what_continues_an_answer_adds_to_it_and_an_old_copy_does_nothing(book: Callable[..., Path], tmp_path: Path) -> None:
    pending = book({"code": CODES[0], "result": "Chờ giám định/kiểm nghiệm", "happened_at": "25/11/2026", "goods_value_vnd": 5_000_000})
    found = book({"code": CODES[0], "result": FOUND, "decision_number": "7/QĐ", "decision_date": "30/11/2026", "fine_vnd": 9_000_000})
    untouched = book({"code": CODES[0], "result": "Chưa kiểm tra"})
    with register(tmp_path / "r.db") as connection:
        for path in (pending, found):
            take(connection, path)
        assert take(connection, untouched).added == {"outcomes": 0, "desk_reviews": 0, "sanction_decisions": 0}
        assert fates(take(connection, book({"code": CODES[0], "result": "Chưa kiểm tra", "note": "x"})))[CODES[0]][0][0] == "taken"
        one, decision = standing(connection, schema.OUTCOMES).iloc[0], standing(connection, schema.SANCTION_DECISIONS).iloc[0]
        assert (one["status"], one["happened_on"]) == ("confirmed", date(2026, 11, 25))
        assert (decision["number"], decision["fine_vnd"], decision["goods_value_vnd"]) == ("7/QĐ", 9_000_000, 5_000_000)
        assert len(connection.execute(schema.OUTCOMES.select()).all()) == 2


def test_a_contradiction_of_what_was_recorded_needs_somebody_to_call_it_a_correction(book: Callable[..., Path], tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, book({"code": CODES[0], "result": FOUND, "decision_number": "7/QĐ"}))
        ((fate, reason),) = fates(take(connection, book({"code": CODES[0], "result": CLEAN})))[CODES[0]]
        assert fate == "returned" and "mâu thuẫn với kết quả đã ghi" in str(reason)
        assert found_by_seller(connection) == {"S1": "confirmed"}
        take(connection, book({"code": CODES[0], "result": CLEAN, "note": "đính chính"}), correcting=True)
        assert found_by_seller(connection) == {"S1": "cleared"}
        assert standing(connection, schema.SANCTION_DECISIONS)["number"].isna().tolist() == [True]
        assert connection.execute(schema.SANCTION_DECISIONS.select()).all()[0].number == "7/QĐ"


def test_a_later_visit_counts_over_an_earlier_one_in_whatever_order_they_come(book: Callable[..., Path], tmp_path: Path) -> None:
    early, late = ({"code": CODES[0], "result": choice, "happened_at": day} for choice, day in ((FOUND, "24/11/2026"), (CLEAN, "30/11/2026")))
    for number, files in enumerate(itertools.permutations([book(early), book(late)])):
        for at_once in (True, False):
            with register(tmp_path / f"{number}{at_once}.db") as connection:
                for batch in [files] if at_once else [files[:1], files[1:]]:
                    take(connection, *batch)
                assert found_by_seller(connection) == {"S1": "cleared"}


def test_facts_survive_a_correction_of_the_list(book: Callable[..., Path], tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, book({"code": CODES[0], "result": "Chờ giám định"}))
    with register(tmp_path / "r.db", issued(version=2)) as connection:
        take(connection, book({"code": CODES[0], "result": FOUND}))
        assert found_by_seller(connection) == {"S1": "confirmed"}


def test_what_else_was_found_is_read_from_the_officers_words(book: Callable[..., Path], tmp_path: Path) -> None:
    other = {"result": "Có vi phạm khác"}
    rows = [
        {"code": CODES[0], "behaviours": "Hàng hóa KHÔNG RÕ NGUỒN GỐC", **other},
        {"code": CODES[1], "behaviours": "vi phạm phòng cháy", **other},
        {"code": CODES[2], "behaviours": "không phải hàng giả, không có hóa đơn", **other},
        {"code": CODES[3], "result": FOUND, "behaviours": "thêm: không niêm yết giá"},
    ]
    with register(tmp_path / "r.db") as connection:
        take(connection, book(*rows))
        assert standing(connection, schema.OUTCOMES)["behaviours"].tolist() == ["smuggled", "other", "smuggled", "counterfeit,undisclosed"]


def test_a_phone_number_in_a_note_is_not_kept(book: Callable[..., Path], tmp_path: Path) -> None:
    with register(tmp_path / "r.db") as connection:
        take(connection, book({"code": CODES[0], "result": CLEAN, "note": "chủ shop 0900000001"}))
    assert b"0900000001" not in (tmp_path / "r.db").read_bytes()


def test_a_file_that_is_no_workbook_is_named_and_the_rest_goes_on(
    book: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.returns.sheets.MOST_BYTES", 1_000_000)
    broken, bomb = tmp_path / "hỏng.xlsx", tmp_path / "bom.xlsx"
    broken.write_bytes(b"PK\x03\x04 no zip")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 1_100_000)
    with register(tmp_path / "r.db") as connection:
        done = take(connection, broken, bomb, tmp_path / "missing.xlsx", book({"code": CODES[0], "result": CLEAN}))
        assert [bool(one.problem) for one in done.files] == [True, True, True, False]
        assert found_by_seller(connection) == {"S1": "cleared"}
        assert not take(connection, broken).is_nothing_new


def test_rows_sent_back_can_be_corrected_in_their_workbook_and_sent_again(book: Callable[..., Path], tmp_path: Path) -> None:
    back = tmp_path / "tra-lai.xlsx"
    with register(tmp_path / "r.db") as connection:
        unclear = {"code": CODES[0], "result": "Có vi phạm", "fine_vnd": 5_000_000, "happened_at": date(2026, 11, 25)}
        done = take(connection, book(unclear, {"code": "?", "note": "@SUM(1)"}))
        write_returned(back, done.files)
        book_back = openpyxl.load_workbook(back)
        sheet = book_back[ROWS_SHEET]
        heads = [cell.value for cell in sheet[2]]
        assert [sheet.cell(4, heads.index(HEADINGS["note"]) + 1).value, sheet.cell(4, heads.index("Mã dòng") + 1).value] == ["@SUM(1)", "?"]
        assert sheet.cell(4, heads.index(HEADINGS["note"]) + 1).data_type == "s"
        sheet.cell(3, heads.index(HEADINGS["result"]) + 1).value = FOUND
        sheet.delete_rows(4)
        book_back.save(back)
        again = take(connection, back)
        assert again.to_json()["taken"] == again.to_json()["read"] == 1
        assert standing(connection, schema.SANCTION_DECISIONS)["fine_vnd"].tolist() == [5_000_000]


def test_every_choice_of_the_drop_downs_is_read_and_no_two_are_near_each_other() -> None:
    for choice in RESULT_CHOICES:
        assert read_result(choice) == read_result(choice.upper()) == read_result(f" {choice}. ") == choice
    assert read_opinion("Không – đã kiểm tra tháng trước") == ("refuse", "đã kiểm tra tháng trước")
    assert read_opinion("Đòng ý") == ("agree", "") and read_opinion("") is None and read_opinion("xem lại") is None


@given(st.sampled_from(sorted(RESULT_CHOICES)), st.data())
def test_a_slip_of_the_finger_never_turns_one_result_into_another(choice: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(choice) - 1))
    letter = data.draw(st.sampled_from("abcdeghiklmnopqrstuvxyăâđêôơư"))
    for slip in (choice[:at] + letter + choice[at + 1 :], choice[:at] + choice[at + 1 :], choice[:at] + letter + choice[at:]):
        assert read_result(slip) in (choice, None)


@given(st.sampled_from(CODES), st.data())
def test_a_wrong_code_is_never_taken_for_another_row(code: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(code) - 1))
    wrong = code[:at] + data.draw(st.sampled_from("0123456789ABCDEFGHJK-")) + code[at + 1 :]
    assert not set(codes_in(wrong)) & set(CODES) - {code}
    assert meant(code, {*CODES} - {code}) is None or meant(code, {*CODES}) != code


@given(st.integers(10_000, 10**12))
def test_a_sum_is_read_the_same_as_number_and_as_printed(amount: int) -> None:
    dots = f"{amount:,}".replace(",", ".")
    assert read_vnd(amount) == read_vnd(float(amount)) == read_vnd(dots) == read_vnd(f"{dots} đ") == read_vnd(f"{amount:,} đồng") == amount


@given(st.dates(date(2026, 11, 23), date(2027, 11, 22)))
def test_a_day_is_read_the_same_however_it_is_written(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    forms: list[Any] = [day, datetime(day.year, day.month, day.day), serial, f"{day:%d/%m/%Y}", f"{day:%d-%m-%y}", f"{day:%Y-%m-%d}"]
    forms += [f"{day.day}.{day.month}.{day.year}", f"ngày {day.day} tháng {day.month} năm {day.year}", f"{day.day}/{day.month}"]
    assert {read_day(form, since=date(2026, 11, 23)) for form in forms} == {day}


RESULTS = st.builds(
    Result, status=st.sampled_from(["not_inspected", "not_found", "pending", "cleared", "confirmed"]),
    happened_on=st.sampled_from([None, date(2026, 11, 24), date(2026, 11, 30)]), fine_vnd=st.sampled_from([None, 5_000_000]),
)  # fmt: skip


@given(st.lists(st.one_of(RESULTS), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_what_stands_does_not_depend_on_the_order_in_which_rows_are_read(rows: list[Result], random: Any) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    one, other = settle(dict(enumerate(rows)), None), settle({place: rows[at] for place, at in enumerate(order)}, None)
    assert {order.index(at) for at in one.refused} == set(other.refused)
    assert [step.part for step in one.steps][-1:] == [step.part for step in other.steps][-1:]


@given(st.lists(st.sampled_from(["agree", "refuse", "postpone"]), min_size=1, max_size=4))
def test_of_opinions_only_a_postponed_one_gives_way(said: list[str]) -> None:
    done = settle({at: Opinion(one) for at, one in enumerate(said)}, None)
    decided = {one for one in said if one != "postpone"}
    assert bool(done.refused) == (len(decided) == 2)
    stands = sorted(decided) if len(decided) == 1 else ["postpone"] if "postpone" in said else []
    assert [step.part.opinion for step in done.steps if isinstance(step.part, Opinion)][-1:] == stands


WORDS = st.sampled_from([*RESULT_CHOICES, "co vi pham", "5 triệu", "25/11/2026", "Có", "x", "=1", "Đồng ý", *CODES[:3]])
NUMBERS = st.one_of(st.integers(-5, 10**7), st.floats(allow_nan=False, allow_infinity=False, width=32), st.booleans())
CELLS = st.one_of(st.none(), WORDS, NUMBERS, st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.text("aạ €0-/\n", max_size=8))


@settings(max_examples=30)
@given(st.lists(st.lists(CELLS, max_size=8), max_size=6), st.permutations([column.heading for column in RESULT_COLUMNS[2:]]))
def test_no_workbook_loses_a_row_or_stops_the_import(rows: list[list[Any]], headings: list[str]) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Mã dòng", *headings, "Cột lạ"])
    for at, row in enumerate(rows):
        book.worksheets[0].append([CODES[at], *row])
    stream = io.BytesIO()
    book.save(stream)
    file = ReturnedFile(Path("thử.xlsx"))
    known = {code: {"first_id": at, "list_date": MONDAY, "behaviours": "counterfeit"} for at, code in enumerate(CODES)}
    read_file(file, stream.getvalue(), known, received=BACK, found_words={})
    assert file.problem is None
    assert [one.row.written for one in file.rows] == CODES[: len(rows)]
    assert all(one.reason for one in file.rows if one.fate == "returned")
