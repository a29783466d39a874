"""Texts as a person may read and a cue may search them: no control characters, no mark-up, no boilerplate, of bounded length."""

from __future__ import annotations

import re
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser

MAX_TEXT = 20_000
"""Characters of a text that are kept."""

_MAX_MARKED_UP = 200_000
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TAG = re.compile(r"<[A-Za-z!/][^<>]{0,2000}>")
_LEAST_CUT_BOILERPLATE = 30


def clean(value: str, *, html: bool, boilerplate: tuple[str, ...], flags: list[str]) -> str | None:
    """Return the text itself, ``None`` where nothing is left; what was done to it is added to ``flags``.

    Boilerplate goes word for word and wherever it stands, and where the text was cut inside it; whatever a seller adds before or after
    it stays.
    """
    if len(value) > _MAX_MARKED_UP:
        value = value[:_MAX_MARKED_UP]
        flags.append("text_cut")
    if _CONTROLS.search(value):
        value = _CONTROLS.sub(" ", value)
        flags.append("control_characters")
    if html and _TAG.search(value):
        value = _without_tags(value)
    for phrase in boilerplate:
        value = _without_phrase(value, phrase)
    if len(value) > MAX_TEXT:
        value = value[:MAX_TEXT]
        flags.append("text_cut")
    return value if value.strip() else None


def _without_tags(value: str) -> str:
    page = LexborHTMLParser(value)
    page.strip_tags(["script", "style"])
    return str(page.text(separator="\n")).strip()


def _without_phrase(value: str, phrase: str) -> str:
    begin = phrase[:_LEAST_CUT_BOILERPLATE]
    if begin not in value:
        return value
    value = _pattern(phrase).sub("", value).rstrip()
    cut = value.rfind(begin)
    return value[:cut].rstrip() if cut >= 0 and phrase.startswith(value[cut:].rstrip(" .…")) else value


@lru_cache(maxsize=64)
def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(re.escape(phrase) + r"[.…]*")
