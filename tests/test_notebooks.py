"""Notebooks run from top to bottom, are kept without output, and import the product instead of defining one."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["01_look_at_a_crawl", "02_train_and_compare", "03_errors_and_slices", "04_add_a_feature"]
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_there_are_the_four_that_the_documents_name() -> None:
    assert [path.stem for path in NOTEBOOKS] == NAMES


@by_name
def test_a_notebook_is_kept_without_output(path: Path) -> None:
    assert cells(path) and all(not cell.outputs and cell.execution_count is None for cell in cells(path))


@by_name
def test_a_notebook_imports_the_product_and_defines_nothing(path: Path) -> None:
    nodes = [node for cell in cells(path) for node in ast.walk(ast.parse(cell.source))]
    assert not [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    imported = {str(node.module).split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert "pipeline" in imported


@by_name
def test_a_notebook_runs_from_top_to_bottom(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Not the user's registry, and nothing left in the checkout.
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert any(cell.outputs for cell in code)
    assert not any(tmp_path.iterdir())
