"""SQLite's errors as ours: what went wrong with the disk, the file or the statement.

Python 3.10 gives no error numbers, only SQLite's own sentences (``sqlite3_errstr``), which
are part of its interface and never translated.
"""

from __future__ import annotations

import sqlite3

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean

FATAL = frozenset({Kind.IO_ERROR, Kind.CATALOG_CORRUPT})
"""After these nothing more is written: what is on the disk is unknown."""

_CODES = {
    5: Kind.CATALOG_BUSY,
    6: Kind.CATALOG_BUSY,
    7: Kind.OUT_OF_MEMORY,
    8: Kind.READ_ONLY,
    10: Kind.IO_ERROR,
    11: Kind.CATALOG_CORRUPT,
    13: Kind.DISK_FULL,
    14: Kind.IO_ERROR,
    26: Kind.CATALOG_CORRUPT,
}
_SENTENCES = {
    "database is locked": Kind.CATALOG_BUSY,
    "database table is locked": Kind.CATALOG_BUSY,
    "out of memory": Kind.OUT_OF_MEMORY,
    "attempt to write a readonly database": Kind.READ_ONLY,
    "disk I/O error": Kind.IO_ERROR,
    "database disk image is malformed": Kind.CATALOG_CORRUPT,
    "database or disk is full": Kind.DISK_FULL,
    "unable to open database file": Kind.IO_ERROR,
    "file is not a database": Kind.CATALOG_CORRUPT,
}
_ADVICE = {
    Kind.CATALOG_BUSY: "another program holds the catalogue; end it",
    Kind.OUT_OF_MEMORY: "there is not enough memory",
    Kind.READ_ONLY: "the catalogue cannot be written",
    Kind.IO_ERROR: "the disk of the catalogue fails; whether the last changes were kept is "
    "known after the next start",
    Kind.CATALOG_CORRUPT: "the catalogue is damaged; restore the newest backup",
    Kind.DISK_FULL: "the disk of the catalogue is full",
    Kind.BUG: "the change was refused",
}


def kind_of(error: BaseException) -> Kind:
    """Return what ``error`` says about the disk; ``BUG`` where it is about the statement."""
    if isinstance(error, MemoryError):
        return Kind.OUT_OF_MEMORY
    if not isinstance(error, sqlite3.Error):
        return Kind.BUG
    code = getattr(error, "sqlite_errorcode", None)  # Python 3.11
    if code is not None:
        return _CODES.get(code & 0xFF, Kind.BUG)
    sentence = str(error)
    return next(
        (kind for start, kind in _SENTENCES.items() if sentence.startswith(start)), Kind.BUG
    )


def failure_of(error: BaseException) -> Failure:
    """Return ``error`` as a :class:`Failure` that says what to do."""
    if isinstance(error, Failure):
        return error
    kind = kind_of(error)
    return Failure(kind, clean(f"{_ADVICE[kind]} ({error})"))
