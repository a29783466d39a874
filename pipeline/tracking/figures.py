"""What a training says as figures, tables and plots for its run, whatever measures the evaluation holds."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.reports.charts import curve

if TYPE_CHECKING:
    from pipeline.stages.evaluate import Judged

_NOT_IN_A_NAME = re.compile(r"[^\w\-./ ]+")


def figures(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return every finite number of ``summary`` by its path; a value with an interval gives ``PATH``, ``PATH.low`` and ``PATH.high``.

    >>> figures({"model": {"pr_auc": {"value": 0.5, "ci": [0.4, 0.6]}, "note": "said"}})
    {'model.pr_auc': 0.5, 'model.pr_auc.low': 0.4, 'model.pr_auc.high': 0.6}
    """
    found = {_NOT_IN_A_NAME.sub("_", path)[:250]: value for path, value in _numbers(summary, "")}
    return {path: value for path, value in found.items() if math.isfinite(value)}


def _numbers(value: Any, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, (int, float, np.integer, np.floating)):
        yield path, float(value)
    elif isinstance(value, Mapping):
        for middle in ("value", "difference"):
            if middle in value and "ci" in value:
                low, high = value["ci"] or (math.nan, math.nan)
                yield from _numbers({"": value[middle], ".low": low, ".high": high}, path)
                return
        for name, inner in value.items():
            # "" and ".low" of an interval above stand directly behind the path.
            yield from _numbers(inner, f"{path}{name}" if not str(name) or str(name).startswith(".") else f"{path}.{name}".lstrip("."))


def comparison_table(summary: Mapping[str, Any]) -> str:
    """Return model and baselines as CSV: one row a scorer, one column a measure, bounds beside it."""
    scorers = {"model": summary["model"], **summary.get("baselines", {})}
    flat = {name: figures(one) for name, one in scorers.items()}
    columns = list(dict.fromkeys(measure for one in flat.values() for measure in one))
    return _csv(["scorer", *columns], [[name, *(one.get(measure, "") for measure in columns)] for name, one in flat.items()])


def importance_table(judged: Judged) -> str:
    """Return mean gain by column as CSV, largest first."""
    return _csv(["column", "gain"], [[name, round(float(gain), 4)] for name, gain in judged.learner.importance().items()])


def families_table(summary: Mapping[str, Any]) -> str:
    """Return an ablation as CSV: one row a family of columns, what falls without it with bounds beside it, and the verdict."""
    flat = {name: figures(one) for name, one in summary["families"].items()}
    columns = list(dict.fromkeys(measure for one in flat.values() for measure in one))
    rows = [[name, *(one.get(measure, "") for measure in columns), summary["families"][name]["verdict"]] for name, one in flat.items()]
    return _csv(["family", *columns, "verdict"], rows)


def long_tables(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return the other parts of an evaluation (pairs, slices, populations …) as CSV, one row a figure, and each list of rows as it stands."""
    tables = {}
    for name, part in summary.items():
        if name not in ("model", "baselines", "notes") and isinstance(part, Mapping):
            rows = figures(part)
            if rows:
                tables[str(name)] = _csv(["figure", "value"], [[path, value] for path, value in rows.items()])
    for path, records in _records(summary, ""):
        columns = list(dict.fromkeys(key for one in records for key in one))
        tables[path] = _csv(columns, [[one.get(key, "") for key in columns] for one in records])
    return tables


def _records(value: Any, path: str) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Every list of mappings within ``value``, by its path: reliability, finds by week, the steps of a ladder."""
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        yield _NOT_IN_A_NAME.sub("_", path).replace("/", "_"), value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _records(inner, f"{path}_{name}" if path else str(name))


def plots(judged: Judged) -> dict[str, str]:
    """Return SVGs: precision by recall, found by promised in tenths, and finds by share looked at, on the test rows."""
    order = np.argsort(-judged.probability, kind="stable")
    hits = np.cumsum(judged.y[order])
    steps = np.unique(np.linspace(0, len(hits) - 1, 200).astype(int))
    recall, precision = hits[steps] / hits[-1], hits[steps] / (steps + 1)
    tenths = [part for part in np.array_split(order[::-1], 10) if len(part)]
    means = [(float(judged.probability[part].mean()), float(judged.y[part].mean())) for part in tenths]
    return {
        "precision_recall": curve("test rows", list(zip(recall, precision, strict=True)), across="recall", up="precision"),
        "calibration": curve("tenths of the test rows", means, across="promised", up="found"),
        "gains": curve("test rows", list(zip((steps + 1) / len(hits), recall, strict=True)), across="share looked at", up="share of finds"),
    }


def _csv(head: list[str], rows: list[list[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()
