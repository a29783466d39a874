"""Runs and models in MLflow. Nothing outside this package imports MLflow, and it is imported only when called, because that takes seconds.

``MLFLOW_TRACKING_URI`` names a server or database; else ``mlflow.db`` in the current folder, with files in ``mlruns`` beside it.
``MLFLOW_EXPERIMENT_NAME`` names the experiment; else ``soihang``.
"""

from pipeline.tracking.comparison_run import log_promotion
from pipeline.tracking.connection import TrackingAway, UnknownRun, has_registry, tracking_uri
from pipeline.tracking.evaluation_run import log_evaluation
from pipeline.tracking.registry import Registered, Rivals, champion, find_registered, load_champion, load_version, rivals, roll_back, switch_champion
from pipeline.tracking.runs import LoggedRun, fetch_learned_rows, fetch_run, runs_table
from pipeline.tracking.training_run import describe, log_training

__all__ = [
    "LoggedRun",
    "Registered",
    "Rivals",
    "TrackingAway",
    "UnknownRun",
    "champion",
    "describe",
    "fetch_learned_rows",
    "fetch_run",
    "find_registered",
    "has_registry",
    "load_champion",
    "load_version",
    "log_evaluation",
    "log_promotion",
    "log_training",
    "rivals",
    "roll_back",
    "runs_table",
    "switch_champion",
    "tracking_uri",
]
