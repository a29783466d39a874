"""What the law tables say on one day, as values and as lines: for whoever drops in a table and wants to see it take effect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.law.book import load_law
from pipeline.law.citation import NO_BASIS
from pipeline.law.tables import UNVERIFIED

BEHAVIOURS = ("counterfeit", "scam", "prohibited", "false_quality", "smuggled", "undisclosed")
TOPICS = ("ask_platform", "inspection", "inspection_limit", "personal_data")


def law_values(folder: Path | None, on: date) -> dict[str, Any]:
    """Validate the tables and return what stands ``on`` a day; raises `ConfigError` at the first thing wrong."""
    law = load_law(folder)
    behaviours = {
        name: {
            "display_vi": list(law.display_names(name)),
            "citations": [str(citation) for citation in law.citations(name, act_date=on, as_of=on)],
            "limitation": law.limitation(name, on, on, still_shown=False).text_vi,
            "competence": [str(rank) for rank in law.competence(name, as_of=on)],
            "referral": [str(referral) for referral in law.referral(name, as_of=on)],
            "checklist": [item.text_vi for item in law.checklist(name, as_of=on)],
        }
        for name in BEHAVIOURS
    }
    procedure = {topic: [str(citation) for citation in law.procedure(topic, as_of=on)] for topic in TOPICS}
    tables = [version._asdict() for version in law.versions]
    return {"as_of": on, "tables": tables, "instruments": law.instruments(on), "behaviours": behaviours, "procedure": procedure}


def law_lines(values: dict[str, Any]) -> Iterator[str]:
    """Yield the values as lines for a reader."""
    yield f"law tables as of {values['as_of']:%d/%m/%Y}: all valid"
    for table in values["tables"]:
        yield f"  {table['table']:<20} {table['rows']:>4} rows  sha256 {table['sha256']}  {'own' if table['own'] else 'ours'}"
    yield f"instruments in force: {len(values['instruments'])}"
    for instrument in values["instruments"]:
        yield f"  {instrument}"
    for name, said in values["behaviours"].items():
        yield f"{name}: {' / '.join(said['display_vi'])}"
        for citation in said["citations"] or [NO_BASIS]:
            yield f"  {citation}"
        yield f"  {said['limitation']}"
        yield from (f"  {line}" for line in (*said["competence"], *said["referral"]))
        yield from (f"  [ ] {line}" for line in said["checklist"])
    for topic, citations in values["procedure"].items():
        yield f"{topic}: {'; '.join(citations) or NO_BASIS}"
    yield f"{UNVERIFIED}: not read in full, to be confirmed before anybody relies on it"
