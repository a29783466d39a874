"""An issued list is frozen, found by its codes and verified elsewhere; a correction is the next version with its differences; alerts are few."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import DataError
from pipeline.cli import app
from pipeline.codes import is_valid, number_of, row_codes
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.planning.changes import compare, left_since
from pipeline.planning.issued import IssuedList, alerts, last_list, versions
from pipeline.reports.docx_page import Approval
from pipeline.sources.mapping import load_mappings
from pipeline.stages.choose import choose
from pipeline.stages.issue import Issue, issue_alert, issue_list
from pipeline.stages.judge import judge
from pipeline.stages.plan import Plan
from pipeline.stages.take_in import take_in
from pipeline.store import read_json, read_parquet
from pipeline.trail.chain import read_entries
from pipeline.trail.sealed import crawls_of
from pipeline.trail.verify import verify

WEEK, AS_OF = "2026-W48", date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
COLUMNS = ["sàn", "mã tin", "tiêu đề", "ngày thu thập", "giá bán", "mã gian hàng", "tên gian hàng", "nơi gửi"]
BAG, CREAM = "Túi xách nữ Gucci Marmont super fake loại 1", "Kem dưỡng da Estee Lauder Advanced Night Repair 50ml super fake loại 1"
OFFERS = [("A", BAG, "An Giang"), ("B", BAG, "An Giang"), ("C", BAG, "An Giang"), ("KEM", CREAM, "Cà Mau"), ("D", BAG, "Cà Mau")]


@dataclass
class Week:
    """A scored crawl, its folder of issued lists and what was issued on the way: bản 1, a correction without seller B, an alert."""

    out: Path
    issued: Path
    first: IssuedList
    second: IssuedList
    alert: IssuedList
    plan: Plan

    def choose(self, as_of: date = AS_OF, snooze: str | None = None) -> Plan:
        return plan_on(self.out, self.issued, as_of, snooze)


def plan_on(out: Path, issued: Path, as_of: date = AS_OF, snooze: str | None = None) -> Plan:
    inputs = out / f"inputs-{snooze}"
    inputs.mkdir(exist_ok=True)
    if snooze:
        text = f"san,ma_nguoi_ban,nhan_hieu,ly_do,den_ngay\nshopee,{snooze},,đã liên hệ với sàn,2026-11-30\n"
        (inputs / "snooze.csv").write_text(text, encoding="utf-8")
    config = load_run_config()
    settings = config.plan.model_copy(update={"issued": issued, "inputs": inputs})
    return choose(out, config=config.model_copy(update={"plan": settings}), as_of=as_of)[0]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    out = tmp_path_factory.mktemp("week")
    crawl, issued = out / "crawl.csv", out / "issued"
    with crawl.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for n, (seller, title, place) in enumerate(OFFERS):
            writer.writerow(["shopee", f"T{n}", title, "2026-11-20", "30.000", seller, f"Gian {seller}", place])
    take_in([crawl], out=out, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
    judge(out, config=load_run_config())
    crawls, issue = crawls_of(out / "work", [crawl], load_mappings()), Issue("Người thử", NOW)
    plan_on(out, issued)
    first = issue_list(out / "work", issued, crawls, issue)
    plan = plan_on(out, issued, snooze="B")
    approval = Approval("Người duyệt thử", date(2026, 11, 24))
    second = issue_list(out / "work", issued, crawls, Issue("Người thử", NOW, approval, why="hoãn gian B"))
    code = plan.targets.set_index("seller_id").loc["KEM", "code"]
    alert = issue_alert(out / "work", issued, crawls, issue, code=code, at_most=1, health=1.5)
    return Week(out, issued, first, second, alert, plan)


def test_an_issued_list_holds_when_verified_elsewhere_as_folder_and_as_one_file(week: Week) -> None:
    for one in (week.first, week.second, week.alert):
        assert verify(one.folder).holds and verify(one.folder.with_name(f"{one.folder.name}.zip")).holds


def test_it_holds_rows_workbooks_forms_and_raw_lines(week: Week) -> None:
    folder = week.first.folder
    assert folder == week.issued / WEEK / "ban-1" and week.first.label == "Danh sách số 48/2026, bản 1"
    rows = week.first.targets()
    assert {path.name for path in (folder / "plans").glob("*.xlsx")} == {"AG.xlsx", "CM.xlsx"}
    assert {path.stem for path in (folder / "forms").glob("*.docx")} == {*rows["code"], *(f"{code}-01" for code in rows["code"])}
    assert sum("super fake" in path.read_text(encoding="utf-8") for path in (folder / "evidence" / "raw").iterdir()) == len(OFFERS)


def test_a_change_of_a_frozen_file_is_named(week: Week, tmp_path: Path) -> None:
    import shutil

    copy = shutil.copytree(week.first.folder, tmp_path / "ban-1")
    (copy / "issue.json").write_text("{}", encoding="utf-8")
    assert str(verify(copy).problems[0]).startswith("issue.json: changed")


def test_a_correction_keeps_codes_says_what_it_replaces_and_who_left(week: Week) -> None:
    first, second = (one.targets().set_index("subject") for one in (week.first, week.second))
    assert first["code"].equals(second["code"].reindex(first.index)), "a code names the same subject in every version"
    assert week.second.facts["replaces"] == week.first.label and week.second.facts["why"] == "hoãn gian B"
    changes = read_parquet(week.second.folder / "changes.parquet")
    gone = changes[changes["change"].eq("Ra khỏi danh sách")]
    assert gone["subject"].tolist() == ["shopee|id|B"] and "đã liên hệ với sàn" in gone["change_why"].iat[0]


def test_an_approved_list_names_who_and_when(week: Week) -> None:
    assert week.second.facts["approver"] == "Người duyệt thử" and read_json(week.second.folder / "summary.json")["approved_on"] == "2026-11-24"
    assert week.first.facts["approver"] is None


def test_the_log_says_what_was_issued_and_corrected_without_a_name_of_anyone_on_the_list(week: Week) -> None:
    with (week.issued / "log.jsonl").open("rb") as stream:
        entries = list(read_entries(stream))
    assert [entry.event for entry in entries if entry.event.startswith("list_")] == ["list_issued", "list_changed", "list_issued"]
    text = (week.issued / "log.jsonl").read_text(encoding="utf-8")
    assert "Gian A" not in text and "super fake" not in text


def test_a_list_issued_is_not_issued_again_without_reason_or_difference(week: Week, tmp_path: Path) -> None:
    week.choose(snooze="B")
    before = sorted(week.issued.rglob("*"))
    with pytest.raises(DataError, match="needs its reason"):
        issue_list(week.out / "work", week.issued, {}, Issue("Người thử", NOW))
    with pytest.raises(DataError, match="nothing differs"):
        issue_list(week.out / "work", week.issued, {}, Issue("Người thử", NOW, why="thử"))
    assert sorted(week.issued.rglob("*")) == before


def test_where_raw_lines_cannot_be_sealed_nothing_is_issued(week: Week, tmp_path: Path) -> None:
    week.choose()
    with pytest.raises(DataError, match="no crawl file"):
        issue_list(week.out / "work", tmp_path / "issued", {}, Issue("Người thử", NOW))
    assert not list((tmp_path / "issued" / WEEK).iterdir()) and not (tmp_path / "issued" / "log.jsonl").exists()


def test_quick_alerts_are_few_and_for_goods_that_can_hurt(week: Week) -> None:
    assert [one.facts["list"] for one in alerts(week.issued, WEEK)] == ["CB1-48/2026"] and len(week.alert.targets()) == 1
    codes = week.choose(snooze="B").targets.set_index("seller_id")["code"]
    with pytest.raises(DataError, match="1 are the most"):
        issue_alert(week.out / "work", week.issued, {}, Issue("x", NOW), code=codes["KEM"], at_most=1, health=1.5)
    with pytest.raises(DataError, match="no case for a quick alert"):
        issue_alert(week.out / "work", week.issued, {}, Issue("x", NOW), code=codes["A"], at_most=3, health=1.5)


def test_next_week_says_what_changed_since_the_latest_version(week: Week) -> None:
    plan = week.choose(as_of=date(2026, 12, 1))
    rows = plan.targets.set_index("seller_id")
    assert plan.compared_with == "Danh sách số 48/2026, bản 2"
    assert rows.loc["A", "change"] == "Giữ nguyên hạng" and rows.loc["A", "change_why"] == "Dấu hiệu như cũ"
    assert rows.loc["B", "change"] == "Vào danh sách" and "Trước ở diện Tạm hoãn" in rows.loc["B", "change_why"]
    assert rows["code"].str.contains("-2649-").all() and rows["previous_code"].str.contains("-2648-").all()


def test_a_plan_of_an_earlier_day_is_not_compared_with_later_lists(week: Week) -> None:
    assert last_list(week.issued, date(2026, 11, 20)).targets is None and last_list(week.issued, AS_OF).label.endswith("bản 2")


def test_an_unfinished_folder_is_no_list(week: Week, tmp_path: Path) -> None:
    (tmp_path / WEEK / "ban-1").mkdir(parents=True)
    assert versions(tmp_path, WEEK) == [] and last_list(tmp_path, AS_OF).targets is None


def test_the_command_wants_to_know_who_issues_and_from_which_files(week: Week) -> None:
    done = CliRunner().invoke(app, ["plan", str(week.out), "--issue", "--by", "Người thử"])
    assert done.exit_code == 2 and "--crawl" in done.output
    done = CliRunner().invoke(app, ["plan", str(week.out), "--issue", "--by", "x", "--crawl", "x", "--approver", "Người duyệt"])
    assert done.exit_code == 2 and "--approved-on" in done.output


def test_the_command_plans_and_issues_and_says_where(week: Week, tmp_path: Path) -> None:
    words = ["plan", week.out, "--as-of", "2026-11-24", "--issued", tmp_path / "issued", "--issue", "--by", "Người thử"]
    words += ["--crawl", week.out / "crawl.csv"]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0 and "Danh sách số 48/2026, bản 1: 5 rows given out" in done.output
    assert verify(tmp_path / "issued" / WEEK / "ban-1").holds
    with (tmp_path / "issued" / "log.jsonl").open("rb") as stream:
        assert [entry.event for entry in read_entries(stream)] == ["list_made", "evidence_sealed", "list_issued", "bundle_sealed"]


def test_new_rows_of_a_correction_get_the_next_numbers() -> None:
    rows = pd.DataFrame({"abbreviation": ["AG", "AG", "CM"], "subject": ["new", "old", "x"], "rank": [1, 2, 1]})
    codes = row_codes(rows, AS_OF, {("AG", "old"): "AG-2648-001-K", ("AG", "gone"): "AG-2648-004-B"})
    assert codes.iat[1] == "AG-2648-001-K" and [number_of(code) for code in codes] == [5, 1, 1] and is_valid(codes.iat[0])


def rows(**columns: list[object]) -> pd.DataFrame:
    n = len(columns["subject"])
    plain = {
        "code": [f"AG-2648-{at:03d}-A" for at in range(1, n + 1)], "authority": ["X"] * n, "queue": ["q"] * n, "standing": ["Chính thức"] * n,
        "signs": ["Dấu hiệu A"] * n, "n_flagged": [1] * n, "rank": list(range(1, n + 1)), "seller_name": [None] * n, "warnings": [[]] * n,
        **{name: [1.0] * n for name in ("factor_likelihood", "factor_severity", "factor_health", "factor_reach", "factor_value", "factor_campaign")},
    }  # fmt: skip
    return pd.DataFrame(plain | {"members": [[key] for key in columns["subject"]]} | columns)


def test_every_row_says_what_changed_and_why() -> None:
    before = rows(subject=["a", "b", "c"])
    now = rows(subject=["b", "a", "new"], n_flagged=[4, 1, 1])
    told = compare(now, before, "Danh sách số 47/2026, bản 1")
    assert told["change"].tolist() == ["Lên hạng", "Xuống hạng", "Mới"]
    assert told["change_why"].tolist() == [
        "Hạng 2 → 1. Số tin có dấu hiệu 1 → 4", "Hạng 1 → 2. Dấu hiệu như cũ; thứ tự đổi do các đối tượng khác",
        "Chưa có trong Danh sách số 47/2026, bản 1: lần đầu đủ dấu hiệu",
    ]  # fmt: skip
    assert left_since(now, before, "L")["subject"].tolist() == ["c"]


def test_a_network_that_grew_is_found_again_by_a_common_shop() -> None:
    told = compare(rows(subject=["network|N1"], members=[["a", "z"]]), rows(subject=["a"]), "L")
    assert told["change"].tolist() == ["Giữ nguyên hạng"] and told["change_why"].tolist() == ["Số gian hàng liên kết 1 → 2"]
