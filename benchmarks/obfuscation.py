"""How an evading seller writes the words that matter: named tactics, seeded, written without looking at what the reader undoes.

Every tactic takes a phrase ("hàng nhái", "Louis Vuitton", "rep 1:1") and a random source and gives the phrase as it might stand in a
listing. A phrase that a tactic cannot change (no tones to leave out, no letter with a digit for it) comes back as it was.
"""

from __future__ import annotations

import html
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

Tactic = Callable[[str, random.Random], str]

_HIDDEN = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"]
_DIRECTIONS = ["\u200e", "\u200f", "\u202a", "\u202c", "\u202d", "\u2066", "\u2069"]
_STROKES = ["\u0336", "\u0335", "\u0337", "\u0338", "\u0332", "\u0305", "\u0323\u0332", "\u0489", "\u0353", "\u0324", "\u0308"]
_CYRILLIC = dict(zip("aceopxyijskbtmhABCEHKMOPTXYIJS", "асеорхуіјѕкьтмһАВСЕНКМОРТХУІЈЅ", strict=True))
_GREEK = dict(zip("aoviukpetxnyABEZHIKMNOPTXY", "αονιυκρετχηγΑΒΕΖΗΙΚΜΝΟΡΤΧΥ", strict=True))
_SMALL_CAPS = dict(zip("abcdefghijklmnopqrstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
_DIGITS_FOR = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8", "g": "9"}
_TONES = dict(zip("òa óa ỏa õa ọa òe óe ỏe ọe ùy úy ủy ụy".split(), "oà oá oả oã oạ oè oé oẻ oẹ uỳ uý uỷ uỵ".split(), strict=True))
#: From lists of "ngôn ngữ teen": beginnings, ends and whole words.
_TEEN_WORDS = {"không": ["ko", "hok", "kg"], "hàng": ["hàg"], "fake": ["phake"], "chính": ["9", "chjnh"], "được": ["đc"], "giống": ["zống"]}
_TEEN_PARTS = [("ph", "f", 1), ("qu", "w", 1), ("c", "k", 1), ("gi", "j", 1), ("d", "z", 1), ("ng", "g", -1), ("i", "j", -1), ("iêu", "iu", 0)]


def _letters(phrase: str) -> list[str]:
    return list(unicodedata.normalize("NFC", phrase))


def _toneless(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D")) if not unicodedata.combining(one))


def _insert(signs: Sequence[str]) -> Tactic:
    def tactic(phrase: str, draw: random.Random) -> str:
        letters = _letters(phrase)
        gaps = range(1, len(letters))
        chosen = {gap for gap in gaps if draw.random() < 0.35} or set(draw.sample(list(gaps), min(1, len(gaps))))
        return "".join((draw.choice(signs) if place in chosen else "") + letter for place, letter in enumerate(letters))

    return tactic


def _alphabet(*alphabets: Callable[[str], str]) -> Tactic:
    """Each letter's base in another alphabet, its tone as loose marks behind it, as style generators on the web do."""

    def tactic(phrase: str, draw: random.Random) -> str:
        style = draw.choice(alphabets)
        return "".join(style(one) for one in unicodedata.normalize("NFD", phrase))

    return tactic


def _shifted(capital: int, small: int | None, digit: int | None = None) -> Callable[[str], str]:
    def style(letter: str) -> str:
        if "a" <= letter <= "z":
            return chr(small + ord(letter) - 97) if small is not None else chr(capital + ord(letter) - 97)
        if "A" <= letter <= "Z":
            return chr(capital + ord(letter) - 65)
        return chr(digit + ord(letter) - 48) if digit is not None and "0" <= letter <= "9" else letter

    return style


def _exchanged(table: dict[str, str], share: float) -> Tactic:
    def tactic(phrase: str, draw: random.Random) -> str:
        changed = list(unicodedata.normalize("NFD", phrase))
        places = [place for place, one in enumerate(changed) if one in table]
        chosen = {place for place in places if draw.random() < share} or set(places[:1])
        return unicodedata.normalize("NFC", "".join(table[one] if place in chosen else one for place, one in enumerate(changed)))

    return tactic


def _parted(separator: str, word_gaps: Sequence[str]) -> Tactic:
    """All letters apart, one cut in the longest word, or the words joined by the separator."""

    def tactic(phrase: str, draw: random.Random) -> str:
        words = unicodedata.normalize("NFC", phrase).split(" ")
        how = draw.choice(["letters", "letters", "cut", "words"])
        if how == "words" and len(words) > 1 and separator != " ":
            return separator.join(words)
        if how == "cut" and separator != " ":
            longest = max(range(len(words)), key=lambda place: len(words[place]) if words[place].isalpha() else 0)
            if words[longest].isalpha() and len(words[longest]) > 2:
                at = draw.randrange(1, len(words[longest]))
                words[longest] = words[longest][:at] + separator + words[longest][at:]
                return " ".join(words)
        return draw.choice(word_gaps).join(separator.join(word) if word.isalpha() else word for word in words)

    return tactic


def _leet(phrase: str, draw: random.Random) -> str:
    out = []
    for word in phrase.split(" "):
        bare = _toneless(word).lower()
        places = [place for place, letter in enumerate(bare) if letter in _DIGITS_FOR and place > 0] if word.isalpha() else []
        chosen = set(draw.sample(places, min(len(places), draw.choice([1, 1, 2]))))
        out.append("".join(draw.choice(_DIGITS_FOR[bare[place]]) if place in chosen else one for place, one in enumerate(word)))
    return " ".join(out)


def _repeated(phrase: str, draw: random.Random) -> str:
    words = phrase.split(" ")
    able = [place for place, word in enumerate(words) if word.isalpha() and len(word) > 1]
    for place in draw.sample(able, min(len(able), draw.choice([1, 2]))):
        at = len(words[place]) - 1 if draw.random() < 0.6 else draw.randrange(len(words[place]))
        words[place] = words[place][:at] + words[place][at] * draw.randint(3, 6) + words[place][at + 1 :]
    return " ".join(words)


def _teencode(phrase: str, draw: random.Random) -> str:
    words = phrase.split(" ")
    changed = [_teen_word(word, draw) for word in words]
    chosen = {place for place in range(len(words)) if draw.random() < 0.6} or set(range(len(words)))
    return " ".join(changed[place] if place in chosen else word for place, word in enumerate(words))


def _teen_word(word: str, draw: random.Random) -> str:
    low = word.lower()
    if low in _TEEN_WORDS:
        return draw.choice(_TEEN_WORDS[low])
    if low.isascii() or len(low) < 3:
        return word
    for old, new, where in draw.sample(_TEEN_PARTS, len(_TEEN_PARTS)):
        if (where == 1 and low.startswith(old) and not (old == "c" and low.startswith("ch"))) or (where == 0 and old in low):
            return low.replace(old, new, 1)
        if where == -1 and low.endswith(old):
            return low[: -len(old)] + new
    return low


def _emoji(phrase: str, draw: random.Random) -> str:
    how = draw.choice(["squares", "nations", "keycaps"])
    out = []
    for letter in _toneless(phrase).upper():
        if "A" <= letter <= "Z":
            at = ord(letter) - 65
            out.append(chr(0x1F1E6 + at) + ("\u200b" if draw.random() < 0.5 else "") if how == "nations" else chr(0x1F170 + at) + "\ufe0f")
        elif letter.isdigit() and how != "squares":
            out.append(letter + "\ufe0f\u20e3")
        else:
            out.append(letter)
    return "".join(out)


def _entities(phrase: str, draw: random.Random) -> str:
    out = []
    for letter in phrase:
        form = draw.choice(["plain", "decimal", "hex", "name"])
        named = html.entities.codepoint2name.get(ord(letter))
        if form == "decimal" or (form == "name" and named is None and letter.isalpha()):
            out.append(f"&#{ord(letter)};")
        elif form == "hex":
            out.append(f"&#x{ord(letter):x};")
        else:
            out.append(f"&{named};" if form == "name" and named else letter)
    return "".join(out)


def _stacked(phrase: str, draw: random.Random) -> str:
    stroke = draw.choice(_STROKES)
    heap = draw.random() < 0.3
    return "".join(one + (stroke if not heap else draw.choice(_STROKES) * draw.randint(1, 3)) if one.isalnum() else one for one in _letters(phrase))


def _old_tone(phrase: str, draw: random.Random) -> str:
    for new, old in _TONES.items():
        phrase = re.sub(rf"(?<!q){new}(?!\w)", old, phrase) if new in phrase else re.sub(rf"(?<!q){old}(?!\w)", new, phrase)
    return phrase


def _case(phrase: str, draw: random.Random) -> str:
    return "".join(one.upper() if draw.random() < 0.5 else one.lower() for one in phrase)


TACTICS: dict[str, Tactic] = {
    "zero_width": _insert(_HIDDEN),
    "bidi": _insert(_DIRECTIONS),
    "math_bold": _alphabet(
        _shifted(0x1D400, 0x1D41A, 0x1D7CE), _shifted(0x1D5D4, 0x1D5EE, 0x1D7EC), _shifted(0x1D63C, 0x1D656), _shifted(0x1D4D0, 0x1D4EA),
        _shifted(0x1D56C, 0x1D586), _shifted(0x1D670, 0x1D68A, 0x1D7F6), _shifted(0x1D552, 0x1D552, 0x1D7D8),
    ),
    "fullwidth": _alphabet(_shifted(0xFF21, 0xFF41, 0xFF10)),
    "circled": _alphabet(_shifted(0x24B6, 0x24D0), _shifted(0x1F150, None)),
    "squared": _alphabet(_shifted(0x1F130, None), _shifted(0x1F170, None)),
    "cyrillic": _exchanged(_CYRILLIC, 0.7),
    "greek": _exchanged(_GREEK, 0.7),
    "small_caps": _alphabet(lambda letter: _SMALL_CAPS.get(letter.lower(), letter)),
    "nfd": lambda phrase, draw: unicodedata.normalize("NFD", phrase),
    "stacked_marks": _stacked,
    "old_tone": _old_tone,
    "dots": _parted(".", [" ", ".", "  "]),
    "spaces": _parted(" ", ["  ", " ", "   "]),
    "hyphens": _parted("-", [" ", "-", " - "]),
    "underscores": _parted("_", [" ", "_", "__"]),
    "slashes": _parted("/", [" ", "/"]),
    "leet": _leet,
    "repeated_letters": _repeated,
    "no_diacritics": lambda phrase, draw: _toneless(phrase),
    "teencode": _teencode,
    "emoji_letters": _emoji,
    "html_entities": _entities,
    "case_mix": _case,
}  # fmt: skip

#: Pairs as they occur: a spelling first, then a dress.
MIXTURES = (
    ("no_diacritics", "math_bold"),
    ("no_diacritics", "dots"),
    ("teencode", "zero_width"),
    ("leet", "cyrillic"),
    ("repeated_letters", "case_mix"),
    ("case_mix", "spaces"),
    ("cyrillic", "hyphens"),
    ("fullwidth", "zero_width"),
    ("stacked_marks", "bidi"),
    ("no_diacritics", "html_entities"),
)


def names() -> list[str]:
    """Return every tactic's name, mixtures as ``first+second``."""
    return [*TACTICS, *("+".join(pair) for pair in MIXTURES)]


def write(phrase: str, tactic: str, draw: random.Random) -> str:
    """Return ``phrase`` as a seller who uses ``tactic`` writes it."""
    for one in tactic.split("+"):
        phrase = TACTICS[one](phrase, draw)
    return phrase


def disguise(text: str, spans: Iterable[tuple[int, int]], tactic: str, *, seed: int) -> str:
    """Return ``text`` with the words at ``spans`` (start, end; overlapping ones once) rewritten; the same seed gives the same text."""
    draw = random.Random(f"{tactic} {seed} {text}")
    pieces, last = [], 0
    for start, end in sorted(set(spans)):
        if start >= last:
            pieces += (text[last:start], write(text[start:end], tactic, draw))
            last = end
    return "".join([*pieces, text[last:]])
