"""Characters that are not what they look like, or do not show: one step for each kind of disguise, each giving edits of the text.

A step looks at its own characters and their neighbours only. `undo_characters` repeats the steps until nothing changes, because undoing
one disguise can bare another ("&l\u200bt;"). Honest uses stay: flags of countries, list numbers "①", "❤️", "µm", words of other languages.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache

from features.foreign import alikes, undo_look_alikes
from features.marks import MARK, MARKS, composed_throughout, undo_marks
from features.rewrite import Edit, Offsets, compose, rewrite
from features.styled import COLONS, KEYCAP, NATION, RINGED, STYLED, undo_nations, undo_ringed_digits, undo_styled_letters
from features.vocabulary import Vocabulary

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0"
    "\U000e0001-\U000e007f"
)
_ENTITY = re.compile(r"&(?:#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z]{2,8};)")
_MORE = re.compile(r"#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z]{2,8};")
_TAG = re.compile(
    r"<(?:(?P<inline>/?(?:b|i|u|s|a|em|strong|span|font|big|small|mark|sub|sup|wbr|ins|del|code)(?:\s[^<>]{0,300})?/?|!--[^<>]{0,300}--)"
    r"|/?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|tbody|hr|img|section|center|blockquote)(?:\s[^<>]{0,300})?/?)>",
    re.IGNORECASE,
)
_HIDDEN_ONE = re.compile(f"[{_HIDDEN}\ufe0e]")
#: A colour selector inside a word, after a styled letter or in a keycap; elsewhere it belongs to an emoji, or is what is left of one that
#: stood between two sentences ("size\ufe0fNhận").
_SELECTOR = "(?<=[^\\W_])[\ufe0e\ufe0f]+(?=[^\\W_A-ZÀ-ÝĂĐĨŨƠƯẠ-Ỹ]|(?<=[A-ZÀ-Ý][\ufe0e\ufe0f])[^\\W_])|(?<=[0-9])[\ufe0e\ufe0f](?=\u20e3)"
_INVISIBLE = re.compile(f"[{_HIDDEN}]+|{_SELECTOR}")
_JOINED_EMOJI = re.compile("(?<=[\u2190-\u2bff\ufe0f\U0001f300-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f300-\U0001faff])")
_ODD_STYLE = re.compile(f"{_SELECTOR}|[{STYLED}][\ufe0e\ufe0f]")
_MANY_PASSES = 12

_Step = Callable[[str, Vocabulary, set[str]], list[Edit]]


def is_plain(text: str) -> bool:
    """True where no step has anything to undo: most texts, so this is what canonical text costs."""
    return _only_plain().match(text) is not None and not hides_in_ascii(text)


def hides_in_ascii(text: str) -> bool:
    """True where entities, tags or colour selectors stand: disguises that no single character gives away."""
    return bool(("&" in text and _ENTITY.search(text)) or ("<" in text and _TAG.search(text)) or ("\ufe0f" in text and _ODD_STYLE.search(text)))


@lru_cache(maxsize=1)
def odd_letters() -> re.Pattern[str]:
    """Match any character that some step may undo."""
    return re.compile(f"[{_HIDDEN}{MARKS}{STYLED}{RINGED}{NATION}{COLONS}{KEYCAP}{''.join(map(re.escape, alikes()))}]")


@lru_cache(maxsize=1)
def _only_plain() -> re.Pattern[str]:
    """The complement of `odd_letters`, spelt out: a set that the letter is in is found much faster than one it is not in."""
    odd = odd_letters()
    ranges: list[list[int]] = []
    for code in range(0x20000):
        if odd.match(chr(code)):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    spelt = "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)
    return re.compile(f"[{spelt}]*\\Z")


def undo_characters(text: str, known: Vocabulary, flags: set[str]) -> tuple[str, Offsets | None]:
    """Return ``text`` with every disguised character undone, and its offsets; adds what was undone to ``flags``."""
    moved: Offsets | None = None
    short = composed_throughout(text)
    if short is not None and is_plain(short[0]):
        flags.add("nfd")
        return short
    for _ in range(_MANY_PASSES):
        if is_plain(text):
            return text, moved
        before = text
        present = "".join(odd_letters().findall("".join(set(text))))
        for trigger, step in _STEPS:
            # A step's own characters are looked for among the few that the text has, not all through the text.
            edits = step(text, known, flags) if trigger is None or trigger.search(present) else []
            if edits:
                text, at = rewrite(text, edits)
                moved = compose(moved, at)
        if text == before:
            return text, moved
    if "&" not in text and "<" not in text:
        return text, moved
    # Nested twelve deep, on purpose: what could hide more goes, and the rest is read once more.
    flags.add("nested")
    text, at = rewrite(text, [Edit(found.start(), found.end(), "") for found in re.finditer("[&<]+", text)])
    text, then = undo_characters(text, known, flags)
    return text, compose(compose(moved, at), then)


def _entities(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    edits: list[Edit] = []
    last = 0
    for found in _ENTITY.finditer(text) if "&" in text else ():
        if found.start() < last:
            continue
        end, meant = found.end(), html.unescape(found[0])
        # "&amp;amp;lt;" is undone in one go, or a thousand of them would take a thousand passes.
        while meant == "&" and (more := _MORE.match(text, end)):
            end, meant = more.end(), html.unescape("&" + more[0])
        if len(meant) == 1 and not "\ud800" <= meant <= "\udfff":
            flags.add("html")
            edits.append(Edit(found.start(), end, meant))
            last = end
    return edits


def _tags(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    if "<" not in text:
        return []
    edits = [Edit(found.start(), found.end(), "" if found["inline"] else "\n") for found in _TAG.finditer(text)]
    if edits:
        flags.add("html")
    return edits


def _invisible(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    if not (_HIDDEN_ONE.search("".join(set(text))) or "\ufe0f" in text):
        return []
    honest = {found.start() for found in _JOINED_EMOJI.finditer(text)} if "\u200d" in text else ()
    edits = [Edit(*found.span(), "") for found in _INVISIBLE.finditer(text) if found.start() not in honest]
    if edits:
        flags.add("zero_width")
    return edits


_STEPS: tuple[tuple[re.Pattern[str] | None, _Step], ...] = (
    (None, _entities),
    (None, _tags),
    (None, _invisible),
    (re.compile(f"[{STYLED}{COLONS}]"), undo_styled_letters),
    (None, _invisible),
    (re.compile(f"[{RINGED}{KEYCAP}]"), undo_ringed_digits),
    (re.compile(f"[{NATION}]"), undo_nations),
    (None, undo_look_alikes),
    (MARK, undo_marks),
)
