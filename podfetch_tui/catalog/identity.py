"""Whose catalogue a file is: the archive it belongs to, and its own name.

A catalogue may lie apart from its media, so that a wrong setting could bring together what
never belonged together. Both know the other: the catalogue its archive's UUID, the archive's
marker the catalogue's.
"""

from __future__ import annotations

import sqlite3
import uuid

import msgspec
from sqlalchemy import bindparam, insert, select

from podfetch_tui.catalog.schema_audit import identity
from podfetch_tui.catalog.statements import Statement

_ALL = Statement(lambda: select(identity.c.name, identity.c.value))
_GIVE = Statement(lambda: insert(identity).values(name=bindparam("what")), ("value",))


class Identity(msgspec.Struct, frozen=True):
    """Two UUIDs; empty in a catalogue that was never opened with its archive."""

    archive: str = ""
    catalog: str = ""


def identity_of(cursor: sqlite3.Cursor) -> Identity:
    """Return what a catalogue says of itself."""
    found = dict(_ALL.run(cursor).fetchall())
    return Identity(found.get("archive", ""), found.get("catalog", ""))


def give_identity(cursor: sqlite3.Cursor, archive: str) -> Identity:
    """Make a catalogue without an identity that of ``archive``, in the open transaction."""
    made = Identity(archive, str(uuid.uuid4()))
    _GIVE.run(cursor, what="archive", value=made.archive)
    _GIVE.run(cursor, what="catalog", value=made.catalog)
    return made
