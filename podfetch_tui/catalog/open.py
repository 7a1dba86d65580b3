"""Opening the catalogue: what the file is, whether it is ours, and whether it is up to date.

The file is never opened by other means than SQLite: closing any other handle on it would drop
SQLite's locks (https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from podfetch_tui.catalog import create as creation
from podfetch_tui.catalog.connections import driver_of, reader_engine, writer_engine
from podfetch_tui.catalog.failures import kind_of
from podfetch_tui.catalog.identity import Identity, give_identity, identity_of
from podfetch_tui.catalog.places import unsafe_place
from podfetch_tui.catalog.reader import Reader
from podfetch_tui.catalog.schema import APPLICATION_ID, FORMAT
from podfetch_tui.model.errors import ArchiveUnusable, Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.system.durable import fsync_dir
from podfetch_tui.system.resources import free_bytes

OLDEST_SQLITE = (3, 37, 0)
_FIRST_WITH_IDENTITY = 2
_SHARED_MEMORY = 64 * 1024
"""What a reader needs on the disk, generously."""
_SENTENCES = {
    Kind.CATALOG_CORRUPT: "is damaged or no SQLite database; restore the newest backup",
    Kind.READ_ONLY: "cannot be written; make its disk and folder writable",
    Kind.DISK_FULL: "cannot be opened because its disk is full; free some space",
    Kind.IO_ERROR: "cannot be opened; see that its disk works and the folder is writable",
    Kind.CATALOG_BUSY: "is held by another program; end that program",
    Kind.OUT_OF_MEMORY: "cannot be opened: there is not enough memory",
    Kind.BUG: "cannot be used",
}


class Catalog:
    """An open catalogue of the newest format. One process at a time may write it."""

    def __init__(self, path: Path, engine: Engine, reader: Reader, identity: Identity) -> None:
        self.path = path
        self.identity = identity
        self.engine = engine
        """The writer's: only ``catalog.writer`` connects with it."""
        self._reader = reader

    @classmethod
    def open(
        cls, path: Path, *, create: bool, read_only: bool = False, archive: str = ""
    ) -> Catalog:
        """Open the catalogue at ``path``; an older format is backed up and migrated first.

        Args:
            path: Its file.
            create: Make it if it is missing, or if a crash left it empty.
            read_only: Only read, beside an engine that may be running; nothing is migrated.
            archive: UUID of the archive it has to be of; one of none becomes its own.

        Raises:
            ArchiveUnusable: It cannot be used; the message says why and what to do.
        """
        _check_place(path, create=create and not read_only)
        try:
            if read_only:
                return cls._open_to_read(path, archive)
            if not path.exists():
                _make_private(path)
            engine = writer_engine(path)
            with _disposed_on_failure(engine):
                identity = _bring_up_to_date(path, engine, archive, create=create)
        except sqlite3.Error as error:
            raise _unusable(path, error) from error
        except DBAPIError as error:
            raise _unusable(path, error.orig or error) from error
        except Failure as error:
            raise ArchiveUnusable(
                f"The catalogue {path} cannot be created: {error.detail}"
            ) from error
        return cls(path, engine, Reader(reader_engine(path)), identity)

    @classmethod
    def _open_to_read(cls, path: Path, archive: str) -> Catalog:
        frozen = not os.access(path.parent, os.W_OK)
        engine = reader_engine(path, immutable=frozen)
        header = None
        try:
            header = _header_by(engine)
        except (sqlite3.Error, DBAPIError):
            engine.dispose()
            if frozen or not _is_at_rest(path):
                raise
            # A full disk has no room for the shared memory that readers need beside a writer.
            engine = reader_engine(path, immutable=True)
        with _disposed_on_failure(engine):
            application, number, empty = header or _header_by(engine)
            if empty or application != APPLICATION_ID:
                raise ArchiveUnusable(f"{path} is not a PodFetch catalogue; choose another archive")
            if number != FORMAT:
                _check_not_newer(path, number)
                raise ArchiveUnusable(
                    f"The catalogue {path} is of an older format; start podfetch once to migrate it"
                )
            with engine.connect() as connection:
                identity = identity_of(driver_of(connection).cursor())
            _check_archive(path, identity, archive)
        return cls(path, engine, Reader(engine), identity)

    def reader(self) -> Reader:
        """Return the way to read; one for all threads."""
        return self._reader

    def close(self) -> None:
        """Close every connection that is not in use. The writer closes its own."""
        self._reader.close()
        self.engine.dispose()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def _disposed_on_failure(engine: Engine) -> Iterator[None]:
    """Close the connections of an engine that nobody will get."""
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def _is_at_rest(path: Path) -> bool:
    """Say whether the file alone is the whole catalogue: nothing waits in its log."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size == 0
    except OSError:
        return True


def _header_by(engine: Engine) -> tuple[int, int, bool]:
    with engine.connect() as connection:
        return _header(driver_of(connection))


def _header(driver: sqlite3.Connection) -> tuple[int, int, bool]:
    """Return the application's id, the number of the format, and whether nothing is in it."""
    (application,) = driver.execute("PRAGMA application_id").fetchone()
    (number,) = driver.execute("PRAGMA user_version").fetchone()
    (tables,) = driver.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return application, number, tables == 0


