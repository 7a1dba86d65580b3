"""Reading which files the archive holds, to compare them with the disk."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import bindparam, case, func, literal_column, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.path_keys import path_key
from podfetch_tui.catalog.schema import episode, media
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.episode import EpisodeState

_PAGE = 1000


class ArchivedFile(msgspec.Struct, frozen=True):
    """A file that should be there."""

    episode_id: int
    path: str
    """Below the archive's root."""
    size: int
    sha256: bytes
    kind: str
    """``media``, or the kind of a derivative."""
    settled: bool = True
    """It has to be there as it is; else it is being made or looked at again."""


_PATH = case((episode.c.path != "", episode.c.path), else_=media.c.path)
_MEDIA = Answer(
    lambda: (
        select(episode.c.id, _PATH.label("path"), media.c.bytes, func.hex(media.c.sha256))
        .join_from(episode, media, media.c.id == episode.c.media_id)
        .where(episode.c.state == bindparam("state"), episode.c.id > bindparam("after"))
        .order_by(episode.c.id)
        .limit(_PAGE)
    ),
    tuple[int, str, int, str],
)
_MADE = Answer(
    lambda: (
        select(
            derivative.c.episode_id,
            derivative.c.path,
            derivative.c.bytes,
            func.hex(derivative.c.sha256),
            derivative.c.kind,
            derivative.c.state,
        )
        .join_from(derivative, episode, episode.c.id == derivative.c.episode_id)
        .where(
            derivative.c.path != "",
            episode.c.state == bindparam("state"),
            derivative.c.episode_id > bindparam("after"),
            derivative.c.episode_id <= bindparam("upto"),
        )
        .order_by(derivative.c.episode_id)
    ),
    tuple[int, str, int, str, str, str],
)
_HELD = Answer(
    lambda: select(episode.c.path).where(
        episode.c.path_key == bindparam("key"),
        (episode.c.state == literal_column("'sealed'"))
        | (episode.c.state == literal_column("'archived'")),
    ),
    tuple[str],
)
_HELD_BESIDE = Answer(
    lambda: (
        select(derivative.c.path)
        .join_from(derivative, episode, episode.c.id == derivative.c.episode_id)
        .where(derivative.c.path_key == bindparam("key"), episode.c.state == "archived")
    ),
    tuple[str],
)


def files(catalog: Catalog, state: EpisodeState = EpisodeState.ARCHIVED) -> Iterator[ArchivedFile]:
    """Yield every file of every archived episode, and what was made of it, in order of ids.

    A path may come twice: two episodes with the same bytes may share one file. Each page is
    a read transaction of its own.

    Args:
        catalog: The catalogue.
        state: ``MISSING``: those of missing episodes, as far as they once had a file.

    Raises:
        Failure: The catalogue could not be read.
    """
    after, held = 0, {"state": state.value}
    while True:
        with catalog.reader().snapshot() as cursor:
            page = _MEDIA.rows(cursor, after=after, **held)
            if not page:
                return
            upto = page[-1][0]
            made = _MADE.rows(cursor, after=after, upto=upto, **held)
        for number, path, size, digest in page:
            yield ArchivedFile(number, path, size, bytes.fromhex(digest), "media")
        for number, path, size, digest, kind, stands in made:
            yield ArchivedFile(number, path, size, bytes.fromhex(digest), kind, stands == "done")
        after = upto


def held_like(catalog: Catalog, path: str) -> tuple[str, ...]:
    """Return the paths like ``path`` that a row has a file for, or is about to, as of now.

    A row that is sealed has: its file is published before it is archived.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        key = path_key(path)
        found = _HELD.rows(cursor, key=key) + _HELD_BESIDE.rows(cursor, key=key)
    return tuple(held for (held,) in found)
