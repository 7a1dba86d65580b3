"""What the podcast host answers, as values; misbehaviour included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Union

from podfetch_tui.demo.audio import Media


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    address: str
    method: str
    path: str
    headers: dict[str, str]
    """Field names in lower case."""
    count: int
    """How many times this path was asked before, on this address."""


Body = Union[bytes, Media]
Answer = Callable[[Request], "Route"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One answer. The defaults are those of a host that behaves."""

    body: Body = b""
    status: int = 200
    content_type: str = "application/octet-stream"
    etag: str | None = None
    """Sent, and answered with 304 when it matches."""
    last_modified: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    ranges: bool = True
    """Answers ``Range`` with 206; else ignores it."""
    ignore_if_range: bool = False
    """Serves a range whatever ``If-Range`` says: a host that lies about its validators."""
    content_range: str | None = None
    """A wrong ``Content-Range`` to send."""
    declared_length: int | None = None
    """A ``Content-Length`` that is a lie."""
    framing: str = "length"
    """``length``, ``chunked``, ``close`` (no length at all) or ``broken_chunks``."""
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
    reset_at: int | None = None
    """Reset the connection after so many body bytes."""
    endless: bool = False
    """Repeat the body for ever."""


@dataclass(slots=True)
class Table:
    """Routes by path; ``(address, path)`` goes before ``path`` alone."""

    routes: dict[str, Route | Answer] = field(default_factory=dict)
    by_address: dict[tuple[str, str], Route | Answer] = field(default_factory=dict)
    fallback: Answer | None = None
    """Asked for what no route has."""

    def find(self, request: Request) -> Route:
        """Return the answer to ``request``, 404 when there is none."""
        path = request.path
        found = self.by_address.get((request.address, path)) or self.routes.get(path)
        if found is None and self.fallback is not None:
            found = self.fallback
        if found is None:
            return Route(status=404, body=b"not here", content_type="text/plain")
        return found if isinstance(found, Route) else found(request)


def redirect(location: str, status: int = 301) -> Route:
    """Return an answer that sends the client elsewhere."""
    return Route(status=status, headers=(("Location", location),))


def failing_first(times: int, failure: Route, then: Route) -> Answer:
    """Return an answer that fails so many times before it succeeds."""
    return lambda request: failure if request.count < times else then
