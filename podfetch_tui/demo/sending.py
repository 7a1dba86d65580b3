"""How the podcast host puts an answer on the wire, truthfully or not."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator

from podfetch_tui.demo.routes import Request, Route

_PIECE = 262144
_REASONS = {200: "OK", 206: "Partial Content", 304: "Not Modified", 404: "Not Found"}
_RANGE = re.compile(r"bytes=(\d+)-(\d*)\Z")


class Hangup(Exception):
    """The connection is to be reset."""


def send(
    connection: socket.socket, request: Request, route: Route, closing: threading.Event
) -> tuple[int, int, bool]:
    """Send ``route`` as the answer to ``request``.

    Returns:
        The status, how many body bytes were sent, and whether the connection can go on.

    Raises:
        Hangup: The route asks for a reset.
        OSError: The client went away.
    """
    if route.hang_before:
        closing.wait()
        return route.status, 0, False
    if _is_unmodified(request, route):
        _send_head(connection, route, 304, _validators(route), closing)
        return 304, 0, True
    size = len(route.body) if isinstance(route.body, bytes) else route.body.size
    status, start, stop = route.status, 0, size
    fields = [("Content-Type", route.content_type), *_validators(route), *route.headers]
    wanted = _range(request, route, size)
    if wanted is not None:
        start, stop = wanted
        if start >= size:
            fields.append(("Content-Range", f"bytes */{size}"))
            _send_head(connection, route, 416, [*fields, ("Content-Length", "0")], closing)
            return 416, 0, True
        status = 206
        fields.append(("Content-Range", route.content_range or f"bytes {start}-{stop - 1}/{size}"))
    if route.framing == "length":
        declared = stop - start if route.declared_length is None else route.declared_length
        fields.append(("Content-Length", str(declared)))
    elif route.framing in ("chunked", "broken_chunks"):
        fields.append(("Transfer-Encoding", "chunked"))
    else:
        fields.append(("Connection", "close"))
    _send_head(connection, route, status, fields, closing)
    if request.method == "HEAD" or route.status in (204, 304):
        return status, 0, True
    sent = _send_body(connection, route, start, stop, closing)
    is_whole = route.declared_length in (None, stop - start)
    return status, sent, route.framing in ("length", "chunked") and is_whole


def _validators(route: Route) -> list[tuple[str, str]]:
    fields = []
    if route.etag is not None:
        fields.append(("ETag", route.etag))
    if route.last_modified is not None:
        fields.append(("Last-Modified", route.last_modified))
    return fields


def _is_unmodified(request: Request, route: Route) -> bool:
    if route.status != 200:
        return False
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return route.etag is not None and route.etag in asked
    since = request.headers.get("if-modified-since")
    return since is not None and since == route.last_modified


def _range(request: Request, route: Route, size: int) -> tuple[int, int] | None:
    match = _RANGE.match(request.headers.get("range", ""))
    if not match or not route.ranges or route.status != 200:
        return None
    condition = request.headers.get("if-range")
    is_stale = condition is not None and condition not in (route.etag, route.last_modified)
    if is_stale and not route.ignore_if_range:
        return None
    stop = int(match[2]) + 1 if match[2] else size
    return int(match[1]), min(stop, size)


def _send_head(
    connection: socket.socket,
    route: Route,
    status: int,
    fields: list[tuple[str, str]],
    closing: threading.Event,
) -> None:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Answer')}"]
    lines += [f"{name}: {value}" for name, value in fields]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    if route.drip_headers is None:
        connection.sendall(head)
        return
    for position in range(len(head)):
        connection.sendall(head[position : position + 1])
        if closing.wait(route.drip_headers):
            return


def _send_body(
    connection: socket.socket, route: Route, start: int, stop: int, closing: threading.Event
) -> int:
    sent = 0
    for piece in _pieces(route, start, stop):
        connection.sendall(_framed(route, piece))
        sent += len(piece)
        if route.reset_at is not None and sent >= route.reset_at:
            raise Hangup
        if route.hang_at is not None and sent >= route.hang_at:
            closing.wait()
            return sent
        if (
            closing.wait(_pause(route, len(piece)))
            if _pause(route, len(piece))
            else closing.is_set()
        ):
            return sent
    if route.framing == "chunked":
        connection.sendall(b"0\r\n\r\n")
    return sent


def _pause(route: Route, count: int) -> float:
    if route.drip is not None:
        return route.drip[1]
    return count / route.rate if route.rate else 0.0


def _framed(route: Route, piece: bytes) -> bytes:
    if route.framing == "broken_chunks":
        return b"zz\r\n" + piece
    return b"%x\r\n%b\r\n" % (len(piece), piece) if route.framing == "chunked" else piece


def _pieces(route: Route, start: int, stop: int) -> Iterator[bytes]:
    """Cut the body so that limits fall on the ends of pieces."""
    step = _PIECE
    if route.drip is not None:
        step = route.drip[0]
    elif route.rate:
        step = max(1024, min(_PIECE, route.rate // 10))
    limit = min(n for n in (route.reset_at, route.hang_at, stop - start) if n is not None)
    while True:
        at = start
        while at < stop:
            end = min(at + step, stop)
            if at < start + limit < end:
                end = start + limit
            body = route.body
            yield body[at:end] if isinstance(body, bytes) else body.read(at, end)
            at = end
        if not route.endless or start == stop:
            return
