"""The tables of the catalogue: feeds and episodes. The rest is in ``schema_audit``.

Only declares; nothing here opens or writes. A change needs a migration: a test compares what
the migrations build with what stands here. Every table is STRICT; rows the engine touches in
each cycle are kept narrow, long text lives in ``feed_note`` and ``episode_note``.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    literal_column,
    text,
)

from podfetch_tui.catalog.types import Blob, Int64, Real, Words, one_of
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.feed import BacklogKind, BreakerState, FeedState
from podfetch_tui.model.media import Validity

APPLICATION_ID = 0x50664361
"""``PfCa`` in the header of the file (SQLite: ``PRAGMA application_id``)."""
FORMAT = 2
"""Number of the newest migration; stands in ``PRAGMA user_version``."""
REVISION = "0002"
"""alembic's name of the newest migration."""

HELD = 2
"""Added to ``episode.rank`` while the feed is not active: held episodes are never due."""

metadata = MetaData()

_NONE = text("0")
_EMPTY = text("''")


def _number(name: str) -> Column[int]:
    return Column(name, Int64, nullable=False, server_default=_NONE)


def _word(name: str) -> Column[str]:
    return Column(name, Words, nullable=False, server_default=_EMPTY)


feed = Table(
    "feed",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("url", Words, nullable=False),
    _word("title"),
    _word("name"),  # from a feed list; shown until the feed says its own
    _word("folder"),
    Column("folder_key", Blob),
    Column("state", Words, nullable=False, server_default=FeedState.ACTIVE.value),
    _word("state_reason"),
    _number("state_at"),
    _number("probes"),  # polls since it was quarantined
    _number("priority"),
    Column("interval_s", Int64),
    Column("backlog_kind", Words),
    _number("backlog_count"),
    _number("backlog_since"),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("body_sha256", Blob),
    Column("last_full_at", Int64),
    Column("last_poll_at", Int64),
    _number("polls_ok"),
    _number("next_poll_at"),
    Column("breaker", Words, nullable=False, server_default=BreakerState.CLOSED.value),
    _number("consecutive_failures"),
    _number("opened"),
    Column("open_until", Int64),
    Column("first_failure_at", Int64),
    Column("last_success_at", Int64),
    Column("last_error", Words),
    Column("last_family", Words),
    Column("last_status", Int64),
    _number("added_at"),
    _number("episodes"),
    _number("archived"),
    _number("pending"),  # pending, claimed or sealed
    _number("failed"),
    _number("bytes"),
    # Set for this feed alone; NULL or empty: as in the settings.
    Column("own_priority", Int64),  # NULL: ``priority`` follows from the tags
    _word("own_title"),  # the operator's; before the feed's own
    _word("user_agent"),
    Column("feed_max", Int64),
    _word("allow_private"),  # networks, separated by blanks
    _word("auth"),  # name of an entry of the credentials file; empty: the one of its URL or host
    # A permanent redirect, or a new-feed-url, that was seen and not yet followed for good.
    _word("redirect_url"),
    _word("redirect_by"),  # redirect, document
    _number("redirect_seen"),
    Column("redirect_since", Int64),
    Column("merged_into", Int64),  # the feed it met at one URL
    # What the document says about when to come back; holds for answers without a body, too.
    Column("rhythm_ms", Int64),
    Column("ttl_s", Int64),
    _number("skip_hours"),  # bit h: not in hour h, UTC
    _number("skip_days"),  # bit d: not on day d, Monday first
    _word("page_url"),  # page of the back-catalogue to go on with; empty: none is left
    # Quarantine.
    Column("quarantined_at", Int64),
    Column("snoozed_until", Int64),
    _number("probation"),  # released: one failure sends it back
    _number("failed_days"),  # days with a failed poll since the last success
    Column("failed_day", Int64),  # the last of them, days since 1970
    UniqueConstraint("url", name="uq_feed_url"),
    UniqueConstraint("folder_key", name="uq_feed_folder"),
    CheckConstraint(one_of("state", FeedState), name="ck_feed_state"),
    CheckConstraint(one_of("breaker", BreakerState), name="ck_feed_breaker"),
    CheckConstraint(one_of("backlog_kind", BacklogKind), name="ck_feed_backlog"),
    sqlite_strict=True,
)
Index("ix_feed_due", feed.c.state, feed.c.priority, feed.c.next_poll_at)
Index("ix_feed_cooling", feed.c.breaker, sqlite_where=feed.c.breaker != "closed")

feed_note = Table(
    "feed_note",
    metadata,
    Column("feed_id", Int64, ForeignKey("feed.id"), primary_key=True),
    _word("metadata"),  # channel facts, one JSON object
    Column("evidence", Blob),  # head of the answer that opened the breaker
    sqlite_strict=True,
)

feed_body = Table(
    "feed_body",
    metadata,
    Column("feed_id", Int64, ForeignKey("feed.id"), primary_key=True),
    Column("at", Int64, nullable=False),
    Column("sha256", Blob, nullable=False),  # of the body as it was parsed
    Column("bytes", Int64, nullable=False),  # its length
    _word("content_type"),
    Column("body", Blob, nullable=False),  # zlib
    sqlite_strict=True,
)

