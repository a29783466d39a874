"""Which commit the code runs from, so that a run can be found again in the history."""

from __future__ import annotations

import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


def git_commit(root: Path = _ROOT) -> str:
    """Return the commit of the checkout, with ``+changes`` where tracked files differ from it; ``unknown`` outside a checkout."""
    # An installed copy may lie inside somebody else's repository; its commit would say nothing about our code.
    if not (root / ".git").exists():
        return "unknown"
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    return commit + ("+changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
