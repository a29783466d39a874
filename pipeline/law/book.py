"""The law as the tables have it: one object that answers for a behaviour on a day.

A behaviour is one of the project's six (``counterfeit`` …) or a code of the taxonomy (``IP.CF`` …). A project behaviour is answered for by its
leading code and those named beside it; where only one answer makes sense (fine, criminal threshold, limitation) by the leading code alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from features.errors import DataError
from pipeline.law.checklist import CheckItem, Checklists
from pipeline.law.citation import Citation, CitationTable, Instruments
from pipeline.law.competence import Competence, CompetenceTable
from pipeline.law.criminal import CriminalNote, CriminalTable
from pipeline.law.fines import Amount, FineEstimate, FineTable
from pipeline.law.limitation import Limitation, LimitationTable
from pipeline.law.referral import Referral, ReferralTable
from pipeline.law.tables import ALSO, LEAD, LawTables, Version, read_tables, split


class Law:
    """Answers from validated tables; ``versions`` says which files they came from."""

    def __init__(self, tables: LawTables) -> None:
        self.versions: tuple[Version, ...] = tables.versions
        self._behaviours = list(tables.frames["behaviours"].itertuples(index=False))
        self._instruments = Instruments(tables)
        self._citations = CitationTable(tables, self._instruments)
        self._fines = FineTable(tables, self._instruments)
        self._criminal = CriminalTable(tables, self._instruments)
        self._limitation = LimitationTable(tables, self._instruments)
        self._referral = ReferralTable(tables)
        self._checklists = Checklists(tables)
        self._competence = CompetenceTable(tables, self._instruments)

    def codes(self, behaviour: str) -> tuple[str, ...]:
        """Return the taxonomy codes that answer for ``behaviour``, the leading one first; raises `DataError` on an unknown one."""
        if any(row.code == behaviour for row in self._behaviours):
            return (behaviour,)
        own = [row for row in self._behaviours if behaviour in split(row.behaviour) and row.lead in (LEAD, ALSO)]
        if not own:
            known = sorted({name for row in self._behaviours for name in split(row.behaviour)})
            raise DataError(f"{behaviour!r} is no behaviour of the law tables; known: {known} and {[row.code for row in self._behaviours]}")
        return tuple(row.code for row in sorted(own, key=lambda row: row.lead != LEAD))

    def display_names(self, behaviour: str) -> tuple[str, ...]:
        """Return the names of the signs as a reader sees them: signs, never verdicts."""
        names = {row.code: row.display_vi for row in self._behaviours}
        return tuple(dict.fromkeys(names[code] for code in self.codes(behaviour) if names[code]))

    def citations(self, behaviour: str, *, act_date: date, as_of: date, goods_group: str | None = None) -> list[Citation]:
        """Return the articles that stood on the day of the act, flagged where later law ended them before ``as_of``.

        None where the table has none: `cite` then says "chưa có căn cứ trong bảng". Raises `DataError` where ``as_of`` lies before the act.
        """
        if as_of < act_date:
            raise DataError(f"the list's date {as_of} lies before the act {act_date}; give the later day as as_of")
        return self._citations.of(self.codes(behaviour), act_date=act_date, as_of=as_of, goods_group=goods_group)

    def instruments(self, as_of: date) -> list[str]:
        """Return the decrees and laws that stand on ``as_of`` with their amendments, unverified ones marked."""
        return self._instruments.standing(as_of)

    def procedure(self, topic: str, *, as_of: date) -> list[Citation]:
        """Return the procedural articles of a topic (``ask_platform``, ``inspection``, ``inspection_limit``, ``personal_data``) on ``as_of``."""
        return self._citations.procedure(topic, as_of=as_of)

    def competence(self, behaviour: str, *, as_of: date) -> list[Competence]:
        """Return how high each rank of market surveillance may fine on ``as_of``, lowest rank first."""
        return self._competence.of(self.codes(behaviour)[0], as_of=as_of)

    def fine_range(
        self,
        behaviour: str,
        *,
        act_date: date,
        basis_values: Mapping[str, Amount],
        goods_group: str | None = None,
        is_organisation: bool | None = None,
        as_of: date | None = None,
    ) -> FineEstimate:
        """Return the range of the fine by the law of the day of the act, or "Chưa đủ dữ liệu để ước tính"; with ``as_of`` flagged where later
        law is lighter or silent.

        ``basis_values`` comes from `pipeline.law.fines.basis_values`. For the desk; never printed.
        """
        return self._fines.range(
            self.codes(behaviour)[0],
            act_date=act_date,
            basis_values=basis_values,
            goods_group=goods_group,
            is_organisation=is_organisation,
            as_of=as_of,
        )

    def criminal_note(
        self, behaviour: str, *, act_date: date, basis_values: Mapping[str, Amount], goods_group: str | None = None
    ) -> CriminalNote | None:
        """Return "Cần xem xét dấu hiệu hình sự …" where a threshold is reached, else ``None``."""
        return self._criminal.note(self.codes(behaviour)[:1], act_date=act_date, basis_values=basis_values, goods_group=goods_group)

    def limitation(self, behaviour: str, act_date: date, as_of: date, *, still_shown: bool = True) -> Limitation:
        """Return until when a fine may be decided, from ``act_date``: the day the offer was last collected."""
        return self._limitation.of(self.codes(behaviour)[:1], act_date, as_of, still_shown=still_shown)

    def referral(
        self, behaviour: str, *, as_of: date, goods_group: str | None = None, cross_border: bool = False, social_page: bool = False
    ) -> list[Referral]:
        """Return which other authorities should look at it; none where it is market surveillance's own."""
        return self._referral.of(
            self.codes(behaviour), as_of=as_of, goods_group=goods_group, cross_border=cross_border, social_page=social_page
        )

    def checklist(self, behaviour: str, goods_group: str | None = None, *, as_of: date = date.max) -> list[CheckItem]:
        """Return what to verify because no listing can show it."""
        return self._checklists.of(self.codes(behaviour), goods_group=goods_group, as_of=as_of)


@lru_cache(maxsize=4)
def load_law(folder: Path | None = None) -> Law:
    """Read the law, tables in ``folder`` replacing ours of the same name; raises `ConfigError` where one is unusable or they disagree."""
    from pipeline.law.agreement import check_agreement

    tables = read_tables(folder)
    check_agreement(tables)
    return Law(tables)
