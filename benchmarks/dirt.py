"""How crawls go wrong: kinds of dirt, seeded, written without looking at what the reader does about them.

Each kind makes inputs from samples: records that a known mapping reads (real payloads where they lie beside the repository, the shipped
sample always). A kind of *records* gives one file a mapping, a few sound records (so that it is recognised) above the dirty ones; a kind of
*files* gives one file an input. What is few and large (bombs, fields of ten megabytes) is in `benchmarks.dirt_bombs`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pipeline.config import configs_dir
from pipeline.sources.detect import detect
from pipeline.sources.mapping import SourceMapping, load_mappings
from pipeline.sources.readers import read_batches

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
_SOUND = 5
_PER_MAPPING = 40
Record = dict[str, Any]


class DirtyFile(NamedTuple):
    """A file of a crawl, and how many malformed inputs it holds; ``link`` is where it points instead of holding anything."""

    name: str
    content: bytes
    inputs: int
    link: Path | None = None


class Sample(NamedTuple):
    """Sound records that a mapping reads."""

    mapping: SourceMapping
    records: list[Record]

    def envelope(self, record: Record) -> Any:
        """Return the record as the payload would hold it."""
        value: Any = record
        for step in reversed([step for step in self.mapping.records.split(".") if step]):
            value = {step: [value] if value is record else value}
        return value


def samples(*, real: bool = True) -> list[Sample]:
    """Return sound records of every payload at hand, the shipped sample first."""
    folders = [configs_dir() / "demo", *([REAL / "raw", REAL] if real and REAL.is_dir() else [])]
    found: dict[str, Sample] = {}
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file() and path.suffix != ".md"):
        mapping = detect(path, load_mappings()).mapping
        if mapping.listings and len(found.setdefault(mapping.name, Sample(mapping, [])).records) < _PER_MAPPING:
            batch = next(read_batches(path, records=mapping.records, size=_PER_MAPPING))
            found[mapping.name].records.extend(batch.records[:_PER_MAPPING])
    return list(found.values())


ODD_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.datetimes().map(str) | st.timezone_keys(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def odd_values(n: int, *, number: int) -> list[Any]:
    """Return ``n`` values as hypothesis thinks of them."""
    values: list[Any] = []

    @seed(number)
    @settings(max_examples=n, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
    @given(ODD_VALUES)
    def collect(value: Any) -> None:
        values.append(value)

    collect()
    return values


PRICES = (
    "hai triệu rưỡi", "một trăm nghìn", "giá ib", "2tr5 - 3tr", "₫199.000₫", "1.2.3.4", "9" * 400, "-1", "1e309", "٣٠٠٠٠", "１２０．０００đ",
    "12,5,5 triệu",
    "0x1F", "1_000", "½ triệu", "²", "k", "tr", "1tr" * 60, "$ 12", "=1+1", "None", "nan", "inf", "1.000.000.000.000.000đ", "0", 0, -0.0,
    10**30, True, [], {},
)  # fmt: skip
TIMES = (
    "2026-11-20T10:00:00+07:00", "2026-11-20T10:00:00-14:00", "2026-11-20T24:00:00Z", "2026-11-20 25:61", "31/02/2026", "0000-00-00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "20/11/2026 14:30 ICT", "Fri, 20 Nov 2026 10:00:00 GMT", "1e18", 1e18, -1, 2**63, "1637400000000000000",
    "2026-W47-5", "2026-325",
    "hôm qua", "3 ngày trước", "2026-11-20T10:00:00.123456789Z", "2026-11-20T10:00:00+25:00", "٢٠٢٦-١١-٢٠", "24:00, 20/11/2026",
    "2026-11-20T10:00:60Z", "20261120T1000",
    "12:30 0/0/0000", "23:59 31/12/9999", "00:00 01/01/0001",
)  # fmt: skip
TEXTS = (
    "\0", "a\0b", "\ufeffáo", "\u202egnàh ểđ", "\u200b" * 50, "Á" + "\u0301" * 200, "\ud800", "\udcff lẻ", "=HYPERLINK(\"http://x\",\"y\")",
    "+cmd|' /C calc'!A0",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "'; DROP TABLE outcomes; --", "../../etc/passwd",
    "{{7*7}}", "${jndi:ldap://x}",
    "%s%n%x", "\r\n\r\n", "\x85\u2028\u2029", "﷽" * 100, "🏳️‍🌈" * 40, "[" * 99, "{'a': " * 60, "-" * 300 + "1", "__import__('os').system('id')",
    "0" * 5_000, "a" * 30_000,
    "\x1b[31mđỏ\x1b[0m", "&#0;&#x110000;&lt;", "http://[::1", "https://xn--a", "i.1.2.3", "https://shopee.vn/a-i.١.٢",
)  # fmt: skip
NUMBERS = (
    float("nan"),
    float("inf"),
    float("-inf"),
    -0.0,
    1e308,
    5e-324,
    10**300,
    -(10**18),
    2**64,
    0,
    -1,
    "NaN",
    "Infinity",
    "-inf",
    "1e400",
    10**4_299,
)


class Dirt:
    """What the kinds draw from: a seeded source of chance, sound samples, odd values."""

    def __init__(self, number: int, sound: Sequence[Sample], *, n_odd: int = 400) -> None:
        self.chance = random.Random(number)
        self.sound = sound
        self.odd = odd_values(n_odd, number=number)

    def make(self, kind: str, n: int, *, named: str) -> list[DirtyFile]:
        """Return files of ``kind`` with about ``n`` malformed inputs, their names beginning with ``kind`` and ``named``."""
        begin = f"{kind}-{named}"
        if kind in VALUES:
            return self._records(begin, n, lambda record: _json(self._with_values(record, VALUES[kind])).encode())
        if kind in RECORDS:
            return self._records(begin, n, lambda record: RECORDS[kind](record, self.chance))
        if kind in TABLES:
            return [file for part in range(0, n, 25) for file in self._table(f"{begin}-{part}", min(25, n - part), TABLES[kind])]
        return [file for one in range(n) for file in FILES[kind](f"{begin}-{one:05d}", self)]

    def record(self) -> Record:
        """Return a sound record."""
        return self.chance.choice(self.chance.choice(self.sound).records)

    def _records(self, begin: str, n: int, spoil: Callable[[Record], bytes]) -> list[DirtyFile]:
        files = []
        for at, sample in enumerate(self.sound):
            count = n // len(self.sound) + (at < n % len(self.sound))
            if not count:
                continue
            sound = [_json(sample.envelope(one)).encode() for one in sample.records[:_SOUND]]
            dirty = [self._in_envelope(sample, spoil(self._fresh(sample))) for _ in range(count)]
            files.append(DirtyFile(f"{begin}-{sample.mapping.name}.jsonl", b"\n".join([*sound, *dirty]), count))
        return files

    def _fresh(self, sample: Sample) -> Record:
        """A sound record under an id of its own, so that dirt is what decides its fate."""
        record = dict(self.chance.choice(sample.records))
        for path in sample.mapping.fields["listing_id"].path if "listing_id" in sample.mapping.fields else ():
            if path in record:
                record[path] = self.chance.randrange(10**12)
        return record

    @staticmethod
    def _in_envelope(sample: Sample, text: bytes) -> bytes:
        if not sample.mapping.records:
            return text
        before, _, after = json.dumps(sample.envelope({"@": 0})).partition('{"@": 0}')
        return before.encode() + text + after.encode()

    def _with_values(self, record: Record, pool: Sequence[Any]) -> Record:
        spoiled = dict(record)
        for name in self.chance.sample(list(spoiled), min(len(spoiled), self.chance.randint(1, 6))):
            spoiled[name] = self.chance.choice(pool or self.odd)
        return spoiled

    def _table(self, begin: str, n: int, spoil: Callable[[str, random.Random], bytes]) -> list[DirtyFile]:
        rows = [
            {
                "sàn": "sàn thử",
                "mã tin": f"{begin}-{row}",
                "tiêu đề": self._title(),
                "giá bán": self.chance.choice(["99000", "1tr2", "₫5.000.000"]),
                "mô tả": self._title(),
            }
            for row in range(n)
        ]
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        head, _, body = stream.getvalue().partition("\r\n")
        return [DirtyFile(f"{begin}.csv", spoil(head + "\r\n" + body, self.chance), n)]

    def _title(self) -> str:
        return str(next((value for value in self.record().values() if isinstance(value, str) and " " in value), "Áo thun"))[:300]


VALUES: dict[str, Sequence[Any]] = {"odd_values": (), "prices": PRICES, "times": TIMES, "texts": TEXTS, "numbers": NUMBERS}


def _json(value: Any) -> str:
    # Python spells NaN and Infinity as no JSON does: that is dirt of its own.
    return json.dumps(value, ensure_ascii=True, default=str)


def _swapped(record: Record, chance: random.Random) -> bytes:
    values = list(record.values())
    chance.shuffle(values)
    return _json(dict(zip(record, values, strict=True))).encode()


def _mixed(record: Record, chance: random.Random) -> bytes:
    casts: list[Callable[[Any], Any]] = [
        str,
        lambda v: [v],
        lambda v: {"value": v},
        lambda v: _json(v),
        lambda v: bool(v),
        lambda v: [v, None, [v]],
        lambda v: None,
    ]
    return _json({name: chance.choice(casts)(value) if chance.random() < 0.5 else value for name, value in record.items()}).encode()


def _twice(record: Record, chance: random.Random) -> bytes:
    names = chance.choices(list(record), k=5)
    again = ", ".join(f"{_json(name)}: {_json(chance.choice([None, 1, 'x', [], record[name]]))}" for name in names)
    return (_json(record)[:-1] + ", " + again + "}").encode()


def _nested(record: Record, chance: random.Random) -> bytes:
    depth = chance.choice([50, 90, 150, 400, 900, 990, 1_500, 20_000])
    opened, closed = chance.choice([("[", "]"), ('{"a": ', "}"), ('[{"a": [', "]}]")])
    name = chance.choice(list(record))
    text = _json({**record, name: "@@"})
    bomb = opened * depth + "1" + closed * depth
    return text.replace('"@@"', bomb if chance.random() < 0.7 else _json(bomb)).encode()


def _renamed(record: Record, chance: random.Random) -> bytes:
    spell: list[Callable[[str], str]] = [
        str.upper,
        lambda name: name + " ",
        lambda name: "",
        lambda name: "\ufeff" + name,
        lambda name: name + ".x[0]",
        lambda name: "ậ" + name,
    ]
    return _json({(chance.choice(spell)(name) if chance.random() < 0.3 else name): value for name, value in record.items()}).encode()


def _flipped(record: Record, chance: random.Random) -> bytes:
    raw = bytearray(json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "replace"))
    for _ in range(chance.randint(1, 8)):
        raw[chance.randrange(len(raw))] = chance.choice([0, 0x80, 0xC3, 0xE1, 0xFF, 0xFE, 0x22, 0x5C, 0x0D, chance.randrange(256)])
    return bytes(raw)


def _cut(record: Record, chance: random.Random) -> bytes:
    raw = json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return raw[: chance.randrange(len(raw))] + chance.choice([b"", b"}", raw, b'"}', b"\n"])


def _wide_inside(record: Record, chance: random.Random) -> bytes:
    return (
        json.dumps(record, ensure_ascii=False, default=str)
        .encode(chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"]), "replace")
        .replace(b"\n", b" ")
    )


RECORDS: dict[str, Callable[[Record, random.Random], bytes]] = {
    "swapped": _swapped, "mixed_types": _mixed, "duplicate_keys": _twice, "nested": _nested, "renamed": _renamed,
    "broken_utf8": _flipped, "cut_lines": _cut, "wide_lines": _wide_inside,
}  # fmt: skip


def _quotes(text: str, chance: random.Random) -> bytes:
    head, _, body = text.partition("\r\n")
    spots = sorted((chance.randrange(len(body)) for _ in range(len(body) // 150 + 1)), reverse=True)
    for spot in spots:
        body = body[:spot] + chance.choice(['"', '""', '"""', ',"', '",', '"\r\n', ""]) + body[spot + chance.randint(0, 1) :]
    return (head + "\r\n" + body).encode()