feed_url = Table(
    "feed_url",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("feed_id", Int64, ForeignKey("feed.id"), nullable=False),
    Column("url", Words, nullable=False),  # a URL the feed was known by before
    Column("until", Int64, nullable=False),
    sqlite_strict=True,
)
Index("ix_feed_url_url", feed_url.c.url)
Index("ix_feed_url_feed", feed_url.c.feed_id)

list_source = Table(
    "list_source",
    metadata,
    Column("feed_id", Int64, ForeignKey("feed.id"), nullable=False),
    Column("list", Words, nullable=False),
    Column("line", Int64, nullable=False),
    Column("at", Int64, nullable=False),
    Column("digest", Blob),  # of what the line says, to see whether it changed
    PrimaryKeyConstraint("feed_id", "list"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
Index("ix_list_source_list", list_source.c.list)

list_state = Table(
    "list_state",
    metadata,
    Column("list", Words, primary_key=True),
    Column("read_at", Int64, nullable=False),
    _number("held"),  # removals that wait for the operator's word
    _number("unreadable"),  # lines without a URL that could be read
    _word("problem"),  # why it could not be read the last time; empty: it could
    Column("digest", Blob),  # of the file that was taken in whole; NULL: read it again
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

feed_tag = Table(
    "feed_tag",
    metadata,
    Column("feed_id", Int64, ForeignKey("feed.id"), nullable=False),
    Column("tag", Words, nullable=False),
    Column("list", Words, nullable=False),  # the list that says so
    _number("depth"),  # 1, 2 …: a folder the feed stands in there, outermost first
    PrimaryKeyConstraint("feed_id", "tag", "list"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
Index("ix_feed_tag_tag", feed_tag.c.tag)

media = Table(
    "media",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("sha256", Blob, nullable=False),
    Column("bytes", Int64, nullable=False),
    _word("media_type"),
    _word("container"),
    _word("codec"),
    Column("duration_s", Real),
    Column("bit_rate", Int64),
    Column("sample_rate", Int64),
    Column("channels", Int64),
    _number("video"),
    Column("validity", Words, nullable=False),
    _word("problem"),
    Column("origin", Words, nullable=False, server_default="download"),
    _word("path"),  # where the bytes are, below the root; empty until published
    Column("published_at", Int64),  # NULL: no file of ours is known to hold the bytes
    Column("sealed_at", Int64, nullable=False),
    Column("checked_at", Int64),
    UniqueConstraint("sha256", name="uq_media_sha256"),
    CheckConstraint(one_of("validity", Validity), name="ck_media_validity"),
    sqlite_strict=True,
)

episode = Table(
    "episode",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("feed_id", Int64, ForeignKey("feed.id"), nullable=False),
    _word("guid"),
    _word("title"),
    Column("published", Int64),
    _word("enclosure_url"),
    _word("enclosure_type"),
    Column("enclosure_length", Int64),
    Column("first_seen_at", Int64, nullable=False),
    Column("state", Words, nullable=False, server_default=EpisodeState.PENDING.value),
    _number("rank"),  # 0 new, 1 back-catalogue; + HELD while the feed is not active
    # When it may be tried, and the order of what is due; NULL: never by itself.
    Column("next_attempt_at", Int64),
    _number("attempts"),
    _word("path"),  # reserved or final, below the root
    Column("path_key", Blob),
    _word("part"),
    _number("durable"),
    Column("total", Int64),
    Column("etag", Words),
    Column("last_modified", Words),
    _number("resume_failures"),
    Column("media_id", Int64, ForeignKey("media.id")),
    Column("archived_at", Int64),
    _word("family"),
    _word("error"),
    Column("evidence", Blob),
    _word("own_path"),  # the name kept for sidecars while its bytes are another's file
    CheckConstraint(one_of("state", EpisodeState), name="ck_episode_state"),
    CheckConstraint("rank BETWEEN 0 AND 3", name="ck_episode_rank"),
    sqlite_strict=True,
)
Index("ix_episode_feed", episode.c.feed_id)
Index("ix_episode_state", episode.c.state)
Index(
    "ix_episode_due",
    episode.c.rank,
    episode.c.next_attempt_at,
    sqlite_where=episode.c.next_attempt_at.is_not(None),
)
# How long the oldest new episode waits; back-catalogue is not in it.
Index(
    "ix_episode_new",
    episode.c.first_seen_at,
    sqlite_where=and_(
        episode.c.rank == literal_column("0"), episode.c.next_attempt_at.is_not(None)
    ),
)
Index(
    "uq_episode_path",
    episode.c.path_key,
    unique=True,
    sqlite_where=episode.c.path_key.is_not(None),
)
Index("ix_episode_part", episode.c.part, sqlite_where=episode.c.part != "")
Index("ix_episode_media", episode.c.media_id, sqlite_where=episode.c.media_id.is_not(None))

episode_key = Table(
    "episode_key",
    metadata,
    Column("feed_id", Int64, ForeignKey("feed.id"), nullable=False),
    Column("key", Blob, nullable=False),
    Column("episode_id", Int64, ForeignKey("episode.id"), nullable=False),
    Column("reason", Words, nullable=False),
    Column("text", Words),  # NULL for the keys an episode came with: its row says it
    PrimaryKeyConstraint("feed_id", "key"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

episode_note = Table(
    "episode_note",
    metadata,
    Column("episode_id", Int64, ForeignKey("episode.id"), primary_key=True),
    Column("note", Words, nullable=False),  # the rest of the item, one JSON object
    sqlite_strict=True,
)
