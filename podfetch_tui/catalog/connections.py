"""How a connection to the catalogue is opened: its PRAGMAs, and SQLAlchemy's traps.

The writer's engine leaves transactions to us: ``isolation_level=None`` in the connect hook,
``BEGIN IMMEDIATE`` in the begin hook. SQLAlchemy's own AUTOCOMMIT option must not be used on
it: it would set the driver's isolation level back when the connection returns.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

WAL_LIMIT = 64 << 20
"""Bytes the write-ahead log may have on disk."""
PAGE_SIZE = 8192
_BUSY_MS = 5_000
_STATEMENTS = 512
_READERS_KEPT = 16

_WRITER: dict[str, str | int] = {
    "page_size": PAGE_SIZE,
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "trusted_schema": "OFF",
    "cell_size_check": "ON",
    "mmap_size": 0,
    "temp_store": "MEMORY",
    "cache_size": -16_384,  # KiB
    "journal_size_limit": WAL_LIMIT,
    "wal_autocheckpoint": 0,
}
_READER: dict[str, str | int] = {
    "query_only": "ON",
    "trusted_schema": "OFF",
    "cell_size_check": "ON",
    "mmap_size": 0,
    "temp_store": "MEMORY",
}
if sys.platform == "darwin":
    _WRITER |= {"fullfsync": "ON", "checkpoint_fullfsync": "ON"}


def writer_engine(path: Path) -> Engine:
    """Return the engine of the one writing connection; SQLite creates a missing file."""

    def connect() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode=rwc"
        return sqlite3.connect(
            uri, uri=True, timeout=_BUSY_MS / 1000, cached_statements=_STATEMENTS
        )

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "connect", _prepare_writer)
    event.listen(engine, "begin", _begin)
    return engine


def reader_engine(path: Path, *, immutable: bool = False) -> Engine:
    """Return an engine whose connections cannot write.

    Args:
        path: The catalogue's file.
        immutable: It lies on a medium where nobody can change it, nor make its side files.
    """

    def connect() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if immutable else ''}"
        return sqlite3.connect(
            uri,
            uri=True,
            timeout=_BUSY_MS / 1000,
            cached_statements=_STATEMENTS,
            check_same_thread=False,  # the pool hands it to one thread at a time
        )

    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=_READERS_KEPT,
        max_overflow=-1,
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", _prepare_reader)
    return engine


def _prepare_writer(connection: sqlite3.Connection, _record: Any) -> None:
    _prepare(connection, _WRITER)


def _prepare_reader(connection: sqlite3.Connection, _record: Any) -> None:
    _prepare(connection, _READER)


def _prepare(connection: sqlite3.Connection, pragmas: dict[str, str | int]) -> None:
    connection.isolation_level = None
    try:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}").close()
    except sqlite3.Error:
        connection.close()  # SQLAlchemy would leave it to the garbage collector
        raise


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the connection of SQLite's module that ``connection`` works on."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):  # pragma: no cover  another driver
        raise TypeError("not SQLite's module")
    return driver
