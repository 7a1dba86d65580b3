"""From rows of the catalogue to the model's values."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, select

from podfetch_tui.catalog.schema import episode, feed, media
from podfetch_tui.model.episode import Episode, EpisodeState
from podfetch_tui.model.feed import (
    Backlog,
    BacklogKind,
    BreakerState,
    Feed,
    FeedState,
    Health,
    Rhythm,
    Sighting,
    Validators,
)


class FeedRow(msgspec.Struct, array_like=True, frozen=True):
    """A feed's columns, by name and in this order."""

    id: int
    url: str
    title: str
    name: str
    own_title: str
    folder: str
    state: FeedState
    state_reason: str
    priority: int
    interval_s: int | None
    backlog_kind: BacklogKind | None
    backlog_count: int
    backlog_since: int
    etag: str | None
    last_modified: str | None
    last_full_at: int | None
    polls_ok: int
    next_poll_at: int
    breaker: BreakerState
    consecutive_failures: int
    opened: int
    open_until: int | None
    first_failure_at: int | None
    last_success_at: int | None
    last_error: str | None
    last_family: str | None
    last_status: int | None
    probation: int
    failed_days: int
    failed_day: int | None
    user_agent: str
    feed_max: int | None
    allow_private: str
    auth: str
    rhythm_ms: int | None
    ttl_s: int | None
    skip_hours: int
    skip_days: int
    redirect_url: str
    redirect_by: str
    redirect_seen: int
    redirect_since: int | None
    page_url: str
    body_sha256: str | None


def feed_columns() -> list[ColumnElement[Any]]:
    """Return what :class:`FeedRow` is decoded from."""
    names = FeedRow.__struct_fields__[:-1]
    return [*(feed.c[name] for name in names), func.hex(feed.c.body_sha256).label("body")]


def to_feed(row: FeedRow) -> Feed:
    """Return the model's value."""
    backlog = None
    if row.backlog_kind is not None:
        backlog = Backlog(row.backlog_kind, row.backlog_count, row.backlog_since)
    return Feed(
        id=row.id,
        url=row.url,
        title=row.own_title or row.title or row.name,
        folder=row.folder,
        state=row.state,
        state_reason=row.state_reason,
        priority=row.priority,
        interval=row.interval_s,
        backlog=backlog,
        user_agent=row.user_agent,
        feed_max=row.feed_max,
        allow_private=tuple(row.allow_private.split()),
        auth=row.auth,
        validators=Validators(row.etag, row.last_modified),
        body_sha256=bytes.fromhex(row.body_sha256 or ""),
        last_full_at=row.last_full_at,
        polls_ok=row.polls_ok,
        next_poll_at=row.next_poll_at,
        rhythm=Rhythm(
            gap_ms=row.rhythm_ms,
            ttl_s=row.ttl_s,
            skip_hours=row.skip_hours,
            skip_days=row.skip_days,
        ),
        sighting=Sighting(row.redirect_url, row.redirect_by, row.redirect_seen, row.redirect_since),
        page_url=row.page_url,
        health=Health(
            breaker=row.breaker,
            consecutive_failures=row.consecutive_failures,
            opened=row.opened,
            open_until=row.open_until,
            first_failure_at=row.first_failure_at,
            last_success_at=row.last_success_at,
            last_error=row.last_error,
            last_family=row.last_family,
            last_status=row.last_status,
            probation=bool(row.probation),
            failed_days=row.failed_days,
            failed_day=row.failed_day,
        ),
    )


class EpisodeRow(msgspec.Struct, array_like=True, frozen=True):
    """An episode's columns, and those of its media."""

    id: int
    feed_id: int
    guid: str
    title: str
    published: int | None
    enclosure_url: str
    enclosure_type: str
    enclosure_length: int | None
    state: EpisodeState
    attempts: int
    path: str
    own_path: str
    part: str
    durable: int
    total: int | None
    etag: str | None
    last_modified: str | None
    resume_failures: int
    media_id: int | None
    media_sha256: str | None
    media_bytes: int | None
    media_path: str | None
    published_at: int | None


def episode_columns() -> list[ColumnElement[Any]]:
    """Return what :class:`EpisodeRow` is decoded from; needs the join with ``media``."""
    return [
        *(episode.c[name] for name in EpisodeRow.__struct_fields__[:-4]),
        func.hex(media.c.sha256).label("sha256"),
        media.c.bytes,
        media.c.path.label("media_path"),
        media.c.published_at,
    ]


def episode_select() -> Any:
    """Return the select of :func:`episode_columns`, to be narrowed."""
    with_media = episode.outerjoin(media, media.c.id == episode.c.media_id)
    return select(*episode_columns()).select_from(with_media)


def to_episode(row: EpisodeRow) -> Episode:
    """Return the model's value; a reference's path is that of the file with its bytes."""
    sealed = row.state is EpisodeState.SEALED
    published = row.published_at is not None
    path = row.path
    if not path and row.state is EpisodeState.ARCHIVED:
        path = row.media_path or ""
    return Episode(
        id=row.id,
        feed_id=row.feed_id,
        guid=row.guid,
        title=row.title,
        published=row.published,
        enclosure_url=row.enclosure_url,
        enclosure_type=row.enclosure_type,
        enclosure_length=row.enclosure_length,
        state=row.state,
        attempts=row.attempts,
        path=path,
        beside=row.own_path or path,
        part=row.part,
        durable=row.durable,
        total=row.total,
        validators_etag=row.etag,
        validators_last_modified=row.last_modified,
        resume_failures=row.resume_failures,
        media_id=row.media_id,
        sealed_sha256=bytes.fromhex(row.media_sha256 or "") if sealed else b"",
        sealed_size=(row.media_bytes or 0) if sealed else 0,
        sealed_path=(row.media_path or "") if sealed and published else "",
    )
