"""File systems a catalogue must not lie on: those without working shared memory and locks."""

from __future__ import annotations

import os
from pathlib import Path

from podfetch_tui.model.errors import BadConfiguration
from podfetch_tui.model.text import clean
from podfetch_tui.system.filesystems import FileSystem, file_system_of
from podfetch_tui.system.paths import user_state_dir


def unsafe_place(path: Path) -> str | None:
    """Return why a catalogue cannot be at ``path`` and what to do instead, or ``None``.

    In WAL mode SQLite shares memory through a file beside the database, which network file
    systems and FUSE do not keep (https://www.sqlite.org/wal.html, "all processes using a
    database must be on the same host computer").
    """
    found = file_system_of(Path(os.path.realpath(path)).parent)
    if found is None or found.is_safe_for_catalog:
        return None
    return (
        f"The catalogue {path} would lie on {_named(found)}, where SQLite cannot work safely; "
        f"set archive.catalog to a file on a local disk{_example(path)}: the media may stay"
    )


def _named(found: FileSystem) -> str:
    source = clean(found.source, 200)
    return f"{found.kind} ({source})" if source else found.kind


def _example(path: Path) -> str:
    """Propose a file whose folder is there: where this user's archives are remembered."""
    try:
        folder = user_state_dir()
    except BadConfiguration:  # no home folder: the reader knows a better place
        return ""
    local = file_system_of(folder)
    if local is None or not local.is_safe_for_catalog or not folder.is_dir():
        return ""
    archive = path.parent.parent.name or "catalog"
    return f" (in the INI, below [archive]: catalog = {folder / archive}.db)"
