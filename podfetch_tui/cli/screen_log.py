"""Where the log goes while a screen owns the terminal: a file that can be found after a crash."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from podfetch_tui.model.errors import BadConfiguration, Failure
from podfetch_tui.model.settings import LoggingSettings
from podfetch_tui.system import logs
from podfetch_tui.system.paths import private_dir, user_state_dir

FOLDER = "logs"
"""In the state folder."""
_NAME_CHARS = 60


def opened(wanted: LoggingSettings, archive: Path) -> tuple[logs.LogHandle, Path | None]:
    """Set up the log, without the terminal; return it and its file.

    A file that nobody asked for is no reason to refuse work: where the state folder cannot be
    written to, there is none.

    Args:
        wanted: ``[logging]``.
        archive: The archive's folder.

    Raises:
        BadConfiguration: The file that ``logging.file`` names cannot be written.
    """
    if wanted.file:
        file = Path(wanted.file).expanduser()
        return _to(wanted, file), file
    try:
        file = private_dir(user_state_dir() / FOLDER) / name_of(archive)
        return _to(wanted, file), file
    except (BadConfiguration, Failure):
        return _to(wanted, None), None


def name_of(archive: Path) -> str:
    """Return the name of an archive's log: one that tells, and that no other archive has."""
    real = os.path.realpath(archive)
    word = re.sub(r"[^\w.-]+", "_", Path(real).name)[:_NAME_CHARS]
    return f"{word}-{hashlib.sha256(os.fsencode(real)).hexdigest()[:8]}.log"


def _to(wanted: LoggingSettings, file: Path | None) -> logs.LogHandle:
    return logs.setup(
        level=wanted.level,
        json=wanted.format == "json",
        stream=None,
        file=file,
        max_size=wanted.max_size,
        keep=wanted.keep,
    )
