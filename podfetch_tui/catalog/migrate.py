"""Bringing an older catalogue up to date. Imported only when there is something to do."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from podfetch_tui.catalog.connections import driver_of
from podfetch_tui.catalog.create import stamp
from podfetch_tui.catalog.schema import REVISION
from podfetch_tui.model.errors import ArchiveUnusable
from podfetch_tui.system.durable import fsync_dir, fsync_file
from podfetch_tui.system.resources import free_bytes

_SCRIPTS = Path(__file__).with_name("migrations")


def migrate(path: Path, engine: Engine) -> Path:
    """Back the catalogue up beside itself, then migrate it, whole or not at all.

    Returns:
        The backup.

    Raises:
        ArchiveUnusable: There is no room for the backup.
        DBAPIError: The database refused; it is as before.
    """
    with engine.connect() as connection:
        backup = _back_up(path, driver_of(connection))
        with connection.begin():
            upgrade(connection)
    return backup


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to ``revision`` within the transaction that is open."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    stamp(driver_of(connection))


def _back_up(path: Path, driver: sqlite3.Connection) -> Path:
    need = path.stat().st_size
    if free_bytes(path.parent)[0] < 2 * need:
        raise ArchiveUnusable(
            f"The catalogue {path} has to be migrated and backed up first; "
            f"free {2 * need >> 20} MiB beside it"
        )
    backup = _free_name(path)
    driver.execute("VACUUM INTO ?", (str(backup),))
    fd = os.open(backup, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fchmod(fd, 0o600)
        fsync_file(fd)
    finally:
        os.close(fd)
    fsync_dir(path.parent)
    return backup


def _free_name(path: Path) -> Path:
    number = 1
    while True:
        name = path.with_name(f"{path.name}.before-{REVISION}.{number}")
        if not name.exists():
            return name
        number += 1
