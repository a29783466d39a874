"""A page of A4 in Word's format: Times New Roman, Vietnamese, the footer on every page; same content, same bytes.

Text of sellers goes in as text and nothing else: no field, no link, no character that XML forbids or that turns text around.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from pipeline.reports.docx_template import TEXT_WIDTH, empty_document
from pipeline.reports.safe_text import dead_link, live_link, visible

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
#: Seen by nobody, or a line end of another kind; beyond what `visible` takes out.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\ufff9-\ufffb\U000e0000-\U000e0fff]")
_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
#: Letters of Vietnamese carry two marks at most; a pile of them would cover the lines around.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_MARK}{{3}}){_MARK}+")

Pieces = Sequence[tuple[str, bool]]
"""Text with what is to be bold."""


@dataclass(frozen=True)
class Approval:
    """Who let a paper out as final, and when; without one it says that it is a draft."""

    approver: str
    approved_on: date


def as_dict(row: Any) -> dict[str, Any]:
    """Return a row of a table (of ``itertuples``, a Series or a mapping) as a mapping."""
    return row._asdict() if hasattr(row, "_asdict") else dict(row)


def text_or(value: Any, otherwise: str) -> str:
    """Return ``value`` where it is text with something in it, else ``otherwise``."""
    return value if isinstance(value, str) and value.strip() else otherwise


def printable(text: str) -> str:
    """Return ``text`` as it may stand on paper: nothing unseen, nothing that turns text around, no piles of marks.

    >>> printable("ab\\u202ecd")
    'abcd'
    """
    return _PILE.sub(r"\1", _UNSEEN.sub("", visible(_LINE_ENDS.sub("\n", text))))


def shortened(text: str, at_most: int) -> str:
    """Return what is `printable` of ``text``, cut where it is longer than ``at_most`` characters, and saying so.

    >>> shortened("abcdef", 3)
    'abc… (lược bớt 3 ký tự)'
    """
    clean = printable(text)
    return clean if len(clean) <= at_most else f"{clean[:at_most]}… (lược bớt {len(clean) - at_most} ký tự)"


def address(url: Any, *, at_most: int = 600) -> str:
    """Return an address as text: whole where it leads to a registered site, else so that nothing makes a link of it."""
    return shortened(live_link(url) or dead_link(url), at_most) or "dữ liệu không có địa chỉ"


def new_page(title: str, *, made_on: date) -> Document:
    """Return an empty A4 page with our fonts and footer. ``made_on`` is the only date the file's properties hold."""
    document = docx.Document(io.BytesIO(empty_document()))
    moment = datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC)
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by, properties.language = title, "SoiHàng", "SoiHàng", "vi-VN"
    properties.created = properties.modified = moment
    properties.comments = properties.keywords = properties.subject = ""
    properties.revision = 1
    return document


def heading(document: Document, text: str) -> None:
    """Add the heading of a part."""
    document.add_heading(text, level=1)


def line(
    place: Document | _Cell, text: str, *, bold: bool = False, italic: bool = False, size: float | None = None, centred: bool = False
) -> Paragraph:
    """Add a paragraph."""
    paragraph = place.add_paragraph()
    run = paragraph.add_run(printable(text))
    run.bold, run.italic = bold or None, italic or None
    if size is not None:
        run.font.size = Pt(size)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def banner(document: Document, text: str) -> None:
    """Add a line that must not be overlooked."""
    paragraph = line(document, text, bold=True, size=13, centred=True)
    paragraph.runs[0].font.color.rgb = RGBColor(0x9C, 0x2A, 0x1B)


def bullets(document: Document, texts: Iterable[str]) -> None:
    """Add a list of sentences."""
    for text in texts:
        document.add_paragraph(printable(text), style="List Bullet")


def facts(document: Document, rows: Iterable[tuple[str, str]], *, names: float = 5.0, size: float = 11) -> None:
    """Add a table of name and value; ``names`` is the first column's width in cm."""
    grid(document, (), [[((name, True),), ((value, False),)] for name, value in rows], widths=(names, TEXT_WIDTH - names), size=size)


def grid(
    document: Document,
    header: Sequence[str],
    rows: Iterable[Sequence[Pieces]],
    *,
    widths: Sequence[float],
    size: float = 11,
    torn_rows: bool = False,
) -> Table:
    """Add a table with columns of ``widths`` cm whose header is repeated on each page; rows go over a page's end only with ``torn_rows``."""
    table: Table = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    if header:
        _fill(table, [((name, True),) for name in header], widths, size, "tblHeader")
    for row in rows:
        _fill(table, row, widths, size, "" if torn_rows else "cantSplit")
    return table


def blanks(document: Document, names: Iterable[str], *, height: float = 0.9) -> None:
    """Add a table of names beside empty cells, at least ``height`` cm high, for a person to fill in."""
    table = grid(document, (), [[((name, False),), (("", False),)] for name in names], widths=(6.5, TEXT_WIDTH - 6.5))
    for row in table.rows:
        row.height = Cm(height)


def signatures(document: Document, roles: Sequence[str]) -> None:
    """Add places to sign, side by side; names are written by hand."""
    table = document.add_table(rows=1, cols=len(roles))
    for cell, role in zip(table.rows[0].cells, roles, strict=True):
        cell.paragraphs[0].add_run("Ngày …… tháng …… năm ………").italic = True
        line(cell, role, bold=True)
        line(cell, "(ký, ghi rõ họ tên)", italic=True)
        for paragraph in cell.paragraphs:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.keep_with_next = True
    _property(table.rows[0], "cantSplit")


def save(document: Document, path: Path) -> None:
    """Write the document: the same bytes for the same content, whatever the clock says."""
    made = io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in parts.namelist():
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            archive.writestr(info, parts.read(name))


def _fill(table: Table, pieces: Sequence[Pieces], widths: Sequence[float], size: float, mark: str) -> None:
    row = table.add_row()
    if mark:
        _property(row, mark)
    for cell, runs, width in zip(row.cells, pieces, widths, strict=True):
        cell.width = Cm(width)
        paragraph = cell.paragraphs[0]
        for text, bold in runs:
            run = paragraph.add_run(printable(text))
            run.bold = bold or None
            run.font.size = Pt(size)


def _property(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(f"w:{name}"))
