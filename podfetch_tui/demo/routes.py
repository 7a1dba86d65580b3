"""What the podcast host answers, as values; misbehaviour included."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol, Union


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    address: str
    """The address or name it was sent to, without the port."""
    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    """Field names in lower case."""
    count: int
    """How many times this path was asked before, on this address."""
    body: bytes = b""


class Sliced(Protocol):
    """A body made on demand, so that large ones cost no memory."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` to ``stop``, which is cut to the size."""
        ...


Body = Union[bytes, Sliced]
Answer = Callable[[Request], "Route"]
"""Makes the route for one request. Runs in the host's only thread: it must be quick."""

FRAMINGS = ("length", "chunked", "close", "broken_chunks", "unfinished_chunks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One answer. The defaults are those of a host that behaves.

    Positions (``cut_at``, ``hang_at``, ``reset_at``) count body bytes of the answer at hand,
    so those of a range count from the start of the range.
    """

    body: Body = b""
    status: int = 200
    content_type: str = "application/octet-stream"
    etag: str | None = None
    """Sent as it stands, quotes included, and answered with 304 when it matches."""
    last_modified: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    ranges: bool = True
    """Answers ``Range`` with 206; else ignores it."""
    ignore_if_range: bool = False
    """Serves a range whatever ``If-Range`` says: a host that lies about its validators."""
    ignore_validators: bool = False
    """Never answers 304."""
    content_range: str | None = None
    """A wrong ``Content-Range`` to send."""
    declared_length: int | None = None
    """A ``Content-Length`` that is a lie; the connection ends after the body."""
    framing: str = "length"
    """``length``, ``chunked``, ``close`` (no length at all), ``broken_chunks`` (a chunk size
    that is no number) or ``unfinished_chunks`` (the last chunk never comes)."""
    gzip: bool = False
    """Compress for those who accept it; for bodies of bytes."""
    delay: float = 0.0
    """Seconds before the answer begins."""
    drip: tuple[int, float] | None = None
    """Send so many bytes, then wait so many seconds, and so on."""
    drip_headers: float | None = None
    """Send the header a byte at a time, waiting so many seconds between."""
    rate: int | None = None
    """Bytes a second."""
    hang_before: bool = False
    """Accept the request and say nothing."""
    hang_at: int | None = None
    """Stop after so many body bytes and keep the connection open."""
    reset_before: bool = False
    """Reset the connection instead of answering."""
    reset_at: int | None = None
    """Reset the connection after so many body bytes; the client gets all of these."""
    cut_at: int | None = None
    """Close the connection in order after so many body bytes."""
    drop: bool = False
    """Close the connection after the answer without having said so."""
    endless: bool = False
    """Repeat the body for ever; without a length unless ``declared_length`` gives one."""

    def __post_init__(self) -> None:
        if self.framing not in FRAMINGS:
            raise ValueError(f"framing must be one of {', '.join(FRAMINGS)}, not {self.framing}")
        if self.drip is not None and self.drip[0] < 1:
            raise ValueError("a drip has at least one byte")
        if self.endless and not body_size(self.body):
            raise ValueError("an endless body repeats at least one byte")

    @property
    def misbehaves(self) -> bool:
        """Whether the body must be sent in measured pieces."""
        limits = (self.drip, self.rate, self.hang_at, self.reset_at, self.cut_at)
        return self.endless or any(limit is not None for limit in limits)


def body_size(body: Body) -> int:
    """Return how many bytes a body has."""
    return len(body) if isinstance(body, bytes) else body.size


@dataclass(frozen=True, slots=True)
class Served:
    """One request whose answer ended, for the log."""

    address: str
    method: str
    path: str
    status: int
    sent: int
    """Body bytes handed to the connection."""
    headers: dict[str, str]
    at: float
    """When it arrived: monotonic seconds."""
    body: bytes = b""
    """What the client sent along."""

    @property
    def range(self) -> str | None:
        """``Range`` as asked."""
        return self.headers.get("range")

    @property
    def if_range(self) -> str | None:
        """``If-Range`` as asked."""
        return self.headers.get("if-range")

    @property
    def if_none_match(self) -> str | None:
        """``If-None-Match`` as asked."""
        return self.headers.get("if-none-match")

    @property
    def user_agent(self) -> str:
        """``User-Agent``; empty when there was none."""
        return self.headers.get("user-agent", "")


@dataclass(slots=True)
class Table:
    """Routes by path; ``(address, path)`` goes before ``path`` alone.

    A path is tried with its query first, then without. Routes may be changed while the host
    serves.
    """

    routes: dict[str, Route | Answer] = field(default_factory=dict)
    by_address: dict[tuple[str, str], Route | Answer] = field(default_factory=dict)
    fallback: Answer | None = None
    """Asked for what no route has."""

    def find(self, request: Request) -> Route:
        """Return the answer to ``request``, 404 when there is none."""
        found = self._look_up(request.address, request.path)
        if found is None and "?" in request.path:
            found = self._look_up(request.address, request.path.partition("?")[0])
        if found is None:
            found = self.fallback
        if found is None:
            return Route(status=404, body=b"not here", content_type="text/plain")
        return found if isinstance(found, Route) else found(request)

    def _look_up(self, address: str, path: str) -> Route | Answer | None:
        if self.by_address:
            found = self.by_address.get((address, path))
            if found is not None:
                return found
        return self.routes.get(path)


def redirect(location: str, status: int = 301) -> Route:
    """Return an answer that sends the client elsewhere."""
    return Route(status=status, headers=(("Location", location),))


def failing_first(times: int, failure: Route, then: Route) -> Answer:
    """Return an answer that fails so many times before it succeeds."""
    return lambda request: failure if request.count < times else then


def in_turn(*routes: Route) -> Answer:
    """Return an answer that is another one at each request; the last one stays."""
    return lambda request: routes[min(request.count, len(routes) - 1)]


def web_page(text: str = "Please log in", *, content_type: str = "text/html") -> Route:
    """Return what a login wall or an error page with status 200 looks like."""
    page = f"<!DOCTYPE html><html><head><title>{text}</title></head><body>{text}</body></html>"
    return Route(body=page.encode(), content_type=content_type)


def too_many_requests(retry_after: float | str) -> Route:
    """Return 429 with ``Retry-After`` in seconds, or as the date given."""
    told = retry_after if isinstance(retry_after, str) else f"{retry_after:g}"
    return Route(status=429, headers=(("Retry-After", told),), body=b"slow down")


def changing(bodies: Callable[[int], Body], route: Route, *, honest: bool = True) -> Answer:
    """Return an answer whose bytes are others at each request, as with inserted advertisements.

    Args:
        bodies: Makes the body of request number 0, 1, 2 …
        route: Everything else; needs an ETag.
        honest: Each body has an ETag of its own; else all have that of ``route``.
    """

    def answer(request: Request) -> Route:
        etag = route.etag
        if honest and etag is not None:
            etag = f'{etag.rstrip(chr(34))}-{request.count}"'
        return replace(route, body=bodies(request.count), etag=etag)

    return answer


def bomb(size: int, *, start: bytes = b"<rss><channel><title>") -> Route:
    """Return a small gzip body that becomes ``size`` bytes when it is unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(start)]
    blanks = b" " * (1 << 20)
    for _ in range(size // len(blanks)):
        parts.append(packer.compress(blanks))
    parts.append(packer.compress(b" " * (size % len(blanks))))
    parts.append(packer.flush())
    return Route(
        body=b"".join(parts),
        content_type="application/rss+xml",
        headers=(("Content-Encoding", "gzip"),),
        ranges=False,
    )
