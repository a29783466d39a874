"""A night's crawl of any size, as many files ``DATE/platform/``: what ``benchmarks/scale.py`` measures with.

**Real** are titles, sentences, prices, categories and, in ``mixed``, shops, from the listings beside the repository (those picked by a
pattern, ``*_brandhint``, stay out). **Synthetic** is how they are put together:

- ``full``: the listings with a long description, whose file shows no shop: shops of a lognormal size are invented for them, on four platforms.
  ``mixed``: all listings as their files show them, two thirds of them a title alone. Either is gone through again and again in another order
  until there are rows enough, each time under new shops and with prices some five per cent apart, so that shops grow with the rows.
- A description is half the sentences of its listing and half of another's, shuffled, so that a listing that comes again is no copy of itself
  and groups of copies do not grow with the crawl. One in ten repeats the listing before it, sentences shuffled: that is a copy.
- A tenth of the rows is an invented market (`pipeline.simulation`): networks, disguises, phones, official shops, bad prices. In ``full`` the
  sentences of a real listing follow its few. They say ``x_synthetic``. Phones are of the simulator's unused range.
- Every title ends in a word made from the row's number and every description holds five words nobody has seen (a real one that stood in one
  listing only, other letters for its letters), so no title and no description comes twice. Real listings bring some six new words each, a
  title alone half a one: titles cost a little too much here.
- All are captured on one day. Addresses and ids are new.

Files are closed at about 50 MB. The same seed gives the same bytes. A block of ten thousand rows is in memory at a time and core.
"""

from __future__ import annotations

import gzip
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, cpu_count, delayed

from pipeline.simulation.market import simulate
from pipeline.simulation.settings import load_market, load_tactics

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
KINDS = ("full", "mixed")
DAY = "2026-11-24"
BLOCK, SIMULATED, COPIED, NEW_WORDS = 10_000, 0.1, 0.1, 5
FILE_BYTES = 50_000_000
#: Of these a description can be put together; their mean is some 1,600 characters. Longer sentences are cut.
LEAST_CHARACTERS, LEAST_SENTENCES, MOST_WORDS = 700, 4, 40
#: One platform's crawler writes JSON lines, as Shopee's do.
JSON_LINES = "shopee"
_FULL_FILE, _FULL_PLATFORMS = "tiki_200k_vuongthe.parquet", ("tiki", "shopee", "lazada", "sendo")
#: Tiki's own text under each description; ingest would take it out where it stands whole.
_BOILERPLATE = re.compile(r"Giá sản phẩm trên Tiki đã bao gồm.*|Sản phẩm này là tài sản cá nhân được bán bởi.*", re.DOTALL)
# Line breaks were lost in the source, so a sentence may begin right after a full stop.
_SENTENCE = re.compile(r"(?<=[.!?;])\s*(?=[^\W\d_a-zà-ỹ]|[-•+*])|\n+")
_PHONE = re.compile(r"\b09000(\d{5})\b")
_PHONES_A_BLOCK, _PHONES = 200, 100_000
_TEXTS = ("platform", "listing_id", "url", "title", "description", "category", "brand", "seller_id", "seller_name", "seller_type", "location")
_TEXTS += ("created_at", "captured_at", "seller_joined_at", "image_hashes")
_NUMBERS = ("price_vnd", "list_price_vnd", "seller_rating", "seller_n_products", "rating", "n_reviews", "n_sold", "n_images")
_FLAGS = ("is_official", "x_synthetic")
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in _TEXTS] + [(name, pa.float64()) for name in _NUMBERS] + [(name, pa.bool_()) for name in _FLAGS]
)


class Crawl(NamedTuple):
    """What was written; ``characters``: of titles and descriptions together."""

    rows: int
    files: int
    bytes: int
    characters: int


class _Pool(NamedTuple):
    """The real listings to draw from, their descriptions as sentences, and words that stand in one of them only."""

    rows: pd.DataFrame
    sentences: list[list[str]]
    rare: list[str]


