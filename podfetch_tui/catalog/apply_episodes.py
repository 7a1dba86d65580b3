"""Writing down the steps of the archive protocol: claim, progress, seal, reserve, archive.

Each changes one episode, in a state the step before left it in; an operator's change meanwhile
(skip, delete) ends the run with ``STOPPED``.
"""

from __future__ import annotations

from sqlalchemy import bindparam, case, insert, null, select, update

from podfetch_tui.catalog import apply_derivatives
from podfetch_tui.catalog.changes import Changes, EpisodeFacts
from podfetch_tui.catalog.path_keys import free_path, is_like
from podfetch_tui.catalog.schema import episode, media
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.catalog.types import finite, fits
from podfetch_tui.model.derivatives import LENGTH
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.media import NO_LENGTH, Validity
from podfetch_tui.model.writes import Archive, Claim, Progress, Reserve, Reserved, Seal, Sealed

NO_PART = {
    "part": "",
    "durable": 0,
    "total": null(),
    "etag": null(),
    "last_modified": null(),
    "resume_failures": 0,
}
"""What a row says that has no part file."""
_NO_TROUBLE = {"family": "", "error": "", "evidence": null()}

_ASK_AGAIN_MS = 12 * 3600 * 1000
"""Until the host of a file without a declared length is asked for it again."""

_THIS = episode.c.id == bindparam("row")
_CLAIM = Statement(
    lambda: (
        update(episode)
        .where(_THIS)
        .values(
            state="claimed",
            next_attempt_at=null(),
            # A claim that nothing ended is still the same attempt.
            attempts=episode.c.attempts + case((episode.c.state == "claimed", 0), else_=1),
            own_path="",
        )
    ),
    ("path", "path_key", "rank"),
)
_NEW_PART = Statement(
    lambda: update(episode).where(_THIS).values({**NO_PART, "part": bindparam("new_part")})
)
_PROGRESS = Statement(
    lambda: update(episode).where(
        _THIS,
        # A run that ends because its episode was skipped says how far it came.
        (episode.c.state == "claimed") | ((episode.c.state == "skipped") & (episode.c.part != "")),
    ),
    ("durable", "total", "etag", "last_modified", "resume_failures"),
)
_PATH = Statement(lambda: update(episode).where(_THIS), ("path", "path_key"))
_SEAL = Statement(
    lambda: update(episode).where(_THIS).values(state="sealed", next_attempt_at=null()),
    ("path", "path_key", "media_id", "durable", "total"),
)
_ARCHIVE = Statement(
    lambda: (
        update(episode)
        .where(_THIS)
        .values({**NO_PART, **_NO_TROUBLE, "state": "archived", "next_attempt_at": null()})
    ),
    ("path", "path_key", "own_path", "archived_at"),
)
_SAME_BYTES = Statement(
    lambda: select(media.c.id, media.c.path, media.c.published_at, media.c.validity).where(
        media.c.sha256 == bindparam("sha256")
    )
)
_SEALED_TOO = Statement(
    lambda: (
        select(episode.c.path)
        .where(
            episode.c.media_id == bindparam("media"),
            episode.c.state == "sealed",
            episode.c.id != bindparam("row"),
        )
        .limit(1)
    )
)
_MEDIA = Statement(
    lambda: select(
        media.c.bytes, media.c.path, media.c.published_at, media.c.validity, media.c.problem
    ).where(media.c.id == bindparam("row"))
)
_FACTS = (
    "bytes",
    "media_type",
    "container",
    "codec",
    "duration_s",
    "bit_rate",
    "sample_rate",
    "channels",
    "video",
    "validity",
    "problem",
    "sealed_at",
)
_NEW_MEDIA = Statement(lambda: insert(media), ("id", "sha256", *_FACTS))
_JUDGE = Statement(lambda: update(media).where(media.c.id == bindparam("row")), _FACTS)
_PUBLISH = Statement(
    lambda: update(media).where(media.c.id == bindparam("row")), ("path", "published_at")
)

_CLAIMABLE = (
    EpisodeState.PENDING,
    EpisodeState.CLAIMED,
    EpisodeState.SEALED,  # its bytes were not found: it is fetched again
    EpisodeState.FAILED,
    EpisodeState.GONE,
)
_GIVEN_UP = (EpisodeState.FAILED, EpisodeState.GONE)
_IN_FLIGHT = (EpisodeState.CLAIMED, EpisodeState.SEALED)


def claim(changes: Changes, write: Claim) -> Reserved:
    """P0: reserve a path and name the part; a part of the same name is kept for a resume."""
    row = changes.episode(write.episode_id)
    _expect(row, _CLAIMABLE)
    if write.queued and row.state not in _IN_FLIGHT:
        _expect_active(changes, row.feed_id)
    path, key = row.path, row.path_key
    if key is None or not is_like(path, write.path, seed=row.id):
        path, key = _free(changes, row, write.path)
    # What did not wait was not held with its feed; from now on its rank follows the feed.
    rank = changes.rank(row) if row.state in _GIVEN_UP else row.rank
    _CLAIM.run(changes.cursor, row=row.id, path=path, path_key=key, rank=rank)
    if row.part != write.part or row.state is EpisodeState.SEALED:
        _NEW_PART.run(changes.cursor, row=row.id, new_part=write.part)
    changes.move(row.feed_id, row.state, EpisodeState.CLAIMED)
    return Reserved(path, row.enclosure_url)


