"""The Vietnamese pages: every command in them exists with these options, they quote what is printed, law and columns are those of the tables."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer

from pipeline.cli import EPILOG, app
from pipeline.config import configs_dir
from pipeline.doctor_words import LAST_LINE
from pipeline.reports.template_workbook import PRACTICE_SITE
from pipeline.sources.mapping import load_mappings
from pipeline.stages.ingest import IngestReport
from pipeline.stages.take_in import ingest_lines

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs" / "vi").glob("*.md"))
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
VERIFIED = {"đã đọc toàn văn": "full_text", "bản tóm lược": "digest", "nguồn thứ cấp": "secondary", "theo trí nhớ": "recall"}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each ``soihang …`` line of a fenced block or of a sentence's `` `…` ``, as the shell would part it."""
    for name, text in TEXTS.items():
        blocks = re.findall(r"^```(?:bash|bat)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        lines = [line.strip() for block in blocks for line in block.splitlines()]
        inline = re.findall(r"`(soihang [^`…]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        for line in [*lines, *inline]:
            if found := re.match(r"(?:\S*[\\/])?soihang\s+(.*)", line):
                yield name, shlex.split(found[1].replace("\\", "/"))


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that ``words`` name, and what is left of them."""
    found: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(found, "commands") and not rest[:1] == ["--version"]:
        assert rest and rest[0] in found.commands, f"no such command: soihang {' '.join(words)}"
        found = found.commands[rest.pop(0)]
    return found, rest


def misfits(words: list[str]) -> list[str]:
    """What the command does not know, lacks, or has too much of; files need not be there."""
    found, rest = command_of(words)
    options = {name: one for one in found.params for name in (*one.opts, *one.secondary_opts) if name.startswith("-")}
    arguments = [one for one in found.params if one.param_type_name == "argument"]
    wrong, given, seen = [], 0, set()
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            given += 1
        elif word not in options:
            wrong.append(f"unknown {word}")
        else:
            seen.add(options[word].name)
            if not options[word].is_flag and (not rest or rest.pop(0).startswith("--")):
                wrong.append(f"{word} without a value")
    wrong += [f"lacks {one.name}" for one in options.values() if one.required and one.name not in seen]
    least = sum(one.required for one in arguments)
    if given < least or (given > len(arguments) and not any(one.nargs == -1 for one in arguments)):
        wrong.append(f"{given} arguments, takes {least} to {len(arguments)}")
    return wrong


@pytest.mark.parametrize(("page", "words"), list(commands()), ids=lambda value: value if isinstance(value, str) else " ".join(value)[:60])
def test_every_command_in_the_vietnamese_pages_exists_with_these_options(page: str, words: list[str]) -> None:
    assert misfits(words) == [], page


def test_there_are_commands_enough_to_speak_of() -> None:
    seen = {words[0] for _, words in commands()}
    assert {"doctor", "demo", "template", "ingest", "run", "simulate", "review", "plan", "outcomes", "verify", "evaluate-list"} <= seen
    assert {name for name, _ in commands()} == set(TEXTS) == {"cai-dat.md", "du-lieu-den-tu-dau.md", "bai-tap-90-phut.md"}


def test_a_misspelt_command_option_or_a_missing_file_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        command_of(["chay", "x"])
    assert misfits(["doctor", "--ngon-ngu", "vi"]) == ["unknown --ngon-ngu", "1 arguments, takes 0 to 0"]
    assert misfits(["run", "tho"]) == ["lacks out", "lacks out"] and misfits(["run", "--out", "x"]) == ["0 arguments, takes 1 to 1"]


def test_every_instrument_stands_in_the_pages_as_in_the_law_tables() -> None:
    table = pd.read_csv(configs_dir() / "reference" / "law" / "legal_status.csv", dtype="str").set_index("instrument")
    rows = re.findall(r"^\| (\S+/\S+) \| (\d{4}-\d\d-\d\d) \| .*? \| ([^|]+) \| ([^|]+) \|$", TEXTS["du-lieu-den-tu-dau.md"], re.MULTILINE)
    assert len(rows) >= 10
    for instrument, since, verified, source in rows:
        assert table.loc[instrument, "valid_from"] == since and table.loc[instrument, "verified"] == VERIFIED[verified.strip()], instrument
        assert date.fromisoformat(since) and source.strip()


def test_the_columns_that_the_pages_name_are_read() -> None:
    known = {path for spec in load_mappings()["generic_csv"].fields.values() for path in spec.path}
    section = TEXTS["du-lieu-den-tu-dau.md"].split("## Trường tối thiểu")[1].split("##")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}
    assert len(named) >= 12 and named <= known, named - known


def test_what_the_pages_quote_is_what_is_said() -> None:
    assert LAST_LINE[True][1] in TEXTS["cai-dat.md"] and LAST_LINE[True][1] in TEXTS["bai-tap-90-phut.md"]
    assert PRACTICE_SITE in TEXTS["bai-tap-90-phut.md"]
    [waiting] = [line for line in ingest_lines(IngestReport([], None, ["tho/2026-11-24/tiki"])) if "tiki" in line]
    assert waiting in TEXTS["du-lieu-den-tu-dau.md"].splitlines()
    codes = re.findall(r"^\| (\d+) \|", TEXTS["cai-dat.md"], re.MULTILINE)
    assert len(codes) >= 6 and all(re.search(rf"\b{code}\b", EPILOG) for code in codes)


def test_every_page_of_the_exercise_carries_the_mark_and_names_nobody() -> None:
    assert TEXTS["bai-tap-90-phut.md"].count("DỮ LIỆU MÔ PHỎNG") >= 2
    assert not any(re.search(r"(?<!\d)0\d{9}(?!\d)", text) for text in TEXTS.values())