def write_crawl(into: Path, *, rows: int, kind: str, seed: int = 7, real: Path = REAL, file_bytes: int = FILE_BYTES) -> Crawl:
    """Write a crawl of exactly ``rows`` rows under ``into/DATE``; ``kind`` is one of `KINDS`, ``real`` the folder of real listings."""
    sizes = [min(BLOCK, rows - begin) for begin in range(0, rows, BLOCK)]
    made = Parallel(n_jobs=max(1, min(cpu_count(), len(sizes))), return_as="generator", pre_dispatch="2*n_jobs")(
        delayed(block)(number, size, kind=kind, seed=seed, real=real) for number, size in enumerate(sizes)
    )
    characters = 0
    with _Files(into / DAY, file_bytes) as files:
        for table in made:
            characters += int(table["title"].str.len().sum() + table["description"].str.len().sum())
            for platform, own in table.groupby("platform", sort=True):
                files.add(str(platform), own)
        files.done()
    return Crawl(rows, files.n_files, files.n_bytes, characters)


def block(number: int, n: int, *, kind: str, seed: int, real: Path) -> pd.DataFrame:
    """Return rows ``number * BLOCK`` to ``number * BLOCK + n`` of the crawl; they depend on nothing but what is given."""
    pool = _pool(real, kind)
    draw = random.Random(f"block {seed} {kind} {number}")
    n_invented = round(SIMULATED * n)
    begin = number * (BLOCK - round(SIMULATED * BLOCK))
    drawn = _drawn(pool, begin, n - n_invented, kind=kind, seed=seed, draw=draw)
    invented = _invented(pool, number, n_invented, kind=kind, seed=seed, draw=draw)
    table = pd.concat([drawn, invented], ignore_index=True).reindex(columns=_SCHEMA.names)
    rows = np.arange(number * BLOCK, number * BLOCK + n)
    table["title"] = [f"{title} {_numbered(row)}" for title, row in zip(table["title"], rows, strict=True)]
    table["description"] = [_with_new_words(text, pool.rare, draw) for text in table["description"]]
    table["listing_id"] = [f"B{row:09d}" for row in rows]
    return table.assign(captured_at=DAY)


def _drawn(pool: _Pool, begin: int, n: int, *, kind: str, seed: int, draw: random.Random) -> pd.DataFrame:
    """Real listings ``begin`` to ``begin + n`` of the endless row of passes through the pool."""
    turn, place = np.divmod(np.arange(begin, begin + n), len(pool.rows))
    rows = np.concatenate([_order(len(pool.rows), seed, one)[place[turn == one]] for one in np.unique(turn)]) if n else place
    table = pool.rows.iloc[rows].reset_index(drop=True)
    partners = np.random.default_rng((seed, begin, 1)).integers(len(pool.rows), size=n)
    table["description"] = _put_together(pool.sentences, rows, partners, draw)
    for name in ("seller_id", "seller_name"):
        table[name] = table[name] + "-" + pd.Series(turn).astype("str")
    table["url"] = table["url"] + "?" + pd.Series(np.arange(begin, begin + n)).astype("str")
    changed = np.exp(np.random.default_rng((seed, begin)).normal(0, 0.05, n))
    for name in ("price_vnd", "list_price_vnd"):
        table[name] = (table[name] * changed).round(-2)
    return _with_shops(table, place, len(pool.rows), turn, seed) if kind == "full" else table


def _order(n: int, seed: int, turn: int) -> np.ndarray:
    return np.random.default_rng((seed, n, turn)).permutation(n)


def _put_together(sentences: Sequence[Sequence[str]], rows: np.ndarray, partners: np.ndarray, draw: random.Random) -> list[str | None]:
    made: list[str | None] = []
    before: list[str] = []
    for row, partner in zip(rows, partners, strict=True):
        own = sentences[row]
        if before and own and draw.random() < COPIED:
            parts = before
        else:
            parts = [one for one in own if draw.random() < 0.5] + [one for one in sentences[partner] if draw.random() < 0.5] if own else []
            parts = parts or list(own)
        before = draw.sample(parts, len(parts))
        made.append(" ".join(before) or None)
    return made


