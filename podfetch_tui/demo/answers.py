"""What to answer to one request: status, fields and which bytes (RFC 9110 sections 13, 14)."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus

from podfetch_tui.demo.routes import Request, Route, body_size

_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Plan:
    """One answer, decided but not sent."""

    route: Route
    """With the body that is sent: compressed, if it is."""
    status: int
    fields: tuple[tuple[str, str], ...]
    start: int
    stop: int
    """The body bytes ``start`` to ``stop`` are sent."""
    has_body: bool
    """False where the status or the method forbids one."""
    keep: bool
    """Whether the connection goes on afterwards."""


def decide(request: Request, route: Route) -> Plan:
    """Return the answer of ``route`` to ``request``; nothing is sent yet."""
    if _is_unmodified(request, route):
        return _bodiless(route, 304, (*_validators(route), *route.headers))
    fields = [("Content-Type", route.content_type), *_validators(route), *route.headers]
    if route.gzip and isinstance(route.body, bytes):
        fields.append(("Vary", "Accept-Encoding"))
        if "gzip" in request.headers.get("accept-encoding", ""):
            fields.append(("Content-Encoding", "gzip"))
            route = replace(route, body=gzipped(route.body), ranges=False)
    size = body_size(route.body)
    status, start, stop = route.status, 0, size
    if route.ranges and status == 200:
        fields.append(("Accept-Ranges", "bytes"))
        wanted = _wanted_range(request, route, size)
        if wanted is not None and wanted[0] >= wanted[1]:
            fields += [("Content-Range", f"bytes */{size}"), ("Content-Length", "0")]
            return _bodiless(route, 416, tuple(fields))
        if wanted is not None:
            status, (start, stop) = 206, wanted
            told = route.content_range or f"bytes {start}-{stop - 1}/{size}"
            fields.append(("Content-Range", told))
    keep = _frame(route, stop - start, fields)
    if request.method == "HEAD" or status in _BODILESS:
        return _bodiless(route, status, tuple(fields))
    return Plan(route, status, tuple(fields), start, stop, has_body=True, keep=keep)


def _bodiless(route: Route, status: int, fields: tuple[tuple[str, str], ...]) -> Plan:
    return Plan(route, status, fields, 0, 0, has_body=False, keep=not route.drop)


def head(plan: Plan, *, date: str, closing: bool) -> bytes:
    """Return the status line and fields; ``closing`` says ``Connection: close``."""
    try:
        reason = HTTPStatus(plan.status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [f"HTTP/1.1 {plan.status} {reason}"]
    names = {name.lower() for name, _ in plan.fields}
    if "date" not in names:
        lines.append(f"Date: {date}")
    lines += [f"{name}: {value}" for name, value in plan.fields]
    if closing and "connection" not in names:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


@lru_cache(maxsize=64)
def gzipped(body: bytes) -> bytes:
    """Return ``body`` compressed, the same bytes each time."""
    return gzip.compress(body, 6, mtime=0)


def _frame(route: Route, length: int, fields: list[tuple[str, str]]) -> bool:
    """Add the framing field; return whether the connection can go on after the body."""
    endless = route.endless and route.declared_length is None
    if route.framing == "close" or (route.framing == "length" and endless):
        return False
    if route.framing == "length":
        declared = length if route.declared_length is None else route.declared_length
        if route.status not in _BODILESS:
            fields.append(("Content-Length", str(declared)))
        return declared == length and not route.drop
    fields.append(("Transfer-Encoding", "chunked"))
    return route.framing == "chunked" and not route.drop


def _validators(route: Route) -> list[tuple[str, str]]:
    fields = []
    if route.etag is not None:
        fields.append(("ETag", route.etag))
    if route.last_modified is not None:
        fields.append(("Last-Modified", route.last_modified))
    return fields


def _is_unmodified(request: Request, route: Route) -> bool:
    """If-None-Match goes before If-Modified-Since and compares weakly (RFC 9110 13.1.2)."""
    if route.status != 200 or route.ignore_validators or request.method not in ("GET", "HEAD"):
        return False
    asked = request.headers.get("if-none-match")
    if asked is not None:
        known = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        return route.etag is not None and ("*" in known or route.etag.removeprefix("W/") in known)
    since = request.headers.get("if-modified-since")
    if since is None or route.last_modified is None:
        return False
    return since == route.last_modified or not _is_later(route.last_modified, since)


def _is_later(date: str, than: str) -> bool:
    try:
        return parsedate_to_datetime(date) > parsedate_to_datetime(than)
    except (ValueError, TypeError):
        return True  # a date that nobody can read never says "unchanged"


def _wanted_range(request: Request, route: Route, size: int) -> tuple[int, int] | None:
    """Return the one range to send, ``None`` for the whole; empty when it is unsatisfiable."""
    match = _RANGE.match(request.headers.get("range", ""))
    if not match or request.method != "GET" or match[0] == "bytes=-":
        return None
    condition = request.headers.get("if-range")
    if condition is not None and not route.ignore_if_range and not _is_same(condition, route):
        return None
    if not match[1]:
        length = int(match[2])
        return (max(0, size - length), size) if length else (size, size)
    start = int(match[1])
    stop = int(match[2]) + 1 if match[2] else size
    if stop <= start < size:
        return None  # last before first: an invalid range is as good as none
    return start, min(stop, size)


def _is_same(condition: str, route: Route) -> bool:
    """If-Range compares strongly (RFC 9110 13.1.5)."""
    if condition.startswith("W/"):
        return False
    return condition in (route.etag, route.last_modified)
