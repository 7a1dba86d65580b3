"""Reading the catalogue: connections that cannot write, each used by one thread at a time.

An answer is fetched whole and the read transaction ends with it: an open one would keep the
writer from checkpointing.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from podfetch_tui.catalog.failures import failure_of
from podfetch_tui.catalog.types import MAX_INT64
from podfetch_tui.model.errors import UsageError
from podfetch_tui.system.locks import assert_unlocked


class Reader:
    """Lends cursors on read-only connections; may be used from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextlib.contextmanager
    def cursor(self) -> Iterator[sqlite3.Cursor]:
        """Lend a cursor; every statement on it sees the newest commit.

        Raises:
            Failure: The catalogue could not be read.
            UsageError: Somebody asked with a number that it cannot hold.
            LockOrderError: The thread holds a ranked lock.
        """
        assert_unlocked("reading the catalogue")
        try:
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                try:
                    yield cursor  # type: ignore[misc]
                finally:
                    cursor.close()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise failure_of(error) from error
        except OverflowError as error:
            raise UsageError(f"a number is too large: there are none over {MAX_INT64}") from error
        except DBAPIError as error:
            raise failure_of(error.orig or error) from error

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Cursor]:
        """Lend a cursor whose statements all see the same commit; raises as :meth:`cursor`."""
        with self.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                if cursor.connection.in_transaction:  # an error may have ended it
                    cursor.execute("COMMIT")

    def close(self) -> None:
        """Close the connections that are not lent now."""
        self._engine.dispose()
