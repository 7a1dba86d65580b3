"""A feed's answer, read whole under its caps and turned into a result.

Takes an answer that is 200 or 304; does not ask, follow or judge.
"""

from __future__ import annotations

import logging

import msgspec

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.text import clean, redact
from podfetch_tui.net.decode import BodyDecoder, too_large
from podfetch_tui.net.exchange import Answer
from podfetch_tui.net.headers import cleaned, content_codings, max_age, retry_after, validators
from podfetch_tui.net.redirects import Trail

logger = logging.getLogger(__name__)

_STEP = 64 * 1024
_WHOLE = 1024 * 1024
"""A body of known length up to this size is read in one go, without a copy."""
_GZIP_LABELS = frozenset(("gzip", "x-gzip"))


class FetchResult(msgspec.Struct, frozen=True, kw_only=True):
    """A feed document, or the word that it did not change."""

    status: int
    """200 or 304."""
    body: bytes
    """The decoded document; empty for 304."""
    validators: Validators
    """For the next conditional GET; what a 304 leaves out stays as it was."""
    content_type: str
    """The raw field, cleaned; may be empty or wrong."""
    content_location: str
    """The raw field, cleaned; usually empty."""
    final_url: str
    """Where the answer came from, without userinfo: the base of relative URLs."""
    permanent_url: str | None
    """The URL to ask from now on, when every redirect was permanent."""
    hops: tuple[tuple[int, str], ...]
    """(status, URL it led to) of every redirect."""
    wire_bytes: int
    """Bytes of the body on the wire, before decoding."""
    max_age_s: int | None
    """``Cache-Control: max-age``."""
    retry_after: float | None
    """Seconds the host asks us to stay away, unclamped."""


def receive(
    answer: Answer,
    trail: Trail,
    *,
    known: Validators,
    limit: int,
    now_ms: int,
    may_move: bool = True,
) -> FetchResult:
    """Read the body of a 200, or take a 304, and return the result.

    Args:
        answer: 200 or 304, its body unread.
        trail: The redirects that led here.
        known: The validators that were sent.
        limit: Largest body in bytes, on the wire and decoded.
        now_ms: The wall time, for a ``Retry-After`` date.
        may_move: The feed would have all it needs under another URL too.

    Raises:
        Failure: PROTOCOL, BLOCKED_ENCODING, TOO_LARGE, BOMB, DECODE, SHORT_BODY, or what
            broke the transfer.
    """
    fields, body, wire_bytes = answer.fields, b"", 0
    changed = answer.status == 200
    if changed:
        body, wire_bytes = _read(answer, limit)
    elif known.etag or known.last_modified:
        answer.finish()
    else:
        raise Failure(Kind.PROTOCOL, "304 to a request that was not conditional", status=304)
    if trail.downgraded:
        logger.info("redirected from https to http", extra={"url": redact(trail.target.url)})
    return FetchResult(
        status=answer.status,
        body=body,
        validators=validators(fields, known=None if changed else known),
        content_type=cleaned(fields, "content-type"),
        content_location=cleaned(fields, "content-location"),
        final_url=trail.target.url,
        permanent_url=trail.permanent_url if may_move else None,
        hops=trail.hops,
        wire_bytes=wire_bytes,
        max_age_s=max_age(fields),
        retry_after=retry_after(fields.get("retry-after"), now_ms=now_ms),
    )


def _read(answer: Answer, limit: int) -> tuple[bytes, int]:
    """Return (decoded body, bytes on the wire)."""
    unknown = [label for label in content_codings(answer.fields) if label not in _GZIP_LABELS]
    if unknown:
        raise Failure(
            Kind.BLOCKED_ENCODING, f"the host encoded the feed as {clean(unknown[0], 60)}"
        )
    if answer.length is not None and answer.length > limit:
        raise too_large(limit)
    decoder = BodyDecoder(limit)
    size = _STEP if answer.length is None else _WHOLE
    while data := answer.read(size):
        decoder.push(data)
    answer.finish()
    return decoder.finish(), decoder.wire_bytes
