"""What the law tables say of a target on the days that count: articles by the day last seen, limitation, what to verify. Never a fine."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

import pandas as pd

from pipeline.law import Law, cite
from pipeline.reports.wording import LEVEL_ONE
from pipeline.sources.times import VIETNAM

#: Behaviours that are cited; a third would bury the first.
_MOST = 2


class Notes(NamedTuple):
    """``legal``: articles, limitation and, for clear signs, a question about the criminal code; ``verify``: what no listing shows."""

    legal: list[str]
    verify: list[str]


def legal_notes(subjects: pd.DataFrame, law: Law, as_of: date) -> pd.DataFrame:
    """Return ``legal_notes, to_verify`` (lists of sentences), same index; ``subjects`` has ``behaviours, goods_group, level, last_seen``."""

    @cache
    def of(behaviours: tuple[str, ...], goods: str | None, act: date, strong: bool) -> Notes:
        return _notes(law, behaviours, goods, act, as_of, strong)

    rows = [
        of(
            tuple(one.behaviours[:_MOST]),
            one.goods_group if isinstance(one.goods_group, str) else None,
            one.last_seen.astimezone(VIETNAM).date(),
            one.level == LEVEL_ONE,
        )
        for one in subjects.itertuples()
    ]
    return pd.DataFrame(
        {"legal_notes": [list(row.legal) for row in rows], "to_verify": [list(row.verify) for row in rows]}, index=subjects.index, dtype="object"
    )


def _notes(law: Law, behaviours: tuple[str, ...], goods: str | None, act: date, as_of: date, strong: bool) -> Notes:
    said = []
    for behaviour in behaviours:
        articles = cite(law.citations(behaviour, act_date=act, as_of=as_of, goods_group=goods))
        said.append(f"{' / '.join(law.display_names(behaviour))}: {articles}")
    lead = behaviours[:1]
    said += [law.limitation(behaviour, act, as_of).text_vi for behaviour in lead]
    # Nothing is known of quantities: only thresholds that need none can speak.
    raised = [law.criminal_note(behaviour, act_date=act, basis_values={}, goods_group=goods) for behaviour in lead] if strong else []
    said += [note.text_vi for note in raised if note is not None]
    items = [item.text_vi for behaviour in behaviours for item in law.checklist(behaviour, goods, as_of=as_of)]
    return Notes(said, list(dict.fromkeys(items)))
