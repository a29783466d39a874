"""Where runs and models are kept, and a client for it that says plainly when it does not answer."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.errors import SoiHangError

REGISTERED = "soihang"
#: Tries beside the first, and seconds for each. A run that is cut is closed too, which may mean as long again for each run in it.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "8"}
_LOCAL = "mlflow.db"


class TrackingAway(SoiHangError):
    """MLflow's server or database does not answer."""

    exit_code = 6


class UnknownRun(SoiHangError):
    """No such run, version or alias; or a run that was not logged by `log_training`."""

    exit_code = 2


def tracking_uri(folder: Path | None = None) -> str:
    """Return where runs are kept; ``folder`` stands in for the current one."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder or Path.cwd()).resolve() / _LOCAL}"


def has_registry(folder: Path | None = None) -> bool:
    """True where a registry is named or lies in ``folder``; asked before MLflow is imported."""
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or ((folder or Path.cwd()) / _LOCAL).is_file()


@contextmanager
def connected(folder: Path | None) -> Iterator[tuple[Any, Any]]:
    """Yield the ``mlflow`` module and a client; raises `TrackingAway` where an answer fails for any reason but a wrong name."""
    # Seconds, not MLflow's minutes, until a server that is dead or takes the call and says nothing is reported.
    for name, seconds in _PATIENCE.items():
        os.environ.setdefault(name, seconds)
    # MLflow would tell its makers of each use; nothing here speaks to anybody it was not told to.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # Standard output is ours: with --json it holds one document.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    uri, named = tracking_uri(folder), os.environ.get("MLFLOW_TRACKING_URI")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow
            from mlflow.exceptions import MlflowException

            for name in ("mlflow", "alembic"):
                logging.getLogger(name).setLevel(logging.ERROR)

            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(uri)
            if named is None:
                # MLflow writes the address into the environment, where we would take it for the user's wish.
                os.environ.pop("MLFLOW_TRACKING_URI", None)
            client = mlflow.MlflowClient()
            if not client.search_registered_models(f"name='{REGISTERED}'"):
                client.create_registered_model(REGISTERED)
            yield mlflow, client
    except (MlflowException, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:300]
        if "out-of-date database schema" in first:
            raise TrackingAway(
                f"the database of MLflow at {_shown(uri)} is of another version; back it up and run: mlflow db upgrade ADDRESS; or install the "
                "MLflow that wrote it"
            ) from error
        if getattr(error, "error_code", "INTERNAL_ERROR") in ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE"):
            raise TrackingAway(f"MLflow at {_shown(uri)} does not answer: {first}. Start it, or set MLFLOW_TRACKING_URI.") from error
        raise TrackingAway(f"MLflow at {_shown(uri)} refuses: {first}") from error


def is_unknown(error: Exception) -> bool:
    """True where MLflow answered that it has no such thing."""
    return getattr(error, "error_code", "") in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def start_experiment(mlflow: Any, client: Any, folder: Path | None) -> None:
    """Make the experiment current; files lie beside a database of our own, and where the server says otherwise."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "soihang"
    found = client.get_experiment_by_name(name)
    files = None if os.environ.get("MLFLOW_TRACKING_URI") else ((folder or Path.cwd()).resolve() / "mlruns").as_uri()
    mlflow.set_experiment(experiment_id=found.experiment_id if found else client.create_experiment(name, files))


def _shown(uri: str) -> str:
    """Return ``uri`` without a password."""
    head, at, tail = uri.rpartition("@")
    return f"{head.split('://')[0]}://…@{tail}" if at and "://" in head else uri
