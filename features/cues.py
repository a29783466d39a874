"""Words that are signs, and why a hit counts or does not: negation, description and context decide, not the word.

Of 1,262 real descriptions that name fake goods, about 1,165 do so in an assurance or a warning. So every hit keeps its polarity
and the name of the rule that gave it (``features/context.py``, ``docs/text.md``); only ``sign`` counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from features.canonical import Canonical, canonicalise
from features.context import (
    STORIES,
    Facts,
    Needs,
    Verdict,
    clause_after,
    clause_before,
    description,
    is_bare,
    negation,
    read_needs,
    read_pattern,
    window_around,
)
from features.errors import ConfigError
from features.fold import fold, plain
from features.lookup import WordFinder
from features.spellings import spellings

HIT_COLUMNS = ["row", "cue_id", "field", "start", "end", "quote", "polarity", "why"]
CONTEXT_COLUMNS = ["brand", "brand_role", "goods_group", "item_type", "platform"]
FIELDS = ("title", "description", "seller_name")
BEHAVIOURS = frozenset("counterfeit scam prohibited false_quality smuggled undisclosed evasion claim".split())
STRENGTHS = frozenset({"strong", "medium", "weak"})

_REGEX = "re:"
_GAPS = re.compile("[ \t\xa0\u2000-\u200a\u3000]{2,}|[\t\xa0\u2000-\u200a\u3000]")
_ODD_BLANK = re.compile("[\t\xa0\u2000-\u200a\u3000]")


@dataclass(frozen=True, slots=True)
class Cue:
    """One row of ``cues.csv``, compiled."""

    cue_id: str
    behaviour: str
    needs: Needs
    needs_text: str
    unless: re.Pattern[str] | None
    unless_bare: re.Pattern[str] | None
    fields: frozenset[str]
    negatable: bool
    in_stories: bool


class _Found(NamedTuple):
    start: int
    end: int
    cue: Cue


@dataclass(frozen=True)
class CueLexicon:
    """Compiled cues; ``joinable`` holds the phrases that letters kept apart ("r.e.p 1:1", "z a l o") may be joined into."""

    finder: WordFinder
    expressions: tuple[tuple[re.Pattern[str], Cue], ...]
    joinable: frozenset[str]

    @classmethod
    def from_table(cls, cues: pd.DataFrame, *, as_of: date | None = None, statuses: Iterable[str] = ("active",)) -> CueLexicon:
        """Compile the rows of ``cues.csv`` with one of ``statuses`` that are valid on ``as_of`` (any day where it is ``None``).

        Raises `ConfigError` naming the cue whose behaviour, strength, field, condition or expression nobody can read.
        """
        _refuse_repeats(cues)
        words: list[tuple[str, Cue]] = []
        expressions: list[tuple[re.Pattern[str], Cue]] = []
        for row in cues[cues["status"].isin(list(statuses))].itertuples():
            if not _valid(row, as_of):
                continue
            cue = _compile(row)
            for form in _forms(row):
                if form.startswith(_REGEX):
                    expressions.append((read_pattern(form.removeprefix(_REGEX), cue.cue_id), cue))
                else:
                    words.append((canonicalise(form).folded, cue))
        ways = _other_ways(words, _never(cues))
        return cls(WordFinder([*words, *ways]), tuple(expressions), frozenset(word for word, _ in words if _can_be_joined(word)))

    def find(self, folded: str) -> list[_Found]:
        """Return the cues in ``folded``, left to right; of overlapping ones the longest."""
        text = _without_gaps(folded)
        found = [_Found(start, end, cue) for start, end, cue in self.finder.find(text) if isinstance(cue, Cue)]
        for pattern, cue in self.expressions:
            found += [_Found(*match.span(), cue) for match in pattern.finditer(text)]
        kept = _longest(found)
        if not kept or text is folded:
            return kept
        back = _way_back(folded)
        return [_Found(back[hit.start], back[hit.end - 1] + 1, hit.cue) for hit in kept]


def find_cues(fields: dict[str, list[Canonical]], originals: dict[str, list[str]], context: pd.DataFrame, lexicon: CueLexicon) -> pd.DataFrame:
    """Return one row a hit (``HIT_COLUMNS``); ``start`` and ``end`` lie in the original text, ``quote`` is cut from it.

    ``context`` has ``CONTEXT_COLUMNS``, one row a listing in order, missing where unknown. ``fields`` and ``originals`` hold the same
    texts under ``title``, ``description`` and ``seller_name``. A row's hits are the same alone and in any batch.
    """
    facts = _facts(context)
    hits: list[tuple[Any, ...]] = []
    for name, texts in fields.items():
        for row, text in enumerate(texts):
            for start, end, cue in lexicon.find(text.folded):
                if name in cue.fields:
                    verdict = judge(text.folded, start, end, cue, facts[row])
                    first, last = text.span(start, end)
                    hits.append((row, cue.cue_id, name, first, last, originals[name][row][first:last], *verdict))
    table = pd.DataFrame(hits, columns=HIT_COLUMNS).astype({"row": "int64", "start": "int64", "end": "int64"})
    table = table.astype(dict.fromkeys(("cue_id", "field", "quote", "polarity", "why"), "str"))
    return table.sort_values(["row", "field", "start", "cue_id"], kind="stable").reset_index(drop=True)


def judge(folded: str, start: int, end: int, cue: Cue, facts: Facts) -> Verdict:
    """Say what a hit of ``cue`` at ``folded[start:end]`` counts as. The first rule that speaks decides."""
    window = window_around(folded, start, end)
    if cue.unless is not None and cue.unless.search(window):
        return Verdict("out_of_context", "unless")
    if cue.unless_bare is not None and is_bare(window) and cue.unless_bare.search(window):
        return Verdict("out_of_context", "unless")
    if facts.goods_group in STORIES and not cue.in_stories:
        return Verdict("out_of_context", "story")
    if cue.negatable:
        before, after = clause_before(folded, start), clause_after(folded, end)
        if rule := negation(cue.behaviour, before, after):
            return Verdict("negated", rule)
        if rule := description(cue.behaviour, before):
            return Verdict("described", rule)
    for need in cue.needs:
        if not any(one.met(facts, window) for one in need):
            return Verdict("out_of_context", f"needs {need[0].name}")
    return Verdict("sign", "needs met" if cue.needs else "word")


def _facts(context: pd.DataFrame) -> list[Facts]:
    columns = []
    for name in CONTEXT_COLUMNS:
        values = context[name].astype("object")
        columns.append(values.where(values.notna(), None).tolist())
    return [Facts(*row) for row in zip(*columns, strict=True)]


def _without_gaps(folded: str) -> str:
    """Squeeze runs of blanks to one: "rep   1:1" is "rep 1:1"."""
    if "  " not in folded and _ODD_BLANK.search(folded) is None:
        return folded
    return _GAPS.sub(" ", folded)


def _way_back(folded: str) -> list[int]:
    """Return where each character of the squeezed text stood."""
    back: list[int] = []
    last = 0
    for gap in _GAPS.finditer(folded):
        back += range(last, gap.start() + 1)
        last = gap.end()
    back += range(last, len(folded))
    return back


def _longest(found: list[_Found]) -> list[_Found]:
    """Drop hits inside longer hits: "rep" inside "rep 1:1" says nothing new."""
    if len(found) < 2:
        return found
    out: list[_Found] = []
    reached = -1
    for hit in sorted(found, key=lambda one: (one.start, -one.end, one.cue.cue_id)):
        if hit.end <= reached and (hit.start, hit.end) != (out[-1].start, out[-1].end):
            continue
        if out and hit[:2] == out[-1][:2] and hit.cue is out[-1].cue:
            continue
        out.append(hit)
        reached = max(reached, hit.end)
    return out


def _compile(row: Any) -> Cue:
    cue_id = str(row.cue_id)
    fields = frozenset(_split(row.fields)) or frozenset({"title", "description"})
    for name, value, known in (
        ("behaviour", {row.behaviour}, BEHAVIOURS),
        ("strength", {row.strength}, STRENGTHS),
        ("fields", fields, frozenset(FIELDS)),
    ):
        if not value <= known:
            raise ConfigError(f"cue {cue_id}: unknown {name} {sorted(map(str, value - known))}. Known: {sorted(known)}.")
    needs_text = row.needs if isinstance(row.needs, str) else ""
    needs = read_needs(needs_text, cue_id)
    unless = read_pattern(fold(row.unless), cue_id) if isinstance(row.unless, str) and row.unless else None
    unless_bare = read_pattern(plain(unless.pattern), cue_id) if unless is not None else None
    asks_for_stories = any(one.values & STORIES for need in needs for one in need)
    return Cue(
        cue_id, row.behaviour, needs, needs_text, unless, unless_bare, fields, row.negatable != "no", asks_for_stories or row.behaviour == "claim"
    )


def _refuse_repeats(cues: pd.DataFrame) -> None:
    twice = cues.loc[cues["cue_id"].duplicated(), "cue_id"]
    if len(twice):
        raise ConfigError(f"cues: {len(twice)} ids stand there twice (first: {twice.iloc[0]}). Ids must be unique.")


def _valid(row: Any, as_of: date | None) -> bool:
    if as_of is None:
        return True
    day = as_of.isoformat()
    begins = row.valid_from if isinstance(row.valid_from, str) else ""
    ends = row.valid_to if isinstance(row.valid_to, str) else ""
    return begins <= day and (not ends or day <= ends)


def _forms(row: Any) -> list[str]:
    """The term and its variants; a ``variants`` cell that is an expression is one variant, whatever ``|`` it holds."""
    if isinstance(row.variants, str) and row.variants.startswith(_REGEX):
        return [str(row.term), row.variants]
    return [str(row.term), *_split(row.variants)]


def _other_ways(words: list[tuple[str, Cue]], never: frozenset[str]) -> list[tuple[str, Cue]]:
    """How else the phrases may be written; a way that is a form of some cue stays that cue's alone."""
    taken = {word for word, _ in words} | never
    return [(way, cue) for word, cue in words for way in sorted(spellings(word) - taken)]


def _never(cues: pd.DataFrame) -> frozenset[str]:
    """Ways of writing that are ordinary phrases: the ``never`` column, which a table may lack."""
    if "never" not in cues:
        return frozenset()
    return frozenset(fold(form) for cell in cues["never"] for form in _split(cell))


def _can_be_joined(form: str) -> bool:
    """Phrases that letters kept apart may be read as: those with a word in them, not "1:1"."""
    return sum(map(str.isalpha, form)) >= 3


def _split(cell: object) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()] if isinstance(cell, str) else []
