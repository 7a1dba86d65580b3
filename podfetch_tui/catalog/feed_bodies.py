"""Reading the document of a feed as it came at its last poll that changed something."""

from __future__ import annotations

import zlib

import msgspec
from sqlalchemy import bindparam, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed_body
from podfetch_tui.catalog.statements import Statement

_BODY = Statement(
    lambda: select(
        feed_body.c.at, feed_body.c.sha256, feed_body.c.content_type, feed_body.c.body
    ).where(feed_body.c.feed_id == bindparam("feed"))
)


class KeptBody(msgspec.Struct, frozen=True):
    """A feed's document."""

    at: int
    """When it was fetched, UTC milliseconds."""
    sha256: bytes
    content_type: str
    """As the host said; may be empty or wrong."""
    body: bytes
    """As it was parsed: any compression of the transfer is off."""


def feed_body_of(catalog: Catalog, feed_id: int) -> KeptBody | None:
    """Return the document kept of a feed, or ``None`` before its first good poll.

    Raises:
        Failure: The catalogue could not be read.
        zlib.error: The kept copy is damaged.
    """
    with catalog.reader().cursor() as cursor:
        found = _BODY.first(cursor, feed=feed_id)
    if found is None:
        return None
    at, digest, content_type, packed = found
    return KeptBody(at, digest, content_type, zlib.decompress(packed))
