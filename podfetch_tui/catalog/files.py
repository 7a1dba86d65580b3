"""Which files the catalogue says there are, for verification."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import bindparam, func, literal_column, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import episode, media
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.statements import Answer

_PAGE = 1000


class KnownFile(msgspec.Struct, frozen=True, array_like=True):
    """One file of the archive as its rows promise it."""

    episode_id: int
    kind: str
    """``media``, or the kind of derivative."""
    path: str
    """Below the root."""
    size: int
    digest: str
    """SHA-256 in hexadecimal."""

    @property
    def sha256(self) -> bytes:
        """The digest as bytes."""
        return bytes.fromhex(self.digest)


_MEDIA = Answer(
    lambda: (
        select(
            episode.c.id,
            literal_column("'media'").label("kind"),
            func.coalesce(func.nullif(episode.c.path, ""), media.c.path).label("path"),
            media.c.bytes,
            func.hex(media.c.sha256).label("digest"),
        )
        .join(media, media.c.id == episode.c.media_id)
        .where(episode.c.state == "archived", episode.c.id > bindparam("after"))
        .order_by(episode.c.id)
        .limit(_PAGE)
    ),
    KnownFile,
)
_DERIVED = Answer(
    lambda: (
        select(
            derivative.c.episode_id,
            derivative.c.kind,
            derivative.c.path,
            derivative.c.bytes,
            func.hex(derivative.c.sha256).label("digest"),
        )
        .where(derivative.c.state == "done", derivative.c.episode_id > bindparam("after"))
        .order_by(derivative.c.episode_id)
        .limit(_PAGE)
    ),
    KnownFile,
)


def files(catalog: Catalog) -> Iterator[KnownFile]:
    """Yield every media file and every derivative; a file with two names comes twice.

    Raises:
        Failure: The catalogue could not be read.
    """
    for answer in (_MEDIA, _DERIVED):
        after = 0
        while True:
            with catalog.reader().cursor() as cursor:
                page = answer.rows(cursor, after=after)
            yield from page
            if len(page) < _PAGE:
                break
            after = page[-1].episode_id