def _separators(text: str, chance: random.Random) -> bytes:
    head, _, body = text.partition("\r\n")
    spots = sorted((chance.randrange(len(body)) for _ in range(len(body) // 150 + 1)), reverse=True)
    for spot in spots:
        body = body[:spot] + chance.choice([",", ";", "\t", "|", "\n", "\r", "\0", ",,,,,,,,", ""]) + body[spot + 1 :]
    return (head + chance.choice(["\r\n", "\n", "\r"]) + body).encode()


def _encoded(text: str, chance: random.Random) -> bytes:
    raw = text.encode(
        chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1258", "latin-1", "utf-32", "utf-7", "shift_jis"]), "replace"
    )
    return raw[: len(raw) - chance.choice([0, 0, 1, 2, 3])].replace(b"i", chance.choice([b"i", b"\xff", b"\0"]))


TABLES: dict[str, Callable[[str, random.Random], bytes]] = {"csv_quotes": _quotes, "csv_separators": _separators, "csv_encodings": _encoded}


def _bytes(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    ending = dirt.chance.choice(["csv", "jsonl", "json", "parquet", "xlsx", "csv.gz", "jsonl.zst", "txt", "json.gz", "parquet.gz"])
    marks = b'{}[]",:;\n\r\t 019.\0\\\xef\xbb\xbf\xff\xfePAR1PK\x03\x04'
    pool = marks if dirt.chance.random() < 0.7 else bytes(range(256))
    yield DirtyFile(f"{name}.{ending}", bytes(dirt.chance.choices(pool, k=dirt.chance.randrange(400))), 1)


def _empty(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    content = dirt.chance.choice(
        [
            b"",
            b"\n",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b" \r\n",
            b"[]",
            b"{}",
            b"null",
            b"0",
            b'""',
            b"\0" * 64,
            gzip.compress(b""),
            b"a,b\n",
            b"sep=;\n",
            b"[[]]",
            b"[null]",
        ]
    )
    yield DirtyFile(f"{name}.{dirt.chance.choice(['csv', 'jsonl', 'json', 'parquet', 'xlsx', 'csv.gz', 'json.zst'])}", content, 1)


def _json_file(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    sample = dirt.chance.choice(dirt.sound)
    raw = bytearray(json.dumps([sample.envelope(one) for one in sample.records[:4]], ensure_ascii=False, default=str).encode("utf-8", "replace"))
    for _ in range(dirt.chance.randint(1, 5)):
        raw[dirt.chance.randrange(len(raw))] = dirt.chance.choice(b'{}[]",:\\\0\xff 0')
    cut = dirt.chance.randrange(len(raw)) if dirt.chance.random() < 0.4 else len(raw)
    yield DirtyFile(f"{name}.json", bytes(raw[:cut]), 1)


def parquet_bytes(columns: dict[str, Any], **options: Any) -> bytes:
    """Return a Parquet file of ``columns``."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def _half_parquet(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    rows = [dirt.record() for _ in range(4)]
    text = [str(list(row.values())[:3]) for row in rows]
    raw = bytearray(parquet_bytes({"platform": ["x"] * 4, "listing_id": text, "title": text, "price_vnd": [1.0, 2.0, float("nan"), None]}))
    if dirt.chance.random() < 0.5:
        raw = raw[: dirt.chance.randrange(len(raw))]
    else:
        for _ in range(dirt.chance.randint(1, 12)):
            raw[dirt.chance.randrange(len(raw))] = dirt.chance.randrange(256)
    yield DirtyFile(f"{name}.parquet", bytes(raw), 1)


def _typed_parquet(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    """Columns of types that a listing's fields never had."""
    odd: list[pa.Array] = [
        pa.array([Decimal("1.5"), Decimal("-9e9"), None]), pa.array([b"\xff\xfe", b"", None]), pa.array([[1], [], None]),
        pa.array([{"a": 1}, None, {"a": None}]),
        pa.array([datetime(2026, 11, 20, tzinfo=UTC)] * 3), pa.array([2**63 - 1, -(2**63), None]).cast(pa.timestamp("us")),
        pa.array([10**14, 1, None]).cast(pa.timestamp("s")),
        pa.array([1, 2, None], pa.duration("ns")), pa.array([1, 2, 3], pa.time64("us")), pa.array([2**31 - 1, -1, 0], pa.date32()),
        pa.array([None] * 3, pa.null()),
        pa.array(["a", "b", "a"]).dictionary_encode(), pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        pa.array([float("nan"), float("inf"), -0.0]),
        pa.array([True, False, None]), pa.array([1, 2, 3], pa.uint64()), pa.array(["x" * 100_000, "", None]),
    ]  # fmt: skip
    names = [
        "platform",
        "listing_id",
        "title",
        "price_vnd",
        "captured_at",
        "description",
        "seller_id",
        "rating",
        "created_at",
        "variants",
        "image_hashes",
    ]
    arrays = {one: dirt.chance.choice(odd) for one in names}
    if dirt.chance.random() < 0.7:
        arrays |= {"platform": pa.array(["x"] * 3), "listing_id": pa.array([name + str(n) for n in range(3)]), "title": pa.array(["Áo thun"] * 3)}
    table = pa.table(list(arrays.values()), names=[one if dirt.chance.random() > 0.03 else "title" for one in arrays])
    sink = io.BytesIO()
    pq.write_table(table, sink)
    yield DirtyFile(f"{name}.parquet", sink.getvalue(), 1)


def _workbook(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Sàn", "Mã tin", "Tiêu đề", "Giá bán", "Ngày thu thập"])
    for row in range(3):
        texts = [text for text in TEXTS if text.isprintable()]
        sheet.append(
            [
                "x",
                f"{name}-{row}",
                dirt.chance.choice(texts),
                dirt.chance.choice([1e308, "=1/0", "#REF!", True, None, "2tr"]),
                dirt.chance.choice([datetime(1900, 1, 1), 1e9, -5, "nay"]),
            ]
        )
    sink = io.BytesIO()
    book.save(sink)
    raw = bytearray(sink.getvalue())
    spoil = dirt.chance.random()
    if spoil < 0.3:
        raw = raw[: dirt.chance.randrange(len(raw))]
    elif spoil < 0.7:
        for _ in range(dirt.chance.randint(1, 10)):
            raw[dirt.chance.randrange(len(raw))] = dirt.chance.randrange(256)
    else:
        raw = bytearray(_rezipped(bytes(raw), dirt.chance))
    yield DirtyFile(f"{name}.xlsx", bytes(raw), 1)


def _rezipped(raw: bytes, chance: random.Random) -> bytes:
    """A workbook whose XML was changed and which is a sound archive all the same."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            text = bytearray(old.read(member))
            for _ in range(chance.choice([0, 0, 1, 3])):
                text[chance.randrange(len(text))] = chance.choice(b'<>"0129AZ/= \0')
            new.writestr(member, bytes(text))
    return sink.getvalue()


def _packed(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    lines = b"\n".join(_json(dirt.record()).encode() for _ in range(5))
    raw = bytearray(gzip.compress(lines))
    if dirt.chance.random() < 0.4:
        raw = raw[: dirt.chance.randrange(len(raw))]
    else:
        raw[dirt.chance.randrange(len(raw))] ^= 1 << dirt.chance.randrange(8)
    yield DirtyFile(f"{name}.jsonl.{dirt.chance.choice(['gz', 'gz', 'zst'])}", bytes(raw), 1)


def _link(name: str, dirt: Dirt) -> Iterator[DirtyFile]:
    target = dirt.chance.choice(["/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/environ", f"{name}.csv", "missing.csv", "..", "/"])
    yield DirtyFile(f"{name}.{dirt.chance.choice(['csv', 'jsonl', 'json', 'parquet'])}", b"", 1, Path(target))


FILES: dict[str, Callable[[str, Dirt], Iterator[DirtyFile]]] = {
    "bytes": _bytes, "empty": _empty, "json_files": _json_file, "half_parquet": _half_parquet, "parquet_types": _typed_parquet,
    "workbooks": _workbook, "packed": _packed, "links": _link,
}  # fmt: skip

#: Inputs of each kind in a thousand: a record costs less than a file, and there are more ways to get one wrong.
SHARES = {**dict.fromkeys([*VALUES, *RECORDS], 56), **dict.fromkeys(TABLES, 48), **dict.fromkeys(FILES, 16)}
