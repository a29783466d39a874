"""Listing text made inert: nothing a seller wrote runs in Excel, CSV or a browser, and nothing hides in it."""

from __future__ import annotations

import re

from pipeline.platforms.registry import is_registered

MAX_CELL = 32_000
"""Excel holds 32,767 characters a cell."""

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]")
_EMAIL = re.compile(r"[^\s@<>()\[\]“”\"',;:]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def visible(text: str) -> str:
    """Return ``text`` without control, zero-width and direction characters, which XML forbids or which turn text around, and without
    e-mail addresses: they are personal data that no reader of a list needs.
    """
    return without_email(_UNSEEN.sub("", text))


def without_email(text: str) -> str:
    """Return ``text`` of the same length with the letters of e-mail addresses as dots, so that offsets into it still hold.

    >>> without_email("hỏi a.b@shop.example nhé")
    'hỏi •••••••••••••••• nhé'
    """
    return _EMAIL.sub(lambda found: "•" * len(found.group()), text) if "@" in text else text


def one_line(text: str) -> str:
    """Return ``text`` for one line of a terminal: no control sequence moves the cursor or colours what follows."""
    return re.sub(r"[\r\n\t]+", " ", visible(text))


def for_cell(text: str) -> str:
    """Return ``text`` for a string cell of a workbook; cut where Excel could not hold it."""
    clean = visible(text)
    return clean if len(clean) <= MAX_CELL else clean[: MAX_CELL - 1] + "…"


def for_csv(text: str) -> str:
    """Return ``text`` for a CSV cell: what a spreadsheet would take for a formula gets a leading apostrophe."""
    clean = visible(text).replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
    return "'" + clean if clean.startswith(_FORMULA_START) else clean


def live_link(url: object) -> str | None:
    """Return ``url`` where it is a plain https address of a platform that the registry calls registered, else ``None``."""
    return url.strip() if isinstance(url, str) and is_registered(url) else None


def dead_link(url: object) -> str:
    """Return an address as text that nothing turns into a link ("hxxps://…")."""
    if not isinstance(url, str):
        return ""
    return re.sub(r"^\s*http", "hxxp", visible(url), flags=re.IGNORECASE)[:500]
