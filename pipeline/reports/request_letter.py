"""The letter "V/v đề nghị cung cấp thông tin người bán" to one platform: laid out as Nghị định 30/2020/NĐ-CP has it, without emblem or seal.

A draft until somebody signs it: number, date, issuing body where nobody named one, and the signer are left empty. It says which shops are
asked about and on what ground; it says nothing of why, so that nobody is accused by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from pipeline.law import NO_BASIS, Citation
from pipeline.platforms.registry import Platform, PlatformType
from pipeline.reports.docx_page import banner, grid, line, new_page, printable, save
from pipeline.reports.wording import SYNTHETIC, format_date

DRAFT = "DỰ THẢO"
SUBJECT = "V/v đề nghị cung cấp thông tin người bán"
ASKED = (
    "Tên người bán, tên cơ sở hoặc tên doanh nghiệp đã đăng ký với sàn",
    "Mã số thuế; số, ngày, nơi cấp giấy chứng nhận đăng ký doanh nghiệp hoặc hộ kinh doanh (nếu có)",
    "Địa chỉ trụ sở, địa chỉ kinh doanh, địa chỉ kho hoặc nơi lấy hàng",
    "Số điện thoại, thư điện tử đã đăng ký",
    "Ngày mở gian hàng; gian hàng còn hoạt động hay đã khóa, ngày khóa",
    "Các gian hàng khác của cùng người bán trên sàn",
)
_SIZE = 13.0
_BLANK_UNIT = "………………………………"


@dataclass(frozen=True)
class Request:
    """What one letter asks. ``rows``: number, shop id, shop name, row code. ``due_hours``: ``None`` where the day's law gives no basis."""

    platform: Platform | None
    name_vi: str
    type: PlatformType | None
    drafted_on: date
    rows: Sequence[tuple[int, str, str, str]]
    n_listings: int
    grounds: Sequence[Citation]
    personal_data: Sequence[Citation]
    due_hours: int | None
    due_basis: str
    list_file: str
    authority: str | None
    synthetic: bool = False


def write_request(request: Request, path: Path) -> None:
    """Write the letter; the same bytes for the same request."""
    document = new_page(f"{SUBJECT} – {request.name_vi}", made_on=request.drafted_on)
    _margins(document)
    banner(document, DRAFT)
    if request.synthetic:
        banner(document, SYNTHETIC)
    _heads(document, request)
    _to(document, request)
    _body(document, request)
    _end(document)
    _list(document, request)
    save(document, path)


def _margins(document: Document) -> None:
    """The decree's margins and its page number: at the top, from the second page on. Our footer is for papers that stay inside."""
    section = document.sections[0]
    section.top_margin = section.bottom_margin = section.right_margin = Cm(2)
    section.left_margin = Cm(3)
    section.different_first_page_header_footer = True
    for run in list(section.footer.paragraphs[0].runs):
        run._r.getparent().remove(run._r)
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    number._p.append(field)


def _heads(document: Document, request: Request) -> None:
    table = document.add_table(rows=1, cols=2)
    left, right = _halves(table, 6.6, 9.4)
    unit = (request.authority or _BLANK_UNIT).upper()
    _lines(left, [("CƠ QUAN CHỦ QUẢN", False), (unit, True), ("–––––––", False), ("Số:       /      -        ", False), (SUBJECT, False)])
    _lines(
        right,
        [
            ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", True),
            ("Độc lập - Tự do - Hạnh phúc", True),
            ("–––––––––––––––––––––", False),
            ("……………, ngày …… tháng …… năm ………", False),
        ],
    )
    right.paragraphs[3].runs[0].italic = True


def _to(document: Document, request: Request) -> None:
    platform = request.platform
    whom = platform.legal_entity if platform and platform.legal_entity else f"{_BLANK_UNIT} (đơn vị vận hành {request.name_vi})"
    _text(document, f"Kính gửi: {whom}", bold=True, centred=True, before=10)
    if platform and platform.address:
        _text(document, f"Địa chỉ: {platform.address}", centred=True)
    else:
        _text(document, f"Địa chỉ: {_BLANK_UNIT}", centred=True)


