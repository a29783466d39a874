"""The empty document that every form starts from: A4 upright, Times New Roman, Vietnamese, our footer; made once a process."""

from __future__ import annotations

import io
from functools import lru_cache

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from pipeline.reports.wording import FOOTER

FONT = "Times New Roman"
LANGUAGE = "vi-VN"
TEXT_WIDTH = 16.5
"""Centimetres between the margins."""

#: Parts of the library's template that show another document, or repeat its styles for Word 2007.
_NOT_OURS = ("/thumbnail", "/stylesWithEffects")
_SIZES = {"Normal": 12.0, "Heading 1": 12.0, "Title": 15.0, "Footer": 8.5}
#: What those and our tables and lists need; a hundred others would be read and written with every form.
_NEEDED = {*_SIZES, "List Bullet", "Table Grid", "Normal Table", "Default Paragraph Font", "No List"}


@lru_cache(maxsize=1)
def empty_document() -> bytes:
    """Return the document as the bytes of a DOCX file."""
    document = docx.Document()
    for part in (document.part.package, document.part):
        for name in [name for name, one in part.rels.items() if one.reltype.endswith(_NOT_OURS)]:
            del part.rels[name]
    for style in [style for style in document.styles if style.name not in _NEEDED]:
        style.element.delete()
    for name, size in _SIZES.items():
        _set_style(document, name, size)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), LANGUAGE)
        language.set(qn("w:eastAsia"), LANGUAGE)
    _page(document)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(2.5), Cm(2)
    section.top_margin, section.bottom_margin = Cm(1.8), Cm(2.2)
    section.footer_distance = Cm(0.9)
    _footer(section.footer.paragraphs[0])
    title = document.styles["Title"]
    title.font.bold = True
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    border = title.element.pPr.find(qn("w:pBdr"))
    if border is not None:
        title.element.pPr.remove(border)


def _set_style(document: Document, name: str, size: float) -> None:
    style = document.styles[name]
    style.font.name, style.font.size = FONT, Pt(size)
    style.font.color.rgb = RGBColor(0, 0, 0)
    names = style.element.rPr.rFonts
    for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
        names.set(qn(f"w:{kind}"), FONT)
        # A theme's font would win over the name.
        names.attrib.pop(qn(f"w:{kind}Theme" if kind != "cs" else "w:cstheme"), None)
    spacing = style.paragraph_format
    spacing.space_before, spacing.space_after = (Pt(10), Pt(4)) if name == "Heading 1" else (Pt(0), Pt(3))


def _footer(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run(FOOTER + "\nTrang ")
    _field(paragraph, "PAGE")
    paragraph.add_run("/")
    _field(paragraph, "NUMPAGES")


def _field(paragraph: Paragraph, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("text", "1"), ("end", "")):
        run = paragraph.add_run(text if kind == "text" else "")
        if kind in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        elif not kind:
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = f" {text} "
            run._r.append(instruction)
