"""What SQLite and a catalogue's file are like: for the doctor."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from podfetch_tui.catalog.connections import WAL_LIMIT
from podfetch_tui.catalog.open import OLDEST_SQLITE, Catalog
from podfetch_tui.catalog.schema_audit import outcome
from podfetch_tui.catalog.statements import Statement

__all__ = ["WAL_LIMIT", "CatalogFacts", "SqliteFacts", "catalog_facts", "sqlite_facts"]

_SHOWN = ("THREADSAFE", "MAX_VARIABLE_NUMBER", "SECURE_DELETE", "DEFAULT_SYNCHRONOUS")
_NEWEST = Statement(lambda: select(func.max(outcome.c.at)))


class SqliteFacts(msgspec.Struct, frozen=True, kw_only=True):
    """SQLite's library."""

    version: str
    is_new_enough: bool
    is_threadsafe: bool
    has_json: bool
    most_variables: int
    options: tuple[str, ...]
    """The compile options that matter here, as SQLite writes them."""


class CatalogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The file of a catalogue."""

    format: int
    bytes: int
    wal_bytes: int
    newest_outcome_at: int | None
    """UTC milliseconds."""
    problems: tuple[str, ...]
    """What ``quick_check`` found; empty when nothing, or when it was not asked for."""
    checked: bool


def sqlite_facts() -> SqliteFacts:
    """Return what SQLite says of itself."""
    connection = sqlite3.connect(":memory:")
    try:
        options = [str(row[0]) for row in connection.execute("PRAGMA compile_options")]
        try:
            connection.execute("SELECT json_array(1)").fetchall()
            has_json = True
        except sqlite3.OperationalError:
            has_json = False
    finally:
        connection.close()
    values = dict(option.partition("=")[::2] for option in options)
    number = values.get("MAX_VARIABLE_NUMBER", "")
    return SqliteFacts(
        version=sqlite3.sqlite_version,
        is_new_enough=sqlite3.sqlite_version_info >= OLDEST_SQLITE,
        is_threadsafe=values.get("THREADSAFE", "1") != "0",
        has_json=has_json,
        most_variables=int(number) if number.isdigit() else 32_766,
        options=tuple(o for o in options if o.partition("=")[0] in _SHOWN),
    )


def catalog_facts(catalog: Catalog, *, check: bool) -> CatalogFacts:
    """Return what is known of an open catalogue's file.

    Args:
        catalog: Open, an engine may be writing it.
        check: Run ``quick_check``, which reads all of it.

    Raises:
        Failure: It could not be read.
    """
    with catalog.reader().cursor() as cursor:
        (number,) = cursor.execute("PRAGMA user_version").fetchone()
        (newest,) = _NEWEST.first(cursor)
        found: list[str] = []
        if check:
            found = [str(row[0]) for row in cursor.execute("PRAGMA quick_check(20)")]
    return CatalogFacts(
        format=number,
        bytes=_size(catalog.path),
        wal_bytes=_size(catalog.path.with_name(f"{catalog.path.name}-wal")),
        newest_outcome_at=newest,
        problems=() if found in ([], ["ok"]) else tuple(found),
        checked=check,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
