"""Reading which feeds a list holds, and which of them it would let go."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, func, select

from podfetch_tui.catalog.list_lines import IMPORTED_PAUSED, ids_of
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed, list_source, list_state
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.feed import FeedState


class Member(msgspec.Struct, array_like=True, frozen=True):
    """A feed that a list holds."""

    id: int
    url: str
    title: str
    state: FeedState
    state_reason: str
    others: int
    """How many other lists hold it; what was added by hand is such a list."""

    @property
    def would_pause(self) -> bool:
        """Whether it is paused when this list lets it go."""
        if self.others:
            return False
        if self.state is FeedState.PAUSED:
            return self.state_reason == IMPORTED_PAUSED
        return self.state in (FeedState.ACTIVE, FeedState.QUARANTINED)


class ListState(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a list that is read again and again."""

    name: str
    read_at: int
    held: int
    unreadable: int
    problem: str
    digest: str | None = None
    """Hexadecimal, upper case; of the file that was taken in whole."""


class Gone(NamedTuple):
    """The feeds of a list that it names no more."""

    pause: tuple[Member, ...]
    keep: tuple[Member, ...]
    """Those that something else holds, or that are not polled anyway."""
    of: int
    """How many feeds it held."""


_OTHER = list_source.alias("other")
_MEMBERS = Answer(
    lambda: (
        select(
            feed.c.id,
            feed.c.url,
            func.coalesce(func.nullif(feed.c.title, ""), feed.c.name).label("title"),
            feed.c.state,
            feed.c.state_reason,
            select(func.count())
            .select_from(_OTHER)
            .where(_OTHER.c.feed_id == feed.c.id, _OTHER.c.list != bindparam("list"))
            .scalar_subquery()
            .label("others"),
        )
        .select_from(list_source.join(feed, feed.c.id == list_source.c.feed_id))
        .where(list_source.c.list == bindparam("list"))
    ),
    Member,
)
_STATES = Answer(
    lambda: select(
        *(list_state.c[name] for name in ("list", *ListState.__struct_fields__[1:-1])),
        func.hex(list_state.c.digest).label("digest"),
    ),
    ListState,
)


def find_gone(cursor: sqlite3.Cursor, name: str, present: Collection[int]) -> Gone:
    """Return the feeds of the list ``name`` that are not ``present``."""
    members = _MEMBERS.rows(cursor, list=name)
    gone = [member for member in members if member.id not in present]
    return Gone(
        pause=tuple(member for member in gone if member.would_pause),
        keep=tuple(member for member in gone if not member.would_pause),
        of=len(members),
    )


def states(cursor: sqlite3.Cursor) -> dict[str, ListState]:
    """Return what is known of every list, by name."""
    return {state.name: state for state in _STATES.rows(cursor)}


def list_states(catalog: Catalog) -> dict[str, ListState]:
    """Return what is known of every list, by name.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return states(cursor)


def would_pause(catalog: Catalog, name: str, urls: Sequence[str]) -> tuple[Member, ...]:
    """Return the feeds that are paused when the list ``name`` holds just ``urls``.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        present = frozenset(ids_of(cursor, urls).values())
        return find_gone(cursor, name, present).pause
