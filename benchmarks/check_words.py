"""Is every word the one underthesea gives? Real titles and descriptions where they lie beside the repository, and odd strings of our own.

``python benchmarks/check_words.py [--odd N] [--seed S] [--sample N] [FILE.parquet ...]`` compares word for word, prints what differs and
ends with exit code 1 where anything does. The full sweep takes about a quarter of an hour on one core, nearly all of it in underthesea.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"

SYLLABLES = (
    "túi xách tay da bò thật áo sơ mi nam nữ cao cấp chính hãng hàng giả nhái điện thoại di động nước hoa giày thể thao đồng hồ cơ tự động "
    "bảo hành mười hai tháng miễn phí vận chuyển toàn quốc cam kết hoàn tiền nếu phát hiện thuốc tăng cân giảm mỡ bụng sữa rửa mặt kem dưỡng "
    "trắng da ốp lưng tai nghe không dây bé trai gái mùa hè đông quần short jean thun cotton form rộng unisex sale off freeship siêu rẻ Hà Nội "
    "Sài Gòn Đà Nẵng Việt Nam Nhật Bản Thái Lan Quảng Châu xịn sò auth order inbox ib shop store baì caí hoà thuỷ qúa xoá lí kĩ"
).split()
FORMS = (
    "TP. Tp. TP.HCM Th.S Th.s ThS. Thás Thes ThaSt ThủS Tháng T.Ư U.S.A. v.v v.v. v.v... V.V. NĐ-CP H&M A&Đ Mr. Mrs. Ms. Dr. e-mail N’Thôn H'Mông "
    "43H-0530 29A1-123 1.234.567đ 1,5tr 299k 1.600m-2.000m 12/5/2024 05/2024 2024/08/20 20.08.2014 3x4 3x4x5 03-5730-235 10:20:50 5-10 007 +84 "
    "-5 2147483647 2147483648 99999999999 0900000001 0900.000.001 0900-000-001 4K 5G2 iPhone15 15ProMax 100% 50%OFF $5 °C 30°C ½ m² № "
    "https://shop.example/a?b=1&c=2 http://x.example/(a(b)c) ftp://a.example shop.example/abc www.a.example foo.na@mail.example a@b.example @nick "
    ":D :DD :Dương :)) =)) <3 ♥‿♥ -> ==> => >> -- --- .. ... …… - – — _ __ a_b _a a- -a a-b-c a+b A. A.B A.b. a.b ( ) [ ] { } (a) "
    "\"a\" “a” 'a' ’ ` ~ ! ? !? ?! ; : :: , ,, . / \\ | ^ & * # #tag ##a = + × ÷ % $ > < ʺ aʺb BOS EOS True False ð Ð ðẹp ß İ ı ǅ Σ ΑΣ ſ ﬁ ª º ² ١٢٣ "
    "Ⅷ 日本語 한국어 ไทย ❤️ 👨‍👩‍👧 🇻🇳 ✅ ★ ☎ 𝗥𝗘𝗣 ｒｅｐ ⓡⓔⓟ"
).split()
SPACES = [" "] * 12 + ["", "", "  ", "\n", "\r\n", "\t", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u2003", "\u2028"]
SPACES += ["\u3000", "\u200b", "\ufeff", "\u00ad"]  # the last three only look like space
ENDS = ["", "", "", ".", ".\n", "\n", "\n\n", " ", ". ", ".\r\n", ".\n\n", ".....", "!", ":D", ":D\n", "ABC.", "ABC.\n", "ABC. ", "\x00", "-"]


# Underthesea's expression takes twice as long for every further such sign behind an address: at forty it runs for hours.
_ENDLESS = re.compile(r"([`!;:'\".,?«»“”‘’]{12})[`!;:'\".,?«»“”‘’]+")


def odd_texts(count: int, seed: int) -> Iterator[str]:
    """Yield ``count`` strings a seller could, or never would, write; the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        pieces = [_piece(chance) for _ in range(chance.randint(0, chance.choice((3, 12, 30))))]
        text = _ENDLESS.sub(r"\1", "".join(piece + chance.choice(SPACES) for piece in pieces)) + chance.choice(ENDS)
        yield unicodedata.normalize("NFD", text) if chance.random() < 0.1 else text


