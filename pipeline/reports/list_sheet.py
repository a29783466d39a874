"""The sheet "Danh sách": what is printed and signed. Nine columns, ten targets on the first page, nothing below 10 points."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from pipeline.reports import target_row
from pipeline.reports.results_sheet import LIST_COLUMNS, N_PRINTED, OPINION_RANGE, choose_from, refuse_typing_over
from pipeline.reports.safe_text import for_cell
from pipeline.reports.sheet_styles import Styles, row_height, set_landscape, write_link
from pipeline.reports.text_width import cut_sentence, cut_to_lines, n_lines
from pipeline.reports.wording import DRAFT, LEVEL_ONE, OLD_DATA, SYNTHETIC, format_date, list_title, order_note
from pipeline.tables.targets import CHOSEN, QUEUE_ADDRESS, QUEUE_PLATFORM, WAITING

_LINES = 3
"""Lines of a printed row: ten such rows, the heading and the header fill one landscape page."""
_AT = {one.key: column for column, one in enumerate(LIST_COLUMNS)}
_WIDTH = {one.key: one.width for one in LIST_COLUMNS}
_QUEUE_SHORT = {QUEUE_ADDRESS: "Đủ địa chỉ", QUEUE_PLATFORM: "Chưa có địa chỉ"}


def write_list(sheet: Worksheet, styles: Styles, targets: pd.DataFrame, summary: dict[str, Any], *, n_all: int) -> None:
    """Write ``targets`` in the order given; ``n_all`` says how many there are where not all are shown."""
    header = _heading(sheet, styles, summary)
    for column, one in enumerate(LIST_COLUMNS):
        sheet.set_column(column, column, one.width)
        sheet.write_string(header, column, one.heading, styles["head_answer" if one.filled_by_person else "head"])
    sheet.set_row(header, row_height([(one.heading, one.width - 1.5) for one in LIST_COLUMNS]))
    for at, row in enumerate(targets.itertuples(), start=header + 1):
        _target(sheet, at, row, styles)
    last = header + max(1, len(targets))
    if not len(targets):
        sheet.write_string(header + 1, 0, "Không có đối tượng nào đủ dấu hiệu.", styles["note"])
    elif n_all > len(targets):
        sheet.write_string(last + 1, 0, f"Còn {n_all - len(targets)} đối tượng đang chờ, ghi trong targets.csv.", styles["note"])
    _controls(sheet, header, last)
    printed = int(targets["standing"].ne(WAITING).sum()) if len(targets) else 1
    set_landscape(sheet, header=header, last=header + max(1, printed), columns=N_PRINTED)


def _heading(sheet: Worksheet, styles: Styles, summary: dict[str, Any]) -> int:
    """Write the lines above the table; returns the header's row."""
    sheet.write_string(0, 0, list_title(date.fromisoformat(summary["as_of"])), styles["title"])
    sheet.set_row(0, 18)
    _approval(sheet, styles, summary)
    data_date = format_date(date.fromisoformat(summary["data_date"]))
    sheet.set_row(1, 14)
    sheet.set_row(2, 14)
    sheet.write_string(2, 0, f"Ngày dữ liệu: {data_date}. {order_note(summary['score_kind'])}", styles["note"])
    banners = [text for wanted, text in ((summary["is_old"], OLD_DATA), (summary["synthetic"], SYNTHETIC)) if wanted]
    if not banners:
        return 3
    sheet.merge_range(3, 0, 3, N_PRINTED - 1, " · ".join(banners), styles["warn"])
    return 4


def _approval(sheet: Worksheet, styles: Styles, summary: dict[str, Any]) -> None:
    """Draft until somebody's name and day stand here: then the word fades, without a formula in any cell."""
    issued = summary.get("list_name")
    person, day = summary.get("approver"), summary.get("approved_on")
    sheet.write_string(1, 3, "Người duyệt:", styles["label"])
    sheet.write_string(1, 6, "Ngày duyệt:", styles["label"])
    if person and day:
        sheet.write_string(1, 0, str(issued or ""), styles["approved"])
        sheet.write_string(1, 4, for_cell(str(person)), styles["answer"])
        sheet.merge_range(1, 7, 1, 8, format_date(date.fromisoformat(str(day))), styles["answer"])
        return
    sheet.write_string(1, 0, " · ".join(part for part in (str(issued or ""), DRAFT) if part), styles["draft"])
    sheet.write_blank(1, 4, None, styles["answer"])
    sheet.merge_range(1, 7, 1, 8, None, styles["answer_date"])
    sheet.conditional_format(1, 0, 1, 0, {"type": "formula", "criteria": '=AND($E$2<>"",$H$2<>"")', "format": styles["faded"]})


