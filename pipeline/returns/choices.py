"""Drop-down answers as people leave them: without accents, mistyped, shortened, with words added. What could mean two things is not read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

from features.fold import fold, plain
from pipeline.register.schema import AGREE, POSTPONE, REFUSE
from pipeline.reports.results_sheet import PLANNER_CHOICES, RESULT_CHOICES, USEFULNESS

_OPINIONS = dict(zip(PLANNER_CHOICES, (AGREE, REFUSE, POSTPONE), strict=True))
_YES = {"co", "x", "v", "yes", "y", "da chuyen", "roi", "1", "true"}
_NO = {"khong", "k", "ko", "no", "n", "chua", "0", "false"}
#: A slip of the finger or two; in a short word two slips make another word.
_SLIPS, _LONG = 2, 10


@lru_cache(maxsize=20_000)
def bare(text: str) -> str:
    """Return lower-case words without accents, one space between them; of marks nothing is left.

    >>> bare("Có vi phạm  ĐÚNG dấu hiệu. "), bare("Chờ giám định/kiểm nghiệm")
    ('co vi pham dung dau hieu', 'cho giam dinh kiem nghiem')
    """
    return " ".join(re.findall(r"[^\W_]+", plain(fold(normalize("NFC", text)))))


@lru_cache(maxsize=20_000)
def read_result(text: str) -> str | None:
    """Return the choice of `RESULT_CHOICES` that is meant: the same words, their beginning, or a slip or two away from exactly one.

    >>> read_result("khong phat hien vi pham"), read_result("Có vi phạm đúng dâu hiêu"), read_result("Chờ kiểm định")
    ('Không phát hiện vi phạm', 'Có vi phạm đúng dấu hiệu', None)
    >>> read_result("Có vi phạm"), read_result("Phát hiện vi phạm")
    (None, None)
    """
    return _nearest(bare(text), RESULT_CHOICES)


def read_opinion(text: str) -> tuple[str, str] | None:
    """Return the reviewer's opinion (agree, refuse, postpone) and the words that stand behind it.

    >>> read_opinion("Hoãn – chờ chủ thể quyền"), read_opinion("không đồng ý")
    (('postpone', 'chờ chủ thể quyền'), ('refuse', ''))
    """
    words = text.split()
    for choice, opinion in sorted(_OPINIONS.items(), key=lambda item: -len(item[0])):
        length = len(choice.split())
        head = bare(" ".join(words[:length]))
        if head == bare(choice) or (len(head) >= 5 and _distance(head, bare(choice), 1) <= 1):
            return opinion, _rest(words[length:], opinion)
    return None


def _rest(words: list[str], opinion: str) -> str:
    rest = " ".join(words).strip(" –—-:;,.()")
    # "Không đồng ý" refuses; "Hoãn – ghi lý do" is what an older drop-down said.
    said_already = {REFUSE: ("dong y",), POSTPONE: ("ghi ly do", "ly do"), AGREE: ()}[opinion]
    return "" if bare(rest) in said_already else rest


def read_yes_no(text: str) -> bool | None:
    """Return True or False for yes and no as written in a cell, ``None`` for anything else."""
    word = bare(text)
    return True if word in _YES else False if word in _NO else None


def read_usefulness(text: str) -> int | None:
    """Return 1 to 5.

    >>> read_usefulness("4"), read_usefulness("4/5"), read_usefulness("5 điểm"), read_usefulness("4,5"), read_usefulness("8")
    (4, 4, 5, None, None)
    """
    found = re.fullmatch(r"([1-5])(?:[.,]0+)?(?:\s*/\s*5|\s*(?:điểm|diem|sao))?", normalize("NFC", text).strip().lower())
    return int(found[1]) if found and int(found[1]) in USEFULNESS else None


def _nearest(words: str, choices: Iterable[str]) -> str | None:
    known = {bare(choice): choice for choice in choices}
    if words in known:
        return known[words]
    # Only a beginning: "phát hiện vi phạm" is the end of its own opposite.
    begun = [choice for text, choice in known.items() if len(words) >= 4 and text.startswith(words + " ")]
    if begun:
        return begun[0] if len(begun) == 1 else None
    close = [choice for text, choice in known.items() if near(words, text)]
    return close[0] if len(close) == 1 else None


def near(words: str, other: str) -> bool:
    """True where two long texts (as `bare` gives them) are a slip or two apart."""
    return min(len(words), len(other)) >= _LONG and _distance(words, other, _SLIPS) <= _SLIPS


def _distance(one: str, other: str, at_most: int) -> int:
    """Letters to add, drop or change (Levenshtein); anything above ``at_most`` where there are more."""
    if abs(len(one) - len(other)) > at_most:
        return at_most + 1
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        above, row[0] = row[0], i
        for j, other_letter in enumerate(other, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (letter != other_letter))
    return row[-1]
