"""Characters that are not what they look like, or do not show: one step for each kind of disguise, each giving edits of the text.

A step looks at its own characters and their neighbours only. `undo_characters` repeats the steps until nothing changes, because undoing
one disguise can bare another ("&l\u200bt;"). Honest uses stay: flags of countries, list numbers "①", "❤️", "µm", words of other languages.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from features.confusables import look_alikes, near_alikes
from features.fold import plain
from features.rewrite import Edit, Offsets, compose, rewrite
from features.vocabulary import Vocabulary

_VIETNAMESE = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + _VIETNAMESE + _VIETNAMESE.upper())

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0"
    "\U000e0001-\U000e007f"
)
_MARKS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20e2\u20e4-\u20f0\ua66f-\ua67d\ufe20-\ufe2f"
_STYLED = (
    "\u02b0-\u02b8\u02e1-\u02e3\u1d2c-\u1d6a\u1d78\u1d9b-\u1dbf\u2071\u207f\u2090-\u209c\u2100-\u2121\u2123-\u214f\u2160-\u217f"
    "\u249c-\u24e9\uff0d-\uff3a\uff3f\uff41-\uff5a\uff20\uff04\U0001d400-\U0001d7ff\U0001f100-\U0001f189"
)
_RINGED = "\u2460-\u2468\u2474-\u247c\u24ea\u2776-\u277e\u2780-\u2788\u278a-\u2792"
_NATION = "\U0001f1e6-\U0001f1ff"
_COLONS = "\u2236\ua789\u02d0\ufe55\u05c3\uff1a"
_KEYCAP = "\u20e3"

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
_STYLED_ONE = re.compile(f"[{_STYLED}]")
_RINGED_ONE = re.compile(f"[{_RINGED}]")
_NATIONS = re.compile(f"[^\\W_]*[{_NATION}]+[^\\W_]*(?:[ .\\-_/&]{{1,2}}[{_NATION}]+[^\\W_]*)*")
_NATION_RUN = re.compile(f"[^\\W_]*[{_NATION}]+[^\\W_]*")
_NATION_ONE = re.compile(f"[{_NATION}]")
_COLON = re.compile(f"[{_COLONS}]")
_KEYCAPS = re.compile(f"(?<=[0-9]){_KEYCAP}")
_MARK = re.compile(f"[{_MARKS}]")
_MARKED = re.compile(f"[{_MARKS}]+")
_WORD = re.compile(f"(?:[^\\W_]|[{_MARKS}])+")
_SPELT = re.compile(rf"(?<![^\W_])[^\W_][{_MARKS}]*(?:[ .\-_*·|/'’+~,:]{{1,3}}[^\W_][{_MARKS}]*)+(?![^\W_])")
_CHUNK = re.compile(rf"(?:[^\W_]|[{_MARKS}])+(?:[.\-_*·|/'’+~&](?:[^\W_]|[{_MARKS}])+)*")
_ODD_STYLE = re.compile(f"{_SELECTOR}|[{_STYLED}][\ufe0e\ufe0f]")
_LATIN_NAME = re.compile(r".*\bLATIN (?:CAPITAL|SMALL|SUBSCRIPT SMALL|SUPERSCRIPT SMALL) LETTER ([A-Z])")
#: ISO 3166 codes, and the European Union's: the flags that exist.
_COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM "
    "CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
    "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA "
    "RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY "
    "UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW".split()
)
_MANY_PASSES = 12
_SELECTORS = ("\ufe0e", "\ufe0f")

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
    return re.compile(f"[{_HIDDEN}{_MARKS}{_STYLED}{_RINGED}{_NATION}{_COLONS}{_KEYCAP}{''.join(map(re.escape, _alikes()))}]")


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


@lru_cache(maxsize=1)
def _alikes() -> dict[str, str]:
    return near_alikes() | look_alikes()


@lru_cache(maxsize=1)
def _foreign() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(re.escape, _alikes()))}]")


def undo_characters(text: str, known: Vocabulary, flags: set[str]) -> tuple[str, Offsets | None]:
    """Return ``text`` with every disguised character undone, and its offsets; adds what was undone to ``flags``."""
    text, moved = _composed(text, flags)
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
    # Nested twelve deep, on purpose: what could hide more goes, and the rest is read once more.
    flags.add("nested")
    text, at = rewrite(text, [Edit(found.start(), found.end(), "") for found in re.finditer("[&<]+", text)])
    text, then = undo_characters(text, known, flags)
    return text, compose(compose(moved, at), then)


def _composed(text: str, flags: set[str]) -> tuple[str, Offsets | None]:
    """The short way for text that is only decomposed, as whole descriptions are: every mark joins the letter before it."""
    places = [found.start() for found in _MARK.finditer(text)]
    whole = unicodedata.normalize("NFC", text) if places else text
    if not places or len(whole) != len(text) - len(places) or not is_plain(whole):
        return text, None
    flags.add("nfd")
    stays = np.ones(len(text) + 1, dtype=bool)
    stays[places] = False
    return whole, np.flatnonzero(stays).astype(np.int32)


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


def _styled_letters(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    edits = []
    for found in _STYLED_ONE.finditer(text):
        at = found.start()
        meant = _unstyled(found[0])
        # "NIKEⓇ": a registered name, not a letter more.
        registered = found[0] in "ⓇⒸ" and at and text[at - 1] in _LETTERS and not text[at + 1 : at + 2].isalnum()
        if meant != found[0] and not registered:
            # The selector that colours an emoji goes with the letter that it was.
            edits.append(Edit(at, at + 1 + (text[at + 1 : at + 2] in _SELECTORS), meant))
    edits += [Edit(*found.span(), ":") for found in _COLON.finditer(text)]
    if edits:
        flags.add("styled")
    return sorted(edits)


@lru_cache(maxsize=4096)
def _unstyled(character: str) -> str:
    """The plain letter or digit behind a mathematical, circled, squared or full-width one; anything else as it is."""
    name = unicodedata.name(character, "")
    bare = unicodedata.normalize("NFKC", character)
    if len(bare) == 1 and bare.isalnum() and (bare.isascii() or name.startswith("MATHEMATICAL")):
        return bare
    if len(bare) == 1 and bare in ".-/_@$":
        return bare
    letter = _LATIN_NAME.fullmatch(name)
    return letter[1] if letter else character


def _ringed_digits(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    """Grades are written so ("rep ①:①", "fake①"); "①②③" and "fake①" are grades; "①②③" and "① Chất liệu" at the start of a line are lists."""
    edits = []
    for found in _RINGED_ONE.finditer(text):
        at = found.start()
        before, after = text[max(0, at - 2) : at], text[at + 1 : at + 2]
        touching = before[-1:].isascii() and (before[-1:].isalnum() or before[-1:] in tuple(":-/."))
        # "… đẹp ② Kích thước": the next point of a list whose lines were put together.
        listed = after == " " and text[at + 2 : at + 3].isupper()
        beside = touching or (before[-1:] == " " and before[:1].isalpha() and not listed)
        if beside and not after.isalpha() and not _RINGED_ONE.match(after):
            edits.append(Edit(at, at + 1, str(unicodedata.digit(found[0], int(unicodedata.numeric(found[0]))))))
    for found in _KEYCAPS.finditer(text):
        edits.append(Edit(*found.span(), " " if text[found.end() : found.end() + 1].isalpha() else ""))
    if edits:
        flags.add("styled")
    return sorted(edits)


def _nations(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    """Regional indicators are letters where they spell a known word or cannot be flags, which come in pairs; with them those beside them."""
    edits = []
    for found in _NATIONS.finditer(text) if _NATION_ONE.search(text) else ():
        if any(_is_spelt(run, known) for run in _NATION_RUN.findall(found[0])):
            edits.append(Edit(*found.span(), _NATION_ONE.sub(lambda one: _letter_of(one[0]), found[0])))
            flags.add("styled")
    return edits


def _letter_of(indicator: str) -> str:
    return chr(ord(indicator) - 0x1F1E6 + 65)


def _is_spelt(run: str, known: Vocabulary) -> bool:
    signs = "".join(map(_letter_of, _NATION_ONE.findall(run)))
    flags_only = len(signs) % 2 == 0 and all(signs[at : at + 2] in _COUNTRIES for at in range(0, len(signs), 2))
    return not flags_only or known.is_word(_NATION_ONE.sub(lambda one: _letter_of(one[0]), run).lower())


def _look_alikes(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    foreign = _foreign()
    present = "".join(set(text))
    if not foreign.search(present):
        return []
    no_language = _is_no_language(text)
    edits, last = [], 0
    for found in (*_SPELT.finditer(text), *_CHUNK.finditer(text)):
        if foreign.search(found[0]) and (meant := _chunk_in_latin(found[0], known, no_language)) != found[0]:
            edits.append(Edit(*found.span(), meant))
            flags.add("homoglyph")
    kept = []
    for edit in sorted(edits, key=lambda one: (one.start, -one.end)):
        if edit.start >= last:
            kept.append(edit)
            last = edit.end
    return kept


def _is_no_language(text: str) -> bool:
    """True where foreign letters are few and all of them look like Latin ones: nobody writes Russian or Greek here."""
    letters = [letter for letter in text if letter.isalpha()]
    latin = sum(letter in _LETTERS for letter in letters)
    return latin >= 0.7 * len(letters) and all(letter in _LETTERS or letter in _alikes() or ord(letter) < 0x370 for letter in letters)


def _chunk_in_latin(chunk: str, known: Vocabulary, no_language: bool) -> str:
    """Read letters kept apart ("r-е-р", "р-һone") as the one word that they are, other words each for itself."""
    whole = "".join(_alikes().get(letter, letter) for letter in chunk)
    letters = "".join(letter for letter in _MARKED.sub("", whole) if letter.isalnum()).lower()
    if known.is_word(letters) or (all(map(_is_single, _WORD.findall(chunk))) and any(letter in _LETTERS for letter in chunk)):
        return whole
    return _WORD.sub(lambda found: _in_latin(found[0], known, no_language), chunk)


def _is_single(word: str) -> bool:
    return len(_MARKED.sub("", word)) == 1


def _in_latin(word: str, known: Vocabulary, no_language: bool) -> str:
    """Look-alikes become Latin inside a word that also has Latin letters, that is made of them alone, or that is then a known one."""
    alikes, sure = _alikes(), look_alikes()
    word = "".join(sure[letter] if letter in sure and _is_small_capital(letter) else letter for letter in word)
    whole = "".join(alikes.get(letter, letter) for letter in word)
    if known.is_word(_MARKED.sub("", whole).lower()):
        bare = "".join(map(_base, whole))
        return bare if known.is_exactly(bare.lower()) and not _MARKED.search(whole) and not known.is_exactly(whole.lower()) else whole
    letters = [letter for letter in word if letter.isalpha()]
    if any(letter in _LETTERS for letter in letters):
        meant = "".join(_beside_latin(letter) for letter in word)
        strange = any(letter.isalpha() and ord(letter) > 0x24F and not 0x1E00 <= ord(letter) <= 0x1EFF for letter in meant)
        return word if strange else meant
    # One Greek letter alone names a thing ("α-arbutin"); two, or one Cyrillic, in a Vietnamese text are a disguise.
    if no_language and letters and all(letter in alikes for letter in letters) and (len(letters) > 1 or "\u0400" <= letters[0] <= "\u052f"):
        return whole
    if len(letters) >= 3 and all(letter in sure for letter in letters):
        return "".join(sure.get(letter, letter) for letter in word)
    return word


@lru_cache(maxsize=4096)
def _is_small_capital(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN LETTER SMALL CAPITAL")


def _beside_latin(letter: str) -> str:
    """Letters of another script stand for Latin beside Latin; a Latin letter with a foreign mark ("ö") may be a name's own."""
    if letter in look_alikes():
        return look_alikes()[letter]
    return near_alikes().get(letter, letter) if ord(letter) >= 0x250 and not 0x1E00 <= ord(letter) <= 0x1EFF else letter


