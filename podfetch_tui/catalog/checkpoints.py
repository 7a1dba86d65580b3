"""When the write-ahead log goes into the database, and how large it may grow.

All checkpoints run on the one writing connection, between its commits: this keeps clear of
the WAL-reset bug in SQLite before 3.51.3 (https://www.sqlite.org/wal.html#walresetbug).
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from podfetch_tui.catalog.connections import PAGE_SIZE, WAL_LIMIT

logger = logging.getLogger(__name__)

PASSIVE_AT = 4 << 20
"""Bytes of changes after which what can be checkpointed is."""
TRUNCATE_AT = 32 << 20
"""Size of the log's file at which it is emptied, waiting a moment for readers."""
_TRUNCATE_WAIT_MS = 500
_BUSY_MS = 5_000


class Checkpoints:
    """Counts what is written and empties the log in time. Used by the writer's thread."""

    def __init__(self, driver: sqlite3.Connection, path: Path) -> None:
        self._driver = driver
        self._log = path.with_name(f"{path.name}-wal")
        self._written = 0
        self._warned = False

    def note(self, *, size: int, rows: int) -> None:
        """Count a commit of ``rows`` scattered rows and ``size`` bytes of new ones."""
        self._written += size + rows * PAGE_SIZE

    def after_commit(self) -> None:
        """Checkpoint if there is enough to do. Raises ``sqlite3.Error``."""
        if self.log_size() > TRUNCATE_AT:
            self.truncate()
        elif self._written >= PASSIVE_AT:
            self._driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._written = 0

    def make_room(self, size: int) -> None:
        """Empty the log before a commit of about ``size`` bytes that it has no room for."""
        if size > PASSIVE_AT and self.log_size() + 2 * size > WAL_LIMIT:
            self.truncate()

    def idle(self) -> bool:
        """Empty the log while nothing else is to do; return whether it is empty."""
        return self.log_size() == 0 or self.truncate()

    def truncate(self) -> bool:
        """Empty the log; return ``False`` if a reader was in the way too long."""
        self._driver.execute(f"PRAGMA busy_timeout={_TRUNCATE_WAIT_MS}").close()
        try:
            answer = self._driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._driver.execute(f"PRAGMA busy_timeout={_BUSY_MS}").close()
        self._written = 0
        busy = bool(answer[0])
        if not busy:
            self._warned = False
        elif self.log_size() > WAL_LIMIT and not self._warned:
            self._warned = True
            logger.warning("A reader keeps the catalogue's write-ahead log from being emptied")
        return not busy

    def log_size(self) -> int:
        """Return the size of the log's file in bytes."""
        try:
            return self._log.stat().st_size
        except OSError:  # there is none before the first commit
            return 0
