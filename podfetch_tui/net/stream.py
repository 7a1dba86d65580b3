"""A media body on its way, and whether it may be resumed.

Decides whether an answer fits what was asked for and hands its bytes out in large pieces.
It never mixes versions: an answer to a range request is taken only when unit, start, total
and validators all fit (RFC 9110 14.4, 15.3.7); anything else is a failure that makes the
caller start again at 0. Writes nothing to disk.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType

import msgspec

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.text import clean, redact
from podfetch_tui.net.bandwidth import Bandwidth
from podfetch_tui.net.decode import too_large
from podfetch_tui.net.exchange import Answer
from podfetch_tui.net.headers import (
    cleaned,
    content_codings,
    content_range,
    http_date,
    is_settled,
    is_strong,
    validators,
)
from podfetch_tui.net.redirects import Trail

PIECE = 256 * 1024
"""Largest piece of a body that is handed out at once."""
_FILL_S = 0.5
_RATE_WINDOW_S = 60.0
_MIN_DEADLINE_S = 30 * 60.0
_MAX_DEADLINE_S = 12 * 3600.0
_DEADLINE_RATE = 32 * 1024


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    """What is on disk of a body whose rest is wanted."""

    offset: int
    """First byte wanted."""
    total: int | None
    """Size of the whole body when its first bytes were stored."""
    validators: Validators
    """Validators it was stored under."""

    @property
    def if_range(self) -> str | None:
        """The validator that makes a range request safe; ``None``: start again at 0."""
        if self.offset <= 0 or self.total is None or self.offset >= self.total:
            return None
        if is_strong(self.validators.etag):
            return self.validators.etag
        modified = self.validators.last_modified
        # An entity tag that is weak says that bytes may differ; a date would not know.
        return modified if self.validators.etag is None and http_date(modified) else None


class RateFloor:
    """Watches that a transfer is not slower than a floor over any window of time.

    It is told only of time spent reading, so that a slow disk or a bandwidth cap on our
    side is not laid at the host's door.
    """

    def __init__(self, rate: int, *, window: float = _RATE_WINDOW_S) -> None:
        """Set the floor.

        Args:
            rate: Bytes per second; 0 for no floor.
            window: Seconds over which it must hold, give or take a sixtieth.
        """
        self.rate = rate
        self._window = window
        self._bins: deque[list[float]] = deque([[0.0, 0.0]])
        self._seconds = 0.0
        self._bytes = 0.0

    @property
    def remembered(self) -> int:
        """How many pieces of the window are kept apart; bounded."""
        return len(self._bins)

    def is_broken(self, seconds: float, count: int) -> bool:
        """Take note of ``count`` bytes read in ``seconds``; return whether that is too slow."""
        last = self._bins[-1]
        if last[0] * 60 > self._window:
            last = [0.0, 0.0]
            self._bins.append(last)
        last[0] += seconds
        last[1] += count
        self._seconds += seconds
        self._bytes += count
        while self._seconds - self._bins[0][0] >= self._window:
            old_seconds, old_bytes = self._bins.popleft()
            self._seconds -= old_seconds
            self._bytes -= old_bytes
        return self._seconds >= self._window and self._bytes < self.rate * self._seconds


class MediaStream:
    """A media body that is being received; a context manager that closes its connection."""

    def __init__(
        self,
        answer: Answer,
        trail: Trail,
        *,
        resume: Resume | None,
        media_max: int,
        min_rate: int,
        cap: Bandwidth,
    ) -> None:
        """Judge the head of the answer.

        Raises:
            Failure: RANGE_MISMATCH, BLOCKED_ENCODING, TOO_LARGE or PROTOCOL.
        """
        fields = answer.fields
        codings = content_codings(fields)
        if codings:
            raise Failure(
                Kind.BLOCKED_ENCODING,
                f"the host encoded the file as {clean(', '.join(codings), 60)}",
            )
        self.status: int = answer.status
        """200, or 206 when the body begins at ``start``."""
        self.start = 0
        """Offset of the first byte in the whole file; 0 when the host ignored the range."""
        self.total: int | None = answer.length
        """Size of the whole file in bytes; ``None`` when the host does not say."""
        self._end = self.total
        if self.status == 206:
            self.start, self.total, self._end = _checked_range(answer, resume)
        if self.total is not None and self.total > media_max:
            raise too_large(media_max)
        self.validators = validators(fields)
        """To be stored with the bytes, for a later :class:`Resume`."""
        self.resumable = _is_resumable(answer, self.total)
        """Whether the rest may be asked for by range after a break."""
        self.content_type = cleaned(fields, "content-type")
        """The raw field, cleaned; may be empty or wrong."""
        self.final_url = trail.target.url
        """Where the bytes come from, without userinfo."""
        self.host = trail.target.host
        """The host the bytes come from."""
        self.hops = trail.hops
        """(status, URL it led to) of every redirect."""
        self._answer = answer
        self._media_max = media_max
        self.floor = RateFloor(min_rate)
        """Ends the transfer when it is slower than ``min_rate`` for a minute."""
        self._cap = cap
        self._position = self.start
        answer.watch.restart(self._deadline())

    def chunks(self) -> Iterator[memoryview]:
        """Yield the body in pieces of up to 256 KiB; each is valid until the next is asked.

        A piece is handed out when it is full, when half a second passed, or at the end.

        Raises:
            Failure: SHORT_BODY, READ_TIMEOUT, RESET, TOO_SLOW, TOO_LARGE, PROTOCOL,
                DEADLINE or STOPPED; whatever was received before has been yielded.
        """
        buffer = memoryview(bytearray(PIECE))
        answer = self._answer
        while True:
            filled, failure = self._fill(buffer)
            if filled:
                self._position += filled
                if self._position > self._media_max:
                    self.close()
                    raise self._about(too_large(self._media_max))
                if self._end is not None and self._position > self._end:
                    self.close()
                    raise self._about(_mismatch("more came than the range holds"))
                yield buffer[:filled]
            if failure is not None:
                self.close()
                raise self._about(failure)
            if not filled:
                break
        answer.finish()
        answer.watch.end()
        # Without a Content-Length a part ends with its connection, wherever that is.
        if self.total is not None and self._position < self.total:
            short = Failure(Kind.SHORT_BODY, "the host sent a part of what was asked for")
            raise self._about(short)

    def close(self) -> None:
        """Close the connection unless the body was read to its end."""
        self._answer.discard()
        self._answer.watch.end()

    def __enter__(self) -> MediaStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _fill(self, buffer: memoryview) -> tuple[int, Failure | None]:
        """Read until the buffer is full, time is up, or the body ends or fails."""
        filled = 0
        began = before = time.monotonic()
        while filled < PIECE:
            try:
                self._answer.watch.check()
                window = buffer[filled : filled + self._cap.piece(PIECE)]
                count = self._answer.readinto(window)
            except Failure as failure:
                return filled, failure
            if not count:
                break
            filled += count
            now = time.monotonic()
            if self.floor.is_broken(now - before, count):
                return filled, Failure(Kind.TOO_SLOW, "the host sends too slowly")
            before = now = self._paid(count, now)
            if now - began > _FILL_S:
                break
        return filled, None

    def _paid(self, count: int, now: float) -> float:
        """Wait for the cap; the host is not charged for that. Return the time after it."""
        if not self._cap.rate:
            return now
        watch = self._answer.watch
        self._cap.pay(count, watch.stop)
        after = time.monotonic()
        watch.deadline += after - now
        return after

    def _about(self, failure: Failure) -> Failure:
        failure.url = redact(self.final_url)
        return failure

    def _deadline(self) -> float:
        """Seconds for the whole body; the rate floor ends what is slower than it should be."""
        if self._end is None:
            return _MAX_DEADLINE_S
        needed = (self._end - self.start) / _DEADLINE_RATE
        return min(_MAX_DEADLINE_S, max(_MIN_DEADLINE_S, needed))


def _checked_range(answer: Answer, resume: Resume | None) -> tuple[int, int, int]:
    """Return (start, total, end) of a 206 answer that fits what is on disk."""
    fields = answer.fields
    if resume is None or resume.if_range is None:
        raise Failure(Kind.PROTOCOL, "a part was sent, but the whole was asked for", status=206)
    if fields.get("content-type", "").lower().startswith("multipart/"):
        raise _mismatch("the host sent several ranges")
    found = content_range(fields)
    if found is None:
        raise _mismatch(f"no usable Content-Range: {clean(fields.get('content-range', ''), 80)}")
    first, last, total = found
    if first != resume.offset:
        raise _mismatch(f"the range begins at {first}, not at {resume.offset}")
    if total != resume.total or total is None:
        raise _mismatch(f"the file has {total} bytes now, not {resume.total}")
    if answer.length is not None and answer.length != last - first + 1:
        raise _mismatch("Content-Length and Content-Range differ")
    sent, stored = validators(fields), resume.validators
    if sent.etag is not None and sent.etag != stored.etag:
        raise _mismatch("the entity tag changed")
    dated = stored.etag is None and sent.last_modified is not None
    if dated and sent.last_modified != stored.last_modified:
        raise _mismatch("Last-Modified changed")
    return first, total, last + 1


def _is_resumable(answer: Answer, total: int | None) -> bool:
    if total is None or answer.fields.get("accept-ranges", "").strip().lower() == "none":
        return False
    etag = answer.fields.get("etag")
    return is_strong(etag) if etag else is_settled(answer.fields)


def _mismatch(detail: str) -> Failure:
    return Failure(Kind.RANGE_MISMATCH, detail, status=206)
