"""Copies of the catalogue: made beside a running engine, and looked at before they are used."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from podfetch_tui.catalog.failures import failure_of
from podfetch_tui.catalog.identity import identity_of
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import APPLICATION_ID, FORMAT
from podfetch_tui.model.errors import ArchiveUnusable, Failure, Kind
from podfetch_tui.model.text import clean

_PAGES = 1_000
"""Pages copied in one step; in between the program can be interrupted."""
_FIRST_WITH_IDENTITY = 2
_JOURNAL_VERSIONS = 18
"""Where the header says "WAL" twice (https://www.sqlite.org/fileformat2.html, 1.3)."""
_ROLLBACK = b"\x01\x01"


class BackupFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    format: int
    archive: str
    """UUID of its archive; empty when it does not say."""
    catalog: str
    feeds: int
    episodes: int
    bytes: int


def copy_catalog(
    catalog: Catalog, target: Path, on_step: Callable[[int, int], None] | None = None
) -> None:
    """Copy the catalogue as it is at this moment, while it may be written.

    Args:
        catalog: Open, for reading at least.
        target: An empty file of ours. It is not synced.
        on_step: Told pages left and pages in all, now and then.

    Raises:
        Failure: It could not be read or written; ``target`` is of no use.
    """

    def told(_status: int, left: int, total: int) -> None:
        if on_step is not None:
            on_step(left, total)

    with catalog.reader().snapshot() as cursor:
        # The snapshot begins with the first reading, and the copy goes by it to its end.
        cursor.execute("SELECT count(*) FROM sqlite_master").fetchall()
        try:
            copy = sqlite3.connect(f"{target.absolute().as_uri()}?mode=rw&nolock=1", uri=True)
            try:
                copy.execute("PRAGMA journal_mode=OFF").close()
                copy.execute("PRAGMA synchronous=OFF").close()
                cursor.connection.backup(copy, pages=_PAGES, progress=told, sleep=0)
            finally:
                copy.close()
        except sqlite3.Error as error:
            raise failure_of(error) from error
    _leave_wal(target)


def _leave_wal(path: Path) -> None:
    """Make a copy a file of its own, without the log that its original has."""
    with path.open("r+b") as file:
        file.seek(_JOURNAL_VERSIONS)
        file.write(_ROLLBACK)


def inspect_backup(path: Path) -> BackupFacts:
    """Read a backup whole and return what it holds; nothing is changed.

    Raises:
        ArchiveUnusable: It is no backup, damaged, or of a newer format.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise ArchiveUnusable(
            f"{path} has a log beside it ({log.name}): it is a catalogue that was copied while"
            " it was open, not a backup; make one of it with `podfetch backup`"
        )
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            return _facts(path, connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise ArchiveUnusable(
            f"{path} is damaged or no catalogue ({clean(str(error))}); take an older backup"
        ) from error


def _facts(path: Path, connection: sqlite3.Connection) -> BackupFacts:
    connection.execute("PRAGMA cell_size_check=ON")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise ArchiveUnusable(f"{path} is not a PodFetch catalogue: name a file of a backup")
    if number > FORMAT:
        raise ArchiveUnusable(
            f"{path} has format {number} of a newer PodFetch; this one reads formats up to"
            f" {FORMAT}: upgrade PodFetch"
        )
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise ArchiveUnusable(f"{path} is damaged ({'; '.join(found)}); take an older backup")
    archive = catalog = ""
    if number >= _FIRST_WITH_IDENTITY:
        identity = identity_of(connection.cursor())
        archive, catalog = identity.archive, identity.catalog
    (feeds,) = connection.execute("SELECT count(*) FROM feed").fetchone()
    (episodes,) = connection.execute(
        "SELECT total(value) FROM tally WHERE name LIKE 'episode:%'"
    ).fetchone()
    return BackupFacts(
        format=number,
        archive=archive,
        catalog=catalog,
        feeds=feeds,
        episodes=round(episodes),
        bytes=path.stat().st_size,
    )


def settle_log(path: Path) -> None:
    """Bring what waits in the log of a catalogue that nobody uses into its file.

    A catalogue that is too damaged for that is left as it is.
    """
    try:
        connection = sqlite3.connect(path, timeout=1, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return


def require_room(folder: Path, needed: int, free: int) -> None:
    """Raise unless a copy of ``needed`` bytes fits.

    Raises:
        Failure: ``DISK_FULL``, with the figures.
    """
    if free < needed + needed // 8:
        raise Failure(
            Kind.DISK_FULL,
            f"the backup needs {needed >> 20} MiB in {os.fspath(folder)}, where"
            f" {free >> 20} MiB are free",
        )
