"""Reading episodes: what identity knows, what is due, what was in flight."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, func, literal_column, or_, select

from podfetch_tui.catalog.feeds import feeds_by_id
from podfetch_tui.catalog.note import decode_note
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.rows import EpisodeRow, episode_select, to_episode
from podfetch_tui.catalog.schema import HELD, episode, episode_key, episode_note
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.document import Item
from podfetch_tui.model.episode import Episode, KnownEpisode, KnownFeed
from podfetch_tui.model.feed import Feed
from podfetch_tui.system.decoding import json_decoder

_KEY = 32  # hexadecimal digits


class EpisodeJobRow(NamedTuple):
    """An episode with its feed: all a job needs."""

    episode: Episode
    feed: Feed


_KEYS = (
    select(func.group_concat(func.hex(episode_key.c.key), ""))
    .where(episode_key.c.feed_id == bindparam("feed"))
    .scalar_subquery()
)
_KEY_OWNERS = (
    select(func.json_group_array(episode_key.c.episode_id))
    .where(episode_key.c.feed_id == bindparam("feed"))
    .scalar_subquery()
)
_FACTS = (
    select(
        func.json_group_array(
            func.json_object(
                "id",
                episode.c.id,
                "guid",
                episode.c.guid,
                "title",
                episode.c.title,
                "published",
                episode.c.published,
                "enclosure_url",
                episode.c.enclosure_url,
            )
        )
    )
    .where(episode.c.feed_id == bindparam("feed"))
    .scalar_subquery()
)
_KNOWN = Statement(lambda: select(_KEYS, _KEY_OWNERS, _FACTS))
_owners = json_decoder(list[int])
_facts = json_decoder(list[KnownEpisode])

_DUE = Answer(
    lambda: (
        episode_select()
        .where(
            episode.c.rank == bindparam("due_rank"), episode.c.next_attempt_at <= bindparam("now")
        )
        .order_by(episode.c.next_attempt_at)
        .limit(bindparam("most"))
    ),
    EpisodeRow,
)
_NEW_WAITING = Statement(
    lambda: select(func.count()).select_from(
        select(episode.c.id)
        .where(episode.c.rank == literal_column("0"), episode.c.next_attempt_at <= bindparam("now"))
        .limit(bindparam("most"))
        .subquery()
    )
)
_NEXT_AT = Statement(
    lambda: select(func.min(episode.c.next_attempt_at)).where(
        episode.c.rank == bindparam("due_rank"), episode.c.next_attempt_at.is_not(None)
    )
)
_IN_FLIGHT = Answer(
    lambda: episode_select().where(or_(episode.c.state == "claimed", episode.c.state == "sealed")),
    EpisodeRow,
)
_PARTS = Answer(
    lambda: select(episode.c.part).where(episode.c.part != literal_column("''")), tuple[str]
)
_PARTS_OF = Answer(
    lambda: select(episode.c.id, episode.c.part).where(
        episode.c.id.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value)),
        episode.c.part != literal_column("''"),
    ),
    tuple[int, str],
)
_BY_ID = Answer(lambda: episode_select().where(episode.c.id == bindparam("row")), EpisodeRow)
_DERIVATIVES = Answer(
    lambda: (
        select(derivative.c.episode_id)
        .where(derivative.c.next_attempt_at <= bindparam("now"))
        .order_by(derivative.c.next_attempt_at)
        .limit(bindparam("most"))
    ),
    tuple[int],
)
_ARCHIVED = Answer(
    lambda: episode_select().where(
        episode.c.id.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value)),
        episode.c.state == "archived",
    ),
    EpisodeRow,
)
_NOTE = Statement(
    lambda: (
        select(episode_note.c.note, episode.c.guid, episode.c.title, episode.c.published)
        .join_from(episode_note, episode, episode.c.id == episode_note.c.episode_id)
        .where(episode_note.c.episode_id == bindparam("row"))
    )
)


def new_waiting(catalog: Catalog, now: int, most: int) -> int:
    """Return how many new episodes are due, counting up to ``most``; no back-catalogue.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return int(_NEW_WAITING.first(cursor, now=now, most=most)[0])


