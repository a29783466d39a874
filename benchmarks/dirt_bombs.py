"""Files made to cost their reader memory or time: small ones that unpack large, and large ones that hold nothing."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

_HEADER = b"platform,listing_id,title,price_vnd,captured_at\n"
_MEGABYTE = 1_000_000
_NAMES = (
    '<row r="1">'
    + "".join(f'<c r="{column}1" t="inlineStr"><is><t>{name}</t></is></c>' for column, name in zip("ABC", ["sàn", "mã tin", "tiêu đề"], strict=True))
    + "</row>"
)
_WIDE = '<row r="1"><c r="XFD1"><v>1</v></c></row>' + _NAMES.replace('r="1"', 'r="2"')
_LONG = ("title", "description", "seller_id", "brand", "price_vnd", "captured_at")
_ROW = '<row r="{0}"><c r="A{0}"><v>1</v></c><c r="B{0}"><v>{0}</v></c><c r="C{0}"><v>3</v></c></row>'


def packed(begin: bytes, unit: bytes, times: int) -> bytes:
    """Return gzip of ``begin`` and of a million ``unit`` at a time, without ever holding what it unpacks to."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    chunk = unit * _MEGABYTE
    return b"".join([squeeze.compress(begin), *(squeeze.compress(chunk) for _ in range(times)), squeeze.flush()])


def _line(number: int, **values: object) -> bytes:
    return json.dumps({"platform": "x", "listing_id": number, "title": "Áo thun", "price_vnd": 99_000, **values}).encode() + b"\n"


def workbook(rows: str, *, before: str = "", blank_megabytes: int = 0, last: str = "") -> bytes:
    """Return a workbook written by hand, whose one sheet holds ``rows`` as they are, then blanks, then ``last``."""
    sheet = f'{before}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}'
    kinds = "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{kinds}/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{kinds}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{kinds}/spreadsheetml/2006/main" xmlns:r="{kinds}/officeDocument/2006/relationships"><sheets>'
        '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{kinds}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            member.write(sheet.encode())
            for _ in range(blank_megabytes):
                member.write(b" " * _MEGABYTE)
            member.write(f"{last}</sheetData></worksheet>".encode())
    return sink.getvalue()


def _laughs() -> bytes:
    names = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    rows = _NAMES + '<row r="2"><c r="A2" t="inlineStr"><is><t>&l9;</t></is></c></row>'
    return workbook(rows, before=f'<!DOCTYPE worksheet [<!ENTITY l0 "ha">{names}]>')


def _parquet(columns: dict[str, pa.Array]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return sink.getvalue()


def _repeated_cell(rows: int, length: int) -> bytes:
    """One long cell, stored once and said of every row."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * length]))
    ids = pa.array([str(row) for row in range(rows)])
    return _parquet(
        {
            "platform": pa.array(["x"] * rows),
            "listing_id": ids,
            "title": pa.array(["Áo thun"] * rows),
            "price_vnd": pa.array([99_000.0] * rows),
            "description": texts,
        }
    )


#: By name, whose ending says how the file is read.
BOMBS: dict[str, Callable[[], bytes]] = {
    "ten_megabytes_a_field.jsonl": lambda: b"".join(_line(n, **{name: "rep " * (10 * _MEGABYTE // 4)}) for n, name in enumerate(_LONG)),
    "ten_megabytes_a_cell.csv": lambda: _HEADER + b"".join(b"x,%d,%s,99000,2026-11-20\n" % (n, b"rep " * (10 * _MEGABYTE // 4)) for n in range(4)),
    "an_id_of_ten_megabytes.csv": lambda: _HEADER + b"x," + b"9" * 10 * _MEGABYTE + b",a,1,2026-11-20\n",
    "one_line_of_a_gigabyte.jsonl.gz": lambda: packed(b"", b"0", 1_000),
    "one_value_of_a_gigabyte.json.gz": lambda: packed(b'[{"a": "', b"0", 1_000),
    "a_gigabyte_of_blanks.json.gz": lambda: packed(b"", b" ", 1_000),
    "a_nest_of_a_hundred_million.json.gz": lambda: packed(b"", b"[", 100),
    "a_million_blank_rows.csv.gz": lambda: packed(_HEADER, b",,,,\n", 1),
    "every_line_opens_a_quote.csv": lambda: _HEADER + b'"x,1,a,1,2026-11-20\n' * 20_000,
    "long_lines_open_quotes.csv": lambda: _HEADER + (b'"x,1,' + b"a" * 9_000 + b",1,2026-11-20\n") * 2_500,
    "two_hundred_thousand_columns.csv": lambda: _HEADER.strip() + b"".join(b",c%d" % n for n in range(200_000)) + b"\nx,1,a,1,2026-11-20" * 30,
    "a_record_of_two_hundred_thousand_names.jsonl": lambda: b"".join(_line(n, **{f"c{n}_{m}": m for m in range(20_000)}) for n in range(10)),
    "a_list_of_a_million.jsonl": lambda: b"".join(_line(n, variants=list(range(_MEGABYTE))) for n in range(3)),
    "brackets_in_a_cell.jsonl": lambda: b"".join(_line(n, variants="[" * 199_000, image_urls="{" * 199_000) for n in range(50)),
    "a_cell_said_of_every_row.parquet": lambda: _repeated_cell(20_000, 1_000_000),
    "five_thousand_columns.parquet": lambda: _parquet({f"c{n}": pa.array([n]) for n in range(5_000)}),
    "an_entity_bomb.xlsx": _laughs,
    "one_row_at_the_bottom.xlsx": lambda: workbook(_NAMES + _ROW.format(2) + _ROW.format(1_048_576)),
    "a_row_of_every_column.xlsx": lambda: workbook(_WIDE + "".join(_ROW.format(n) for n in range(3, 2_000))),
    "half_a_gigabyte_of_blanks.xlsx": lambda: workbook(_NAMES, blank_megabytes=500, last=_ROW.format(2)),
}  # fmt: skip
