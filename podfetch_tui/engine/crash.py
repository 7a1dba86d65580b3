"""What is said, and kept, of a bug that ended one of the engine's threads."""

from __future__ import annotations

from pathlib import Path

from podfetch_tui.model.text import clean, redact_text
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.crash_report import write_report

_MOST_CHARS = 400


def crash_text(name: str, error: BaseException, folder: Path | None, clock: Clock) -> str:
    """Return what happened, in a sentence; where there is a ``folder``, leave a report there.

    Args:
        name: What ended.
        error: Why.
        folder: Of the reports.
        clock: The time.
    """
    cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    what = clean(redact_text(f"a bug ended {name} and so the engine ({cause})"), _MOST_CHARS)
    report = write_report(folder, what, error, clock) if folder is not None else None
    kept = f"; the report: {report}" if report is not None else ""
    return f"{what}{kept}; nothing that was recorded is lost"