def _with_shops(table: pd.DataFrame, place: np.ndarray, n: int, turn: np.ndarray, seed: int) -> pd.DataFrame:
    # A shop's listings do not follow each other, so that a copy of the listing before is another shop's.
    shop = np.random.default_rng(seed).permutation(np.repeat(np.arange(n), _shop_sizes(n, seed))[:n])[place]
    names = pd.Series([f"S{one}-{again}" for one, again in zip(shop, turn, strict=True)])
    words = load_market().shop_words
    called = [f"Shop {words[one % len(words)]} {words[one // len(words) % len(words)]} {one}-{again}" for one, again in zip(shop, turn, strict=True)]
    platform = [_FULL_PLATFORMS[one % len(_FULL_PLATFORMS)] for one in shop]
    return table.assign(seller_id=names, seller_name=pd.Series(called), platform=platform, url=None)


def _shop_sizes(n: int, seed: int) -> np.ndarray:
    """Listings a shop, as the simulator's: most have a few, some dozens."""
    many = load_market().listings_per_seller
    return np.ceil(np.random.default_rng(seed).lognormal(np.log(many.mean) - 0.3, many.spread, n)).astype(int)


def _invented(pool: _Pool, number: int, n: int, *, kind: str, seed: int, draw: random.Random) -> pd.DataFrame:
    if not n:
        return pd.DataFrame(columns=_SCHEMA.names)
    market, tactics = load_market(), load_tactics(None)
    table = simulate(n, market=market, tactics=tactics, seed=seed * 1_000_003 + number).listings
    table["description"] = [_PHONE.sub(lambda found: _phone(int(found[1]), number), text) for text in table["description"]]
    if kind == "full":
        told = np.array([draw.randrange(len(pool.rows)) for _ in range(2 * n)])
        more = _put_together(pool.sentences, told[:n], told[n:], draw)
        table["description"] = [f"{text} {further}" for text, further in zip(table["description"], more, strict=True)]
    for name in ("seller_id", "seller_name", "image_hashes"):
        table[name] = table[name] + f"-{number}"
    # A hash of another length would be no picture's.
    table["image_hashes"] = pd.util.hash_array(table["image_hashes"].to_numpy(dtype=object))
    table["image_hashes"] = table["image_hashes"].map("{:016x}".format)
    table["seller_joined_at"] = table["seller_joined_at"].dt.strftime("%Y-%m-%d")
    return table


def _phone(shop: int, number: int) -> str:
    """The same shop of another block has another phone, until a hundred thousand are used up."""
    return f"09000{(shop + number * _PHONES_A_BLOCK) % _PHONES:05d}"