def _bring_up_to_date(path: Path, engine: Engine, archive: str, *, create: bool) -> Identity:
    """Create or migrate what has to be; return whose it is."""
    _make_current(path, engine, archive, create=create)
    with engine.connect() as connection:
        cursor = driver_of(connection).cursor()
        identity = identity_of(cursor)
        _check_archive(path, identity, archive)
        if archive and not identity.archive:
            with connection.begin():
                identity = give_identity(cursor, archive)
    return identity


def _make_current(path: Path, engine: Engine, archive: str, *, create: bool) -> None:
    with engine.connect() as connection:
        application, number, empty = _header(driver_of(connection))
        if empty and application in (0, APPLICATION_ID):
            if not create:
                raise ArchiveUnusable(
                    f"The catalogue {path} is empty; restore the newest backup beside its media"
                )
            with connection.begin():
                creation.create(driver_of(connection))
            fsync_dir(path.parent)
            return
        if application != APPLICATION_ID:
            raise ArchiveUnusable(f"{path} is not a PodFetch catalogue; choose another archive")
        _check_not_newer(path, number)
        if number >= _FIRST_WITH_IDENTITY:  # another archive's is not even migrated
            _check_archive(path, identity_of(driver_of(connection).cursor()), archive)
        with connection.begin() as probe:  # fails where it cannot be written
            probe.rollback()
    if number < FORMAT:
        from podfetch_tui.catalog.migrate import migrate  # alembic costs 200 ms

        migrate(path, engine)


def _check_archive(path: Path, identity: Identity, archive: str) -> None:
    if archive and identity.archive and identity.archive != archive:
        raise ArchiveUnusable(
            f"The catalogue {path} belongs to another archive ({identity.archive}, this one is "
            f"{archive}); set archive.catalog to the catalogue of this one"
        )


def _check_not_newer(path: Path, number: int) -> None:
    if number > FORMAT:
        raise ArchiveUnusable(
            f"The catalogue {path} has format {number} of a newer PodFetch; this one reads "
            f"formats up to {FORMAT}: upgrade PodFetch"
        )


def _check_place(path: Path, *, create: bool) -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ArchiveUnusable(
            f"This Python has SQLite {sqlite3.sqlite_version}; PodFetch needs 3.37 or newer"
        )
    try:
        _check_file(path, create=create)
    except OSError as error:
        raise ArchiveUnusable(
            f"The catalogue {path} cannot be looked at: {error.strerror}; check its folder"
        ) from error
    problem = unsafe_place(path)
    if problem is not None:
        raise ArchiveUnusable(problem)


def _check_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise ArchiveUnusable(f"The catalogue {path} is a folder; name a file")
    if not path.parent.is_dir():
        raise ArchiveUnusable(f"The catalogue {path} cannot be: its folder does not exist")
    if not path.exists() and not create:
        raise ArchiveUnusable(f"The catalogue {path} is missing; restore the newest backup")


def _make_private(path: Path) -> None:
    """Create the file for its owner alone: URLs of private feeds stand in it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ArchiveUnusable(
            f"The catalogue {path} cannot be created: {error.strerror}; see that its disk has "
            "space and the folder is writable"
        ) from error


def _unusable(path: Path, error: BaseException) -> ArchiveUnusable:
    kind = kind_of(error)
    if kind is Kind.IO_ERROR and _is_full(path.parent):
        kind = Kind.DISK_FULL  # SQLite has no other words for its shared memory
    return ArchiveUnusable(f"The catalogue {path} {_SENTENCES[kind]} ({clean(str(error))})")


def _is_full(folder: Path) -> bool:
    try:
        return free_bytes(folder)[0] < _SHARED_MEMORY
    except (Failure, OSError):
        return False
