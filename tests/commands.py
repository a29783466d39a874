"""Commands as a person or a cron job gives them: arguments in, output and an exit code out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

from pipeline.cli import main

Done = subprocess.CompletedProcess[str]


def soihang(*arguments: object) -> Done:
    """Run a command to its end in this process, which has loaded already what a process of its own takes seconds to load."""
    words = [str(one) for one in arguments]
    out, err = StringIO(), StringIO()
    # Signals stay this process's own business.
    with redirect_stdout(out), redirect_stderr(err), patch("pipeline.cli.stop_when_told"):
        try:
            main(words)
        except SystemExit as ended:
            return Done(words, int(ended.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("a command ends by leaving")


def soihang_process(*arguments: object, by: Sequence[str] = ()) -> Done:
    """Run a command as a process of its own, started ``by`` another where something is to bind it."""
    command = [*by, sys.executable, "-c", "from pipeline.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)


def printed(*arguments: object) -> str:
    """Return what a command that must succeed prints."""
    done = soihang(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
