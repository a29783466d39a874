"""The audit of a period for leaders, in Vietnamese: a workbook, a page or Markdown, as the file's ending says."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import xlsxwriter

from pipeline.fairness.audit import Audit, Line, Rate
from pipeline.fairness.groups import GROUPS
from pipeline.reports.safe_text import for_cell, one_line
from pipeline.reports.sheet_styles import add_styles, row_height, set_landscape
from pipeline.reports.wording import FOOTER, format_count, format_date, format_share
from pipeline.store import write_atomically

TOO_FEW = "chưa đủ dữ liệu"
HEADINGS = ("Nhóm", "Được đưa vào danh sách", "Có vi phạm (trong số đã kết luận)", "Không vi phạm – báo nhầm (trong số đã kết luận)", "Ghi chú")
_WIDTHS = (34, 30, 30, 30, 38)
_CREATED = datetime(2026, 1, 1)


def write_audit(made: Audit, path: Path) -> None:
    """Write ``made`` to ``path``: .xlsx, .html, or Markdown for anything else."""
    write = {".xlsx": _workbook, ".html": _page}.get(path.suffix.lower(), _markdown)
    write_atomically(path, partial(write, made=made))


def title(made: Audit) -> str:
    """Return the heading."""
    return f"Đánh giá mức công bằng của danh sách, từ {format_date(made.first)} đến {format_date(made.last)}"


def notes(made: Audit) -> list[str]:
    """Return what a reader must know before the figures."""
    told = [
        f"{format_count(made.listed)} người bán được đưa vào danh sách chính thức; {format_count(made.open_cases)} chưa có kết luận; "
        f"{format_count(made.appealed)} được kết luận không vi phạm sau khiếu nại. Mỗi người bán tính một lần trong kỳ.",
        f"Nhóm dưới {made.least} người bán ghi “{TOO_FEW}”. Trong ngoặc là khoảng tin cậy 95 % (Wilson).",
        "Ghi chú “cao hơn”, “thấp hơn” là nơi cần xem lại, chưa phải bằng chứng đối xử khác nhau: với nhiều nhóm, khoảng 1 trong 20 lệch do "
        "ngẫu nhiên, và nhóm được đưa vào danh sách nhiều hơn có thể thực sự có nhiều dấu hiệu hơn. Tỷ lệ báo nhầm mới nói danh sách có nhầm "
        "nhóm nào nhiều hơn.",
        "Chỉ người bán đã kiểm tra mới có kết luận; người không được kiểm tra không nằm trong tỷ lệ báo nhầm.",
    ]
    return told if made.has_runs else [*told, "Không có dữ liệu thu thập của kỳ nên không tính được tỷ lệ được đưa vào danh sách."]


def shown(rate: Rate) -> str:
    """Return a rate with its numbers and interval, or that there are too few."""
    if rate.share is None or rate.low is None or rate.high is None or rate.n is None or rate.hits is None:
        return TOO_FEW
    interval = f"{format_share(rate.low)}–{format_share(rate.high)}"
    return f"{format_share(rate.share)} ({interval}); {format_count(rate.hits)}/{format_count(rate.n)}"


def _sections(made: Audit) -> Iterator[tuple[str, list[Line]]]:
    yield "Toàn kỳ", [made.whole]
    for kind, name in GROUPS.items():
        yield name, [line for line in made.lines if line.kind == kind]


def _cells(line: Line) -> tuple[str, ...]:
    return (one_line(line.group), shown(line.exposure), shown(line.found), shown(line.cleared), line.note)


def _markdown(path: Path, made: Audit) -> None:
    lines = [f"# {title(made)}", "", *(f"- {note}" for note in notes(made)), ""]
    for name, group in _sections(made):
        lines += [f"## {name}", "", f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
        lines += [f"| {' | '.join(cell.replace('|', '/') for cell in _cells(line))} |" for line in group]
        lines.append("")
    path.write_text("\n".join([*lines, FOOTER, ""]), encoding="utf-8")


def _page(path: Path, made: Audit) -> None:
    """One page that asks the network for nothing."""
    style = "body{font:15px 'Times New Roman',serif;margin:24px;max-width:1200px}table{border-collapse:collapse;width:100%;margin-bottom:18px}"
    style += "th,td{border:1px solid #8c959d;padding:4px 6px;text-align:left;vertical-align:top}th{background:#dce6ee}"
    body = [f"<h1>{html.escape(title(made))}</h1><ul>", *(f"<li>{html.escape(note)}</li>" for note in notes(made)), "</ul>"]
    for name, group in _sections(made):
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(line)) + "</tr>" for line in group)
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in HEADINGS)
        body.append(f"<h2>{html.escape(name)}</h2><table><tr>{head}</tr>{rows}</table>")
    page = f'<!doctype html><html lang="vi"><meta charset="utf-8"><title>{html.escape(title(made))}</title><style>{style}</style>'
    path.write_text(page + "".join(body) + f"<p>{html.escape(FOOTER)}</p></html>\n", encoding="utf-8")


def _workbook(path: Path, made: Audit) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title(made), "created": _CREATED})
        styles = add_styles(book)
        sheet = book.add_worksheet("Mức công bằng")
        sheet.write_string(0, 0, title(made), styles["title"])
        at = 1
        for note in notes(made):
            sheet.merge_range(at, 0, at, len(HEADINGS) - 1, note, styles["text"])
            sheet.set_row(at, row_height([(note, float(sum(_WIDTHS)))]))
            at += 1
        header = at
        for column, (heading, width) in enumerate(zip(HEADINGS, _WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(header, column, heading, styles["head"])
        sheet.set_row(header, row_height([(heading, width - 1.5) for heading, width in zip(HEADINGS, _WIDTHS, strict=True)]))
        at += 1
        for name, group in _sections(made):
            sheet.merge_range(at, 0, at, len(HEADINGS) - 1, name, styles["section"])
            at += 1
            for line in group:
                cells = _cells(line)
                for column, cell in enumerate(cells):
                    sheet.write_string(at, column, for_cell(cell), styles["cell"])
                sheet.set_row(at, row_height([(cell, float(width)) for cell, width in zip(cells, _WIDTHS, strict=True)]))
                at += 1
        sheet.freeze_panes(header + 1, 1)
        set_landscape(sheet, header=header, last=at - 1, columns=len(HEADINGS))