def _body(document: Document, request: Request) -> None:
    kind = f" ({request.type.name_vi.lower()})" if request.type and request.type.instrument else ""
    for ground in request.grounds:
        _text(document, f"Căn cứ {ground.text_vi}{_mark(ground)}: {ground.says_vi.lower()};")
    if not request.grounds:
        _text(document, f"Căn cứ: {NO_BASIS} cho ngày {format_date(request.drafted_on)}; người soạn thảo ghi căn cứ;")
    _text(
        document,
        "Để phục vụ việc rà soát, xác minh theo chức năng, nhiệm vụ được giao, "
        f"{request.authority or _BLANK_UNIT} đề nghị Quý đơn vị cung cấp thông tin của người bán đứng sau {len(request.rows)} gian hàng, "
        f"tin đăng trên {request.name_vi}{kind} nêu tại danh sách kèm theo (bản điện tử: {request.list_file}), gồm:",
    )
    for number, what in enumerate(ASKED, start=1):
        _text(document, f"{number}. {what}.")
    _text(document, f"Thời hạn trả lời: {_due(request)}", bold=True)
    _text(
        document,
        "Đề nghị điền vào các cột để trống của danh sách và gửi lại bằng văn bản kèm tệp; dòng nào không có thông tin xin ghi rõ lý do.",
    )
    said = "; ".join(f"{one.text_vi}{_mark(one)}" for one in request.personal_data)
    _text(
        document,
        "Thông tin được cung cấp chỉ dùng cho việc rà soát, xác minh, được bảo mật và xử lý theo pháp luật về bảo vệ dữ liệu cá nhân"
        + (f" ({said})." if said else ".")
        + " Đề nghị không thông báo nội dung văn bản này cho người bán khi chưa trao đổi với cơ quan gửi.",
    )


def _due(request: Request) -> str:
    if request.due_hours is None:
        return f"…………………… ({NO_BASIS}: người soạn thảo ghi thời hạn và căn cứ)."
    return f"{request.due_hours} giờ kể từ khi tiếp nhận yêu cầu, theo {request.due_basis}."


def _list(document: Document, request: Request) -> None:
    document.add_page_break()
    _text(document, "DANH SÁCH GIAN HÀNG, TIN ĐĂNG ĐỀ NGHỊ CUNG CẤP THÔNG TIN", bold=True, centred=True)
    _text(document, "(Kèm theo Công văn số      /      -       ngày …… tháng …… năm ………)", centred=True)
    rows = [[((str(number), False),), ((shop, False),), ((name, False),), ((code, False),)] for number, shop, name, code in request.rows]
    grid(document, ("STT", "Mã gian hàng / mã tin", "Tên gian hàng", "Mã dòng"), rows, widths=(1.2, 5.0, 6.0, 3.8), size=11)


def _end(document: Document) -> None:
    _text(document, "Trân trọng./.", before=4).paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=2)
    # The signer's name must not stand alone on a page.
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    left, right = _halves(table, 6.6, 9.4)
    _lines(left, [("Nơi nhận:", True), ("- Như trên;", False), ("- Lưu: VT, …………", False)], centred=False, size=11)
    left.paragraphs[0].runs[0].italic = True
    signs = [("QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ", True), ("(Chữ ký, dấu, chữ ký số của cơ quan)", False), ("", False)]
    _lines(right, [*signs, ("Họ và tên: ………………………", False)])


def _halves(table: Table, *widths: float) -> tuple[_Cell, _Cell]:
    table.autofit = False
    left, right = table.rows[0].cells
    for column, cell, width in zip(table.columns, (left, right), widths, strict=True):
        column.width = cell.width = Cm(width)
    return left, right


def _mark(citation: Citation) -> str:
    return "" if citation.verified else " (chưa kiểm chứng)"


def _lines(cell: _Cell, texts: Sequence[tuple[str, bool]], *, centred: bool = True, size: float = 12.0) -> None:
    for number, (text, bold) in enumerate(texts):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        run = paragraph.add_run(printable(text))
        run.bold, run.font.size = bold or None, Pt(size)
        paragraph.paragraph_format.space_after = Pt(0)
        if centred:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _text(document: Document, text: str, *, bold: bool = False, centred: bool = False, before: float = 0) -> Paragraph:
    paragraph = line(document, text, bold=bold, size=_SIZE, centred=centred)
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(2)
    if not centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.first_line_indent = Cm(1)
    return paragraph
