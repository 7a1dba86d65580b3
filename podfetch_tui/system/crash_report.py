"""What is kept of a bug that ended the engine: a file for whoever mends it.

The log may go nowhere while a screen owns the terminal; this file is written in any case.
"""

from __future__ import annotations

import os
import platform
import traceback
from pathlib import Path

from podfetch_tui import __version__
from podfetch_tui.model.errors import Failure
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import all_stacks
from podfetch_tui.system.loglines import harmless_block
from podfetch_tui.system.paths import private_dir

MOST_REPORTS = 5
"""Older ones are removed."""


def write_report(folder: Path, what: str, error: BaseException, clock: Clock) -> Path | None:
    """Write a report and return where it is, or ``None`` where that is not possible.

    Args:
        folder: Made if it is missing.
        what: What happened, in a line.
        error: Why.
        clock: The time.
    """
    text = "\n".join(
        [
            f"PodFetch {__version__}, Python {platform.python_version()}, {platform.platform()}",
            what,
            "",
            harmless_block("".join(traceback.format_exception(error))),
            "",
            harmless_block(all_stacks()),
            "",
        ]
    )
    path = folder / f"crash-{clock.now_ms():013d}-{os.getpid()}.txt"
    try:
        private_dir(folder)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        for old in sorted(folder.glob("crash-*.txt"))[:-MOST_REPORTS]:
            old.unlink(missing_ok=True)
    except (Failure, OSError):
        return None
    return path
