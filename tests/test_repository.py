"""What the repository promises about itself: documents that tell the truth, files that betray nothing."""

from __future__ import annotations

import csv
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    kinds = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".csv", ".jsonl", ".ipynb", ".css", ".js", ".j2", ""}
    return [(path, path.read_text(encoding="utf-8")) for path in tracked() if path.suffix in kinds and path.name != "LICENSE"]


def test_the_first_two_commands_are_the_ones_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = re.findall(r"^make ([a-z]+)", README, re.MULTILINE)
    assert commands[:2] == ["demo", "test"] and set(commands) <= targets
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_soihang_command_in_the_documents_exists() -> None:
    from pipeline.cli import app

    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        named = set(re.findall(r"^(?:\$ )?soihang ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= known, path


def test_every_link_inside_the_documents_leads_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_no_file_carries_a_registry_address_or_a_path_of_one_machine() -> None:
    bad = re.compile(r"https?://(?:[\w.-]*pypi|[\w.-]*pythonhosted|[\w.-]*artifactory|[\w.-]*nexus)|--(?:extra-)?index-url|/home/\w+/|/Users/\w+/|(?<![\w.])/work/")
    own = Path(__file__).resolve()
    assert not [path for path, text in texts() if path != own and bad.search(text)]


def test_constraints_pin_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    extras = [name for group in project["optional-dependencies"].values() for name in group]
    wanted = {re.split(r"[\[<>=;! ]", name)[0].lower() for name in [*project["dependencies"], *extras] if "Windows" not in name}
    assert wanted <= pinned, wanted - pinned


def test_every_reference_row_says_where_it_comes_from_and_from_when_it_holds() -> None:
    from pipeline.config import configs_dir, load_table

    tables = sorted((configs_dir() / "reference").glob("*.csv"))
    assert len(tables) >= 7
    for path in tables:
        table = load_table(path.stem)
        assert pd_dates(table["valid_from"]) and pd_dates(table["valid_to"].dropna()), path


def pd_dates(column: object) -> bool:
    return all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)) for value in column)  # type: ignore[attr-defined]


def test_no_test_data_names_a_phone_that_could_be_someones() -> None:
    phone = re.compile(r"(?<![\d.])0[35789]\d{8}(?!\d)")
    with (ROOT / "configs" / "reference" / "platforms.csv").open(encoding="utf-8", newline="") as stream:
        # Companies' registered numbers are public, and look like phones where the province's code is 03.
        companies = {row["business_code"] for row in csv.DictReader(stream)}
    for path, text in texts():
        found = [number for number in phone.findall(text) if len(set(number[2:])) > 2 and number not in companies]
        assert not found, (path, found[:3])


def test_the_changelog_names_the_current_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