def _numbered(row: int) -> str:
    """A word of letters that stands for one row and no other, up to eighteen million."""
    syllables = []
    for _ in range(4):
        row, one = divmod(row, 65)
        syllables.append("bdghklmnrstvx"[one // 5] + "aeiou"[one % 5])
    return "".join(syllables)


def _with_new_words(text: str | None, rare: Sequence[str], draw: random.Random) -> str | None:
    if text is None or pd.isna(text):
        return None
    words = text.split(" ")
    for _ in range(NEW_WORDS):
        words.insert(draw.randrange(len(words) + 1), draw.choice(rare).translate(draw.choice(_other_letters())))
    return " ".join(words)


@lru_cache(maxsize=1)
def _other_letters() -> list[dict[int, str]]:
    """Ways to put a letter for each letter and a figure for each figure; with so many rare words hardly any comes out twice."""
    draw = random.Random(0)
    letters = "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạéèíìóòúùợờấầếềộồ"
    return [
        {ord(one): draw.choice("0123456789" if one.isdigit() else "abcdeghiklmnopqrstuvxyâêôơư") for one in letters + "0123456789"}
        for _ in range(1_000)
    ]


@lru_cache(maxsize=1)
def _pool(real: Path, kind: str) -> _Pool:
    files = [real / _FULL_FILE] if kind == "full" else sorted(real.glob("*.parquet"))
    tables = [pd.read_parquet(path) for path in files if "brandhint" not in path.name]
    rows = pd.concat([one for one in tables if {"title", "price_vnd"} <= set(one)], ignore_index=True)
    rows["description"] = rows["description"].fillna("").astype(str).str.replace(_BOILERPLATE, "", regex=True)
    if kind == "full":
        rows = rows[rows["title"].str.len() + rows["description"].str.len() >= LEAST_CHARACTERS]
    sentences = [_sentences(text) for text in rows["description"]]
    if kind == "full":
        enough = [len(one) >= LEAST_SENTENCES for one in sentences]
        rows, sentences = rows[enough], [one for one, keep in zip(sentences, enough, strict=True) if keep]
    counts: Counter[str] = Counter()
    for one in sentences:
        counts.update({word for sentence in one for word in sentence.split(" ")})
    # Long runs of letters are two words that lost their line break; they would cost too much.
    rare = sorted(word for word, count in counts.items() if count == 1 and 2 <= len(word) <= 20)
    kept = rows.reindex(columns=_SCHEMA.names).drop(columns="description").reset_index(drop=True)
    # A column that is empty throughout has no kind of its own.
    kinds = {**dict.fromkeys(_TEXTS, "str"), **dict.fromkeys(_NUMBERS, "float64"), **dict.fromkeys(_FLAGS, "boolean")}
    return _Pool(kept.astype({name: kinds[name] for name in kept}), sentences, rare)


def _sentences(text: str) -> list[str]:
    words = [sentence.split() for sentence in _SENTENCE.split(text)]
    return [" ".join(one[begin : begin + MOST_WORDS]) for one in words for begin in range(0, len(one), MOST_WORDS)]


class _Files:
    """A file open for each platform, closed when it is large enough and followed by the next."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most = folder, most_bytes
        self._open: dict[str, tuple[BinaryIO, Any]] = {}
        self.n_files = self.n_bytes = 0

    def add(self, platform: str, rows: pd.DataFrame) -> None:
        """Append ``rows`` to the platform's file."""
        if platform not in self._open:
            self._open[platform] = self._next(platform)
        stream, writer = self._open[platform]
        if platform == JSON_LINES:
            writer.write(rows.to_json(orient="records", lines=True, force_ascii=False).encode())
        else:
            writer.write_table(pa.Table.from_pandas(rows, schema=_SCHEMA, preserve_index=False))
        if stream.tell() >= self._most:
            self._close(platform)

    def _next(self, platform: str) -> tuple[BinaryIO, Any]:
        folder = self._folder / _slug(platform)
        folder.mkdir(parents=True, exist_ok=True)
        self.n_files += 1
        stream = (folder / f"{self.n_files:05d}.{'jsonl.gz' if platform == JSON_LINES else 'parquet'}").open("wb")
        if platform == JSON_LINES:
            return stream, gzip.GzipFile("", "wb", compresslevel=1, fileobj=stream, mtime=0)
        return stream, pq.ParquetWriter(stream, _SCHEMA, compression="zstd")

    def _close(self, platform: str) -> None:
        stream, writer = self._open.pop(platform)
        writer.close()
        self.n_bytes += stream.tell()
        stream.close()

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for platform in list(self._open):
            self._close(platform)

    def done(self) -> None:
        """Close all, and say in each platform's folder that it is whole."""
        for platform in list(self._open):
            self._close(platform)
        for folder in self._folder.iterdir():
            (folder / "_DONE").touch()


def _slug(platform: str) -> str:
    letters = unicodedata.normalize("NFD", platform.replace("đ", "d"))
    return re.sub(r"[^a-z0-9]+", "-", "".join(one for one in letters if not unicodedata.combining(one)))