def _target(sheet: Worksheet, at: int, row: Any, styles: Styles) -> None:
    first = row.level == LEVEL_ONE
    number = f"{row.rank}" if row.standing == CHOSEN else f"{row.rank} · {row.standing}"
    printed = {
        "number_and_code": f"{number}\n{row.code}\n{row.level}",
        "shop": target_row.shop_in(row, _WIDTH["shop"], _LINES),
        "goods": cut_to_lines(target_row.goods(row), _WIDTH["goods"], _LINES),
        "signs": _few_signs(row.signs.split("; ")),
        "reasons": _few_reasons(row),
        "location": _place(row),
        "counts": f"{row.n_flagged}/{row.n_collected}",
        "action": cut_to_lines(row.action, _WIDTH["action"], _LINES),
    }
    screen = {
        "level": row.level,
        "standing": row.standing,
        "queue": target_row.value_of(row, "queue"),
        "change": target_row.change(row),
        "authority": target_row.authorities(row),
        "all_signs": row.signs.replace("; ", "\n"),
        "all_reasons": _bullets(target_row.items_of(row, "reasons")),
        "to_verify": _bullets(target_row.items_of(row, "to_verify")),
        "notes": _bullets(target_row.notes(row)),
        "network": _bullets(target_row.items_of(row, "network_shops")),
    }
    for key, text in {**printed, **screen}.items():
        style = "centre" if key in ("counts", "level", "standing") else "cell"
        if key == "number_and_code":
            style = "code_first" if first else "code"
        sheet.write_string(at, _AT[key], for_cell(str(text)), styles[style])
    for key in ("opinion", "opinion_reason"):
        sheet.write_blank(at, _AT[key], None, styles["answer"])
    url = target_row.value_of(row, "subject_url", None)
    write_link(sheet, at, _AT["link"], url, "Mở trên sàn" if url else "", styles)
    sheet.set_row(at, row_height([(printed["number_and_code"], _WIDTH["number_and_code"])], least=_LINES))


def _few_signs(signs: list[str]) -> str:
    """The strongest sign in full; how many others there are."""
    more = f" (và {len(signs) - 1} dấu hiệu khác)" if len(signs) > 1 else ""
    whole = signs[0] + more
    return whole if n_lines(whole, _WIDTH["signs"]) <= _LINES else cut_to_lines(signs[0], _WIDTH["signs"], _LINES)


def _few_reasons(row: Any) -> str:
    """The main reason, then as many others as three lines hold."""
    width = _WIDTH["reasons"]
    text = cut_sentence(target_row.main_reason(row), width, _LINES)
    for reason in target_row.other_reasons(row):
        longer = f"{text}; {reason[:1].lower()}{reason[1:]}"
        if n_lines(longer, width) > _LINES:
            continue
        text = longer
    return text


def _place(row: Any) -> str:
    queue = _QUEUE_SHORT.get(str(target_row.value_of(row, "queue")), "")
    text = cut_to_lines(target_row.place(row), _WIDTH["location"], 2 if queue else _LINES)
    return f"{text}\n{queue}" if queue else text


def _bullets(items: list[str]) -> str:
    return "\n".join(f"• {item}" for item in items)


def _controls(sheet: Worksheet, header: int, last: int) -> None:
    refuse_typing_over(sheet, header + 1, _AT["number_and_code"], last)
    choose_from(sheet, header + 1, _AT["opinion"], last, f"={OPINION_RANGE}")
    sheet.autofilter(header, 0, last, len(LIST_COLUMNS) - 1)
    sheet.freeze_panes(header + 1, 2)
