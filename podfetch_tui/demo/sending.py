"""How an answer gets onto the wire, truthfully or not, as a script of steps.

A script says what to send and when to wait; the loop in ``loop.py`` carries it out, so that
a thousand connections can drip or hang without a thread of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Union

from podfetch_tui.demo.answers import Plan
from podfetch_tui.demo.routes import Body, Route

_PIECE = 256 * 1024
_CHEAP_COPY = 32 * 1024
_PACES_PER_S = 10
_SMALLEST_PACE = 64


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing for a while."""

    seconds: float


class End(Enum):
    """How a connection ends before its time."""

    CLOSE = "close"
    RESET = "reset"
    HANG = "hang"


Step = Union[bytes, Pause, End]


class Exchange:
    """One request and the answer to it, as far as it got.

    Attributes:
        keep: Whether the connection takes another request afterwards.
        sent: Body bytes handed over so far.
    """

    __slots__ = ("_note", "_noted", "keep", "plan", "sent", "steps")

    def __init__(self, plan: Plan, head: bytes, *, keep: bool, note: Callable[[int], None]) -> None:
        """``note`` is told the body bytes once, before the client can see the end."""
        self.plan = plan
        self.keep = keep
        self.sent = 0
        self._note = note
        self._noted = False
        self.steps: Iterator[Step] = self._script(head)

    def end(self) -> None:
        """The answer ends here, however; later calls do nothing."""
        if not self._noted:
            self._noted = True
            self._note(self.sent)

    def _script(self, head: bytes) -> Iterator[Step]:
        plan, route = self.plan, self.plan.route
        yield from _overture(route, head)
        if route.reset_before or route.hang_before:
            self.end()
            yield End.RESET if route.reset_before else End.HANG
            return
        held = head if route.drip_headers is None else b""
        limit, ending = _limit(route, plan)
        for piece in _pieces(plan, limit):
            self.sent += len(piece)
            is_last = self.sent == limit
            wire = _framed(route.framing, piece)
            if is_last and ending is None:
                wire += _closing_bytes(route.framing)
                self.end()
            yield from _joined(held, wire)
            held = b""
            if not is_last:
                yield from _pace(route, len(piece))
        if not self.sent:
            if ending is None:
                self.end()
            yield held + (_closing_bytes(route.framing) if plan.has_body else b"")
        self.end()
        if ending is not None:
            yield ending


def _joined(held: bytes, wire: bytes) -> Iterator[Step]:
    """One packet where it is cheap; copying a large piece is not."""
    if not held or len(wire) < _CHEAP_COPY:
        yield held + wire
    else:
        yield held
        yield wire


def _overture(route: Route, head: bytes) -> Iterator[Step]:
    """What happens before the body, but for a header that is sent in one go."""
    if route.delay:
        yield Pause(route.delay)
    if route.drip_headers is not None and not (route.hang_before or route.reset_before):
        for position in range(len(head)):
            yield head[position : position + 1]
            yield Pause(route.drip_headers)


def _limit(route: Route, plan: Plan) -> tuple[int | None, End | None]:
    """Return after how many body bytes the body ends (``None``: never), and how it ends."""
    if not plan.has_body:
        return 0, None
    whole = None if route.endless else plan.stop - plan.start
    ends = [
        (position, ending)
        for position, ending in (
            (route.cut_at, End.CLOSE),
            (route.reset_at, End.RESET),
            (route.hang_at, End.HANG),
        )
        if position is not None and (whole is None or position <= whole)
    ]
    return min(ends, key=lambda end: end[0]) if ends else (whole, None)


def _pieces(plan: Plan, limit: int | None) -> Iterator[bytes]:
    """Cut the body so that the limit falls on the end of a piece; repeat it if need be."""
    body, start, stop, step = plan.route.body, plan.start, plan.stop, _step(plan.route)
    if plan.route.endless and stop - start < _CHEAP_COPY:
        body = _slice(body, start, stop) * (_PIECE // (stop - start))
        start, stop = 0, len(body)
    at, left = start, limit
    while left is None or left > 0:
        count = min(step, stop - at) if left is None else min(step, stop - at, left)
        yield _slice(body, at, at + count)
        left = None if left is None else left - count
        at = at + count if at + count < stop else start


def _slice(body: Body, start: int, stop: int) -> bytes:
    return body[start:stop] if isinstance(body, bytes) else body.read(start, stop)


def _step(route: Route) -> int:
    if route.drip is not None:
        return route.drip[0]
    if route.rate:
        return max(_SMALLEST_PACE, min(_PIECE, route.rate // _PACES_PER_S))
    return _PIECE


def _pace(route: Route, count: int) -> Iterator[Step]:
    if route.drip is not None:
        yield Pause(route.drip[1])
    elif route.rate:
        yield Pause(count / route.rate)


def _framed(framing: str, piece: bytes) -> bytes:
    if framing in ("chunked", "unfinished_chunks"):
        return b"%x\r\n%b\r\n" % (len(piece), piece)
    return b"zz\r\n" + piece + b"\r\n" if framing == "broken_chunks" else piece


def _closing_bytes(framing: str) -> bytes:
    return b"0\r\n\r\n" if framing == "chunked" else b""
