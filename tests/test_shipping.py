"""What leaves the checkout: the site with its generated reference, and the container file."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from tests.conftest import ROOT

CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_every_page_in_its_menu_and_no_dead_link(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 20 and all((site / page / "index.html").is_file() for page in pages)


def test_the_reference_names_every_command_and_table_with_what_they_take(site: Path) -> None:
    commands = (site / "reference" / "commands" / "index.html").read_text(encoding="utf-8")
    assert all(name in commands for name in ("soihang run", "soihang law check", "--dry-run", "soihang evaluate-list"))
    tables = (site / "reference" / "tables" / "index.html").read_text(encoding="utf-8")
    assert all(name in tables for name in ("captured_precision", "target_listings", "price_vnd"))


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        fetched = re.findall(r"<(?:script|img|link)[^>]+(?:src|href)=\"(https?:[^\"]+)\"", page.read_text(encoding="utf-8"))
        assert [one for one in fetched if "canonical" not in one] == [], page


def test_commands_in_the_tutorials_exist_with_their_options() -> None:
    from typer.main import get_command

    from pipeline.cli import app

    root = get_command(app)
    seen = 0
    for page in (ROOT / "docs" / "tutorials").glob("*.md"):
        for line in re.findall(r"^soihang (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            words = line.split(" #")[0].split()
            found = root.commands[words[0]] if not words[0].startswith("--") else root  # type: ignore[attr-defined]
            known = {option for one in found.params for option in (*one.opts, *one.secondary_opts)}
            known |= {"--install-completion"} if found is root else set()
            wrong = [word for word in words if word.startswith("--") and word not in known]
            assert wrong == [], f"{page.name}: {line}"
            seen += 1
    assert seen > 10


def test_the_container_copies_what_exists_and_runs_without_root_or_compiler() -> None:
    stages = CONTAINER.split("\nFROM ")
    last = stages[-1]
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINER, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())
    assert re.findall(r"^USER (\S+)", last, re.MULTILINE) == ["soihang"]
    assert "HEALTHCHECK" in last and not re.search(r"gcc|build-essential|pip install", last)


def test_the_container_gets_what_the_wheel_needs_and_nothing_private() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert {"pyproject.toml", "features", "models", "pipeline", "configs"} <= allowed
    assert not allowed & {"out", "state", "mlruns", ".venv", ".git", "tests"}


def test_the_version_is_semantic_and_the_changelog_begins_with_it() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.fullmatch(r"\d+\.\d+\.\d+", version) and headings[0] == version
    assert headings == sorted(set(headings), key=lambda one: [int(part) for part in one.split(".")], reverse=True)


#: Words of licences under which a dependency may be used and passed on without opening our own code.
FREE = re.compile(r"\b(apache|bsd|0bsd|mit|mit-0|isc|iscl|psf|python software foundation|zlib|cc0|public[- ]domain|unlicense)\b", re.IGNORECASE)
BOUND = re.compile(r"gpl|general public|mpl|mozilla|proprietary|commercial", re.IGNORECASE)
#: Those that ask for more, and why that is well; none of them is changed by us, and each stays a package of its own.
NAMED = {
    "psycopg2-binary": "LGPL: an optional extra, for PostgreSQL",
    "certifi": "MPL: a list of certificates",
    "pathspec": "MPL: of the build and the lint only",
    "tqdm": "MPL and MIT: a progress bar of underthesea's",
    "hypothesis": "MPL: of the tests only",
    "axe-playwright-python": "says no licence in its metadata (MIT in its repository): of the tests only",
}


def licence_of(package: metadata.PackageMetadata) -> str:
    """The expression, else the classifiers, else the first line of the free field."""
    said = [one.rpartition(" :: ")[2] for one in package.get_all("Classifier") or [] if one.startswith("License :: ") and one.count(" :: ") > 1]
    return package.get("License-Expression") or " AND ".join(said) or (package.get("License") or "").strip().partition("\n")[0]


def is_free(licence: str) -> bool:
    """True where one of the alternatives asks for nothing that we do not give."""
    return any(all(FREE.search(part) and not BOUND.search(part) for part in re.split(r" and |;", one, flags=re.IGNORECASE))
               for one in re.split(r" or (?!later)", licence, flags=re.IGNORECASE))  # fmt: skip


def test_every_installed_dependency_may_be_passed_on() -> None:
    pinned = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    found = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): licence_of(one.metadata) for one in metadata.distributions()}
    asked = {name: licence for name, licence in found.items() if name in pinned}
    assert len(asked) > 100
    assert {name: licence for name, licence in asked.items() if not is_free(licence) and name not in NAMED} == {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert not [one for one in project["dependencies"] if re.split(r"[\[<>=; ]", one)[0] in NAMED]


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("MIT", True), ("Apache-2.0 WITH LLVM-exception", True), ("GPL-3.0-or-later OR MIT", True), ("MIT AND GPL-2.0-only", False),
        ("GNU Affero General Public License v3 or later (AGPLv3+)", False), ("MPL-2.0", False), ("", False), ("limited", False),
    ],
)  # fmt: skip
def test_a_licence_that_binds_is_seen(licence: str, free: bool) -> None:
    assert is_free(licence) is free
