"""Reading what was made, or is to be made, from archived files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import bindparam, case, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import episode, feed_note, media
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.system.decoding import from_json

SHOWN_STATE = case(
    (
        (derivative.c.state == literal_column("'done'"))
        & (derivative.c.path == literal_column("''")),
        literal_column("'absent'"),
    ),
    else_=derivative.c.state,
)
"""The state as people and programs see it: what is settled without a file is absent."""
_COLUMNS = (
    derivative.c.kind,
    derivative.c.state,
    derivative.c.path,
    func.hex(func.coalesce(derivative.c.sha256, "")).label("sha256"),
    derivative.c.bytes,
    derivative.c.media_type,
    derivative.c.source_url,
    derivative.c.error,
    derivative.c.attempts,
    derivative.c.next_attempt_at,
)

LOOK_AGAIN = "to be looked at again"
"""Error of a row that was done, until a run has compared its file with it."""


class DerivativeRow(msgspec.Struct, array_like=True, frozen=True):
    """One derivative of one episode."""

    kind: str
    state: Literal["pending", "done", "failed"]
    path: str
    """Below the root; empty before there was a file, and when there is none to be had."""
    digest: str
    """SHA-256 in hexadecimal; empty where ``path`` is."""
    size: int
    media_type: str
    source_url: str
    error: str
    attempts: int
    next_attempt_at: int | None

    @property
    def sha256(self) -> bytes:
        """The digest as bytes."""
        return bytes.fromhex(self.digest)


class Original(msgspec.Struct, array_like=True, frozen=True):
    """What is known of the media of an archived episode."""

    container: str
    codec: str
    duration_s: float | None
    video: int
    """1 when it has moving pictures."""
    channels: int | None
    size: int


_OF_EPISODE = Answer(
    lambda: select(*_COLUMNS).where(derivative.c.episode_id == bindparam("row")), DerivativeRow
)
_NO_TEXT: ColumnElement[str] = literal_column("''")


def _of_source(*conditions: ColumnElement[bool]) -> Answer[DerivativeRow]:
    return Answer(
        lambda: (
            select(*_COLUMNS)
            .join_from(derivative, episode, episode.c.id == derivative.c.episode_id)
            .where(
                derivative.c.source_url == bindparam("source"),
                derivative.c.source_url != _NO_TEXT,
                derivative.c.kind == bindparam("what"),
                episode.c.feed_id == bindparam("feed"),
                *conditions,
            )
            .limit(1)
        ),
        DerivativeRow,
    )


_FILE = _of_source(derivative.c.state == "done", derivative.c.path != _NO_TEXT)
_ABSENT = _of_source(derivative.c.state == "done", derivative.c.path == _NO_TEXT)
_WAITING = _of_source(
    derivative.c.state == "failed", derivative.c.next_attempt_at > bindparam("now")
)
_ORIGINAL = Answer(
    lambda: (
        select(
            media.c.container,
            media.c.codec,
            media.c.duration_s,
            media.c.video,
            media.c.channels,
            media.c.bytes,
        )
        .join_from(episode, media, media.c.id == episode.c.media_id)
        .where(episode.c.id == bindparam("row"))
    ),
    Original,
)
_CHANNEL = Statement(
    lambda: select(feed_note.c.metadata).where(feed_note.c.feed_id == bindparam("feed"))
)


def derivatives_of(catalog: Catalog, episode_id: int) -> Sequence[DerivativeRow]:
    """Return all derivatives of an episode, in order of their kinds.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return _OF_EPISODE.rows(cursor, row=episode_id)


def derivative_of_source(
    catalog: Catalog, feed_id: int, kind: str, source_url: str, *, now: int
) -> DerivativeRow | None:
    """Return what came of a URL for another episode of the feed, where that still holds.

    A file before anything else, then that there is none, then a failure whose next attempt
    comes after ``now`` (UTC milliseconds).

    Raises:
        Failure: The catalogue could not be read.
    """
    values = {"feed": feed_id, "what": kind, "source": source_url}
    with catalog.reader().snapshot() as cursor:
        found = (
            _FILE.rows(cursor, **values)
            or _ABSENT.rows(cursor, **values)
            or _WAITING.rows(cursor, now=now, **values)
        )
    return found[0] if found else None


def original_of(catalog: Catalog, episode_id: int) -> Original | None:
    """Return what is known of an episode's media, or ``None`` where there are none.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        found = _ORIGINAL.rows(cursor, row=episode_id)
    return found[0] if found else None


def channel_of(catalog: Catalog, feed_id: int) -> dict[str, str]:
    """Return the one-line channel facts of a feed (link, author, image …) as last polled.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        found = _CHANNEL.first(cursor, feed=feed_id)
    facts = from_json(found[0], dict[str, object]) if found and found[0] else {}
    return {name: fact for name, fact in facts.items() if isinstance(fact, str)}