def _marks(text: str, known: Vocabulary, flags: set[str]) -> list[Edit]:
    """Loose marks join their letter where that gives a Vietnamese one; heaps and strokes through a word go."""
    found = list(_MARKED.finditer(text))
    if not found:
        return []
    clusters = [(one.start() - 1 if one.start() else 0, one.end()) for one in found]
    composed = [unicodedata.normalize("NFC", text[start:end]) for start, end in clusters]
    heaped = any(len(one) > 1 for one in composed)
    flags.add("marks" if heaped else "nfd")
    words = list(_words_under(text, known)) if heaped else []
    taken = {place for word in words for place in range(word.start, word.end)}
    return sorted([*words, *(edit for edit in _settled(text, clusters, composed, heaped) if edit.start not in taken)])


def _words_under(text: str, known: Vocabulary) -> Iterator[Edit]:
    """Known words once the marks in them are taken away: "fạ̲ḳ̲ẹ̲" is "fake" with strokes and dots, not "fạkẹ"."""
    for found in _WORD.finditer(text):
        if not _MARK.search(found[0]):
            continue
        places = [place for place in range(*found.span()) if not _MARK.match(text[place])]
        letters = [text[place] for place in places]
        composed = [_first_letter(text, place, found.end()) for place in places]
        for tried in (composed, letters, [_base(letter) for letter in letters]):
            if known.is_exactly("".join(tried).lower()):
                yield Edit(*found.span(), "".join(tried), places)
                break


def _base(letter: str) -> str:
    return plain(unicodedata.normalize("NFD", letter)[0])


def _first_letter(text: str, place: int, end: int) -> str:
    marks = _MARKED.match(text, place + 1, end)
    return unicodedata.normalize("NFC", text[place] + (marks[0] if marks else ""))[0]


def _settled(text: str, clusters: list[tuple[int, int]], composed: list[str], heaped: bool) -> Iterator[Edit]:
    for (start, end), whole in zip(clusters, composed, strict=True):
        if _MARKED.match(text[start]):
            yield Edit(start, end, "")
            continue
        letter = whole[0]
        own = letter in _LETTERS or text[start] not in _LETTERS or (not heaped and ord(letter) < 0x250)
        yield Edit(start, end, letter if own else text[start])


_STEPS: tuple[tuple[re.Pattern[str] | None, _Step], ...] = (
    (None, _entities),
    (None, _tags),
    (None, _invisible),
    (re.compile(f"[{_STYLED}{_COLONS}]"), _styled_letters),
    (None, _invisible),
    (re.compile(f"[{_RINGED}{_KEYCAP}]"), _ringed_digits),
    (re.compile(f"[{_NATION}]"), _nations),
    (None, _look_alikes),
    (_MARK, _marks),
)