def _piece(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        word = chance.choice(SYLLABLES)
        return chance.choice((str, str, str, str.upper, str.title, str.swapcase))(word)
    if kind < 0.8:
        return chance.choice(FORMS)
    if kind < 0.88:
        return chance.choice(FORMS) + chance.choice(SYLLABLES + FORMS)
    if kind < 0.93:
        return "".join(chance.choice("aAđĐ1.,-_:)(/@&'’+xwv0 \u0301\u0323") for _ in range(chance.randint(1, 9)))
    if kind < 0.96:
        return chance.choice(FORMS) * chance.randint(2, 30)
    return "".join(chr(_code_point(chance)) for _ in range(chance.randint(1, 4)))


def _code_point(chance: random.Random) -> int:
    point = chance.choice((chance.randrange(0x250), chance.randrange(0x3000), chance.randrange(0x110000)))
    return point if not 0xD800 <= point < 0xE000 else 0x301  # half a surrogate pair is no text


def long_lines() -> Iterator[str]:
    """Yield lines of about 100 kB, which have to be read once only."""
    for piece in ("túi xách ", "a", "9", "—", "— ", "ABC. ", "-", "a-", "Đẹp,", "😀 ", "e\u0301"):
        yield piece * (100_000 // len(piece.encode()))


def real_texts(files: Iterable[Path]) -> Iterator[str]:
    """Yield every title and description, each text once."""
    import pandas as pd
    import pyarrow.parquet as pq

    seen: set[int] = set()
    for file in files:
        there = [name for name in ("title", "description") if name in pq.read_schema(file).names]
        for column in pd.read_parquet(file, columns=there).to_dict("series").values():
            for text in column.dropna().astype(str):
                if hash(text) not in seen:
                    seen.add(hash(text))
                    yield text


def differences(texts: Iterable[str], *, every: int = 1000) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the texts whose words differ, with ours and underthesea's. Texts are segmented in runs of ``every``, as a caller would."""
    from underthesea import word_tokenize

    from features.segment import words

    def compare(run: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
        for text, ours in zip(run, words(run), strict=True):
            theirs = list(word_tokenize(text))
            if ours != theirs:
                yield text, ours, theirs

    run: list[str] = []
    for text in texts:
        run.append(text)
        if len(run) == every:
            yield from compare(run)
            run = []
    yield from compare(run)


def _sweep(name: str, texts: list[str]) -> int:
    started, found = time.perf_counter(), 0
    for text, ours, theirs in differences(texts):
        found += 1
        if found <= 20:
            at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
            print(f"differs in {text[:80]!r}: ours {ours[at : at + 3]!r}, underthesea {theirs[at : at + 3]!r}")
    print(f"{name}: {len(texts)} texts, {sum(map(len, texts))} characters, {found} differ, {time.perf_counter() - started:.0f} s")
    return found


def main() -> None:
    """Sweep everything and say how many differ."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", type=Path, help="Parquet files with title and description; the real listings where none is named")
    options.add_argument("--odd", type=int, default=100_000, help="how many odd strings")
    options.add_argument("--seed", type=int, default=5)
    options.add_argument("--sample", type=int, help="only every so many-th real text")
    asked = options.parse_args()
    files = asked.files or sorted(REAL.glob("*.parquet"))
    if not files:
        print(f"no real listings at {REAL}: odd strings only")
    found = _sweep("odd strings", [*odd_texts(asked.odd, asked.seed), *long_lines()])
    found += _sweep("real texts", list(real_texts(files))[:: asked.sample or 1])
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
