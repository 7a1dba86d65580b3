"""Writing the tables into a fresh catalogue, as the migrations would have made them."""

from __future__ import annotations

import sqlite3

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from podfetch_tui.catalog.schema import APPLICATION_ID, FORMAT, REVISION
from podfetch_tui.catalog.schema_audit import metadata
from podfetch_tui.model.episode import EpisodeState

_VERSION_TABLE = """
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
"""


def statements() -> list[str]:
    """Return the statements that make all tables and indexes, in order."""
    dialect = sqlite.dialect()
    made = []
    for table in metadata.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    return made


def create(driver: sqlite3.Connection) -> None:
    """Fill an empty database, within the transaction that is open on ``driver``."""
    for statement in statements():
        driver.execute(statement)
    driver.execute(_VERSION_TABLE)
    driver.execute("INSERT INTO alembic_version VALUES (?)", (REVISION,))
    driver.executemany("INSERT INTO tally (name, value) VALUES (?, 0)", [(n,) for n in tallies()])
    stamp(driver)


def tallies() -> list[str]:
    """Return the names of all counters."""
    return [f"episode:{state.value}" for state in EpisodeState] + ["media:files", "media:bytes"]


def stamp(driver: sqlite3.Connection) -> None:
    """Write into the header whose database this is, and its format."""
    driver.execute(f"PRAGMA application_id={APPLICATION_ID}")
    driver.execute(f"PRAGMA user_version={FORMAT}")