def progress(changes: Changes, write: Progress) -> None:
    """P2: remember how much of the part is on the disk."""
    cursor = _PROGRESS.run(
        changes.cursor,
        row=write.episode_id,
        durable=write.durable,
        total=fits(write.total),
        etag=write.validators.etag,
        last_modified=write.validators.last_modified,
        resume_failures=write.resume_failures,
    )
    if not cursor.rowcount:
        _expect(changes.episode(write.episode_id), (EpisodeState.CLAIMED,))


def seal(changes: Changes, write: Seal) -> Sealed:
    """P5: tie the checked bytes to the episode, under the final name.

    The receipt names a file with the same bytes: one that is published, or one that another
    run, which sealed them first, is about to publish.
    """
    row = changes.episode(write.episode_id)
    _expect(row, _IN_FLIGHT)
    path, key = row.path, row.path_key
    if key is None or not is_like(path, write.path, seed=row.id):
        path, key = _free(changes, row, write.path)
    media_id, existing = _keep_media(changes, write)
    if existing is None:
        other = _SEALED_TOO.first(changes.cursor, media=media_id, row=row.id)
        existing = other[0] if other is not None else None
    _SEAL.run(
        changes.cursor,
        row=row.id,
        path=path,
        path_key=key,
        media_id=media_id,
        durable=write.size,
        total=write.size,
    )
    changes.move(row.feed_id, row.state, EpisodeState.SEALED)
    return Sealed(path=path, existing=existing, media_id=media_id)


def _keep_media(changes: Changes, write: Seal) -> tuple[int, str | None]:
    """Return the row of the bytes and where a published file already holds them."""
    found = _SAME_BYTES.first(changes.cursor, sha256=write.sha256)
    info = write.info
    facts = {
        "bytes": write.size,
        "media_type": write.media_type,
        "container": info.container,
        "codec": info.codec,
        "duration_s": finite(info.duration_s),
        "bit_rate": fits(info.bit_rate),
        "sample_rate": fits(info.sample_rate),
        "channels": fits(info.channels),
        "video": int(info.video),
        "validity": write.validity.value,
        "problem": info.problem,
        "sealed_at": write.at,
    }
    if found is None:
        number = changes.ids.media
        changes.ids.media += 1
        _NEW_MEDIA.run(changes.cursor, id=number, sha256=write.sha256, **facts)
        return number, None
    number, path, published_at, validity = found
    if published_at is None or validity == Validity.UNVERIFIED.value:
        _JUDGE.run(changes.cursor, row=number, **facts)
    return number, path if published_at is not None else None


def reserve(changes: Changes, write: Reserve) -> Reserved:
    """P6: the reserved name is taken on the disk by a stranger; reserve the next one."""
    row = changes.episode(write.episode_id)
    _expect(row, _IN_FLIGHT)
    path, key = _free(changes, row, write.path, after=row.path_key)
    _PATH.run(changes.cursor, row=row.id, path=path, path_key=key)
    return Reserved(path)


def archive(changes: Changes, write: Archive) -> None:
    """P7, the commit point: the file is published, the episode is archived."""
    row = changes.episode(write.episode_id)
    _expect(row, (EpisodeState.SEALED,))
    if row.media_id is None:
        raise Failure(Kind.BUG, f"episode {row.id} is sealed without its media")
    size, path, published_at, *said = _MEDIA.first(changes.cursor, row=row.media_id)
    if published_at is None:
        path = write.media_path
        _PUBLISH.run(changes.cursor, row=row.media_id, path=path, published_at=write.at)
        changes.count_media(1, size)
    is_own = write.media_path == row.path
    _ARCHIVE.run(
        changes.cursor,
        row=row.id,
        path=row.path if is_own else "",
        path_key=row.path_key,
        own_path="" if is_own else row.path,
        archived_at=write.at,
    )
    changes.move(row.feed_id, row.state, EpisodeState.ARCHIVED)
    changes.count_bytes(row.feed_id, size)
    for kind in write.derivatives:
        apply_derivatives.make_due(changes, row.id, kind, write.at)
    if said == [Validity.UNVERIFIED.value, NO_LENGTH]:
        apply_derivatives.make_due(changes, row.id, LENGTH, write.at + _ASK_AGAIN_MS)
    changes.outcome(write.outcome)


def _expect(row: EpisodeFacts, states: tuple[EpisodeState, ...]) -> None:
    if row.state not in states:
        raise Failure(Kind.STOPPED, f"episode {row.id} is {row.state.value} by now")


def _expect_active(changes: Changes, feed_id: int) -> None:
    state = changes.feed(feed_id).state
    if state != FeedState.ACTIVE.value:
        raise Failure(Kind.STOPPED, f"feed {feed_id} is {state} by now")


def _free(
    changes: Changes, row: EpisodeFacts, wanted: str, *, after: bytes | None = None
) -> tuple[str, bytes]:
    return free_path(
        wanted, seed=row.id, taken=lambda keys: changes.taken_paths(keys, row.id), after=after
    )