def known(catalog: Catalog, feed_id: int) -> KnownFeed:
    """Return all episodes and keys of a feed, of one moment.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        digits, owners, facts = _KNOWN.first(cursor, feed=feed_id)
    digests = bytes.fromhex(digits or "")
    size = _KEY // 2
    keys = [digests[at : at + size] for at in range(0, len(digests), size)]
    return KnownFeed(
        keys=dict(zip(keys, _owners.decode(owners), strict=True)),
        episodes={found.id: found for found in _facts.decode(facts)},
    )


def due_episodes(
    catalog: Catalog, now: int, limit: int, *, exclude: Collection[int] = ()
) -> list[EpisodeJobRow]:
    """Return episodes of active feeds that may be tried, in the order they should be.

    New ones come before back-catalogue; within each, feeds of higher priority first, then the
    newest (``catalog.turn``).

    Args:
        catalog: An open catalogue.
        now: UTC milliseconds.
        limit: At most so many.
        exclude: Episodes that are queued or running.

    Raises:
        Failure: The catalogue could not be read.
    """
    found: list[EpisodeRow] = []
    with catalog.reader().snapshot() as cursor:
        for rank in range(HELD):
            most = limit - len(found) + len(exclude)
            rows = _DUE.rows(cursor, due_rank=rank, now=now, most=most)
            found += [row for row in rows if row.id not in exclude]
            if len(found) >= limit:
                break
        return _with_feeds(cursor, found[:limit])


def derivatives_due(
    catalog: Catalog, now: int, limit: int, *, exclude: Collection[int] = ()
) -> list[EpisodeJobRow]:
    """Return archived episodes with a derivative to make, longest due first.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        found = _DERIVATIVES.rows(cursor, now=now, most=limit + len(exclude))
        ids = list(dict.fromkeys(number for (number,) in found if number not in exclude))[:limit]
        place = {number: at for at, number in enumerate(ids)}
        rows = _ARCHIVED.rows(cursor, ids=msgspec.json.encode(ids).decode())
        return _with_feeds(cursor, sorted(rows, key=lambda row: place[row.id]))


def in_flight(catalog: Catalog) -> list[EpisodeJobRow]:
    """Return what a process before this one had claimed or sealed.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        return _with_feeds(cursor, _IN_FLIGHT.rows(cursor))


def parts_in_use(catalog: Catalog) -> set[str]:
    """Return the names of all part files that a row knows. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        return {name for (name,) in _PARTS.rows(cursor)}


def parts_of(catalog: Catalog, episode_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of the part files of some episodes, by their ids.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        ids = msgspec.json.encode(list(episode_ids)).decode()
        return dict(_PARTS_OF.rows(cursor, ids=ids))


def get_episode(catalog: Catalog, episode_id: int) -> Episode | None:
    """Return one episode, or ``None``. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        rows = _BY_ID.rows(cursor, row=episode_id)
    return to_episode(rows[0]) if rows else None


def item_of(catalog: Catalog, episode_id: int) -> Item | None:
    """Return the item an episode was last seen as, without its enclosures, or ``None``.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        found = _NOTE.first(cursor, row=episode_id)
    if found is None:
        return None
    return decode_note(found[0], guid=found[1], title=found[2], published=found[3])


def next_attempt_at(catalog: Catalog) -> int | None:
    """Return the earliest moment at which an episode may be tried; it may be in the past.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        times = [_NEXT_AT.first(cursor, due_rank=rank)[0] for rank in range(HELD)]
    return min((at for at in times if at is not None), default=None)


def _with_feeds(cursor: sqlite3.Cursor, rows: list[EpisodeRow]) -> list[EpisodeJobRow]:
    feeds = feeds_by_id(cursor, (row.feed_id for row in rows))
    return [EpisodeJobRow(to_episode(row), feeds[row.feed_id]) for row in rows]
