"""The arrows point one way: features ← models ← pipeline, and what belongs to the outside stays out of the lower two."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {"features": {"features"}, "models": {"features", "models"}, "pipeline": {"features", "models", "pipeline"}}
BANNED_BELOW = {"mlflow", "sqlalchemy", "dask", "pandera", "yaml", "typer", "xlsxwriter", "jinja2"}
OURS = set(ALLOWED)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module).split(".")[0]


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, package
    return found


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_packages_import_only_downwards(package: str) -> None:
    wrong = {str(path): set(imported(path)) & OURS - ALLOWED[package] for path in modules(package)}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.parametrize("package", ["features", "models"])
def test_lower_packages_know_no_files_services_or_formats(package: str) -> None:
    wrong = {str(path): set(imported(path)) & BANNED_BELOW for path in modules(package)}
    assert not {path: names for path, names in wrong.items() if names}


def test_nothing_is_unpickled_and_nothing_evaluated() -> None:
    for package in ALLOWED:
        for path in modules(package):
            calls = {
                node.func.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }  # fmt: skip
            assert not calls & {"eval", "exec"}, path
            assert "pickle" not in set(imported(path)), path


def test_no_file_is_called_utils_or_left_unfinished() -> None:
    for package in ALLOWED:
        for path in modules(package):
            assert path.stem not in {"utils", "helpers", "misc", "common"}, path
            text = path.read_text(encoding="utf-8")
            assert "TODO" not in text and "NotImplementedError" not in text and "FIXME" not in text, path
