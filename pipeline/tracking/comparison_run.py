"""A promotion as a run: what both models said of the same rows, who enters, who leaves, and what was decided."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commit import git_commit
from pipeline.tracking.connection import TrackingAway, connected, start_experiment
from pipeline.tracking.figures import figures

if TYPE_CHECKING:
    from pipeline.stages.promotion import Promotion


def log_promotion(promotion: Promotion, folder: Path | None = None) -> str:
    """Log the comparison and the decision under the experiment; returns the run's id. Raises `TrackingAway`; nobody was promoted then."""
    try:
        return _logged(promotion, folder)
    except TrackingAway as error:
        raise TrackingAway(f"{error} The champion stays as it was: promote again.") from error


def _logged(promotion: Promotion, folder: Path | None) -> str:
    with connected(folder) as (mlflow, client):
        start_experiment(mlflow, client, folder)
        said = promotion.to_json()
        with mlflow.start_run(run_name=f"promote {promotion.challenger}") as run, tempfile.TemporaryDirectory(prefix="soihang-run-") as name:
            mlflow.set_tags({"kind": "promotion", "decision": promotion.decision, "reason": promotion.reason, "commit": git_commit()})
            mlflow.log_params({"challenger": promotion.challenger, "champion": promotion.champion or "evidence"})
            mlflow.log_metrics(figures({"batch": said["batch"], "later": said["later"]}))
            into = Path(name)
            (into / "promotion.json").write_text(json.dumps(said, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
            (into / "promotion.txt").write_text("\n".join(promotion.lines()) + "\n", encoding="utf-8")
            promotion.batch.moves.to_csv(into / "moves.csv", index=False)
            mlflow.log_artifacts(str(into))
        return str(run.info.run_id)
