"""Several addresses of one host tried nearly at once: the first that answers serves.

A network that drops IPv6 silently, or a host with one dead address, would else cost every
connection a whole timeout. After RFC 8305 ("happy eyeballs"): the next address gets its turn a
quarter of a second after the one before, or as soon as that has failed, and all of them
share one deadline. Knows nothing of names or of what may be connected to.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.failures import LOCAL_ERRNOS
from podfetch_tui.policy.addresses import Address

STAGGER_S = 0.25
"""Lead of each address over the next (RFC 8305 section 5)."""
_SLICE_S = 0.1

Begin = Callable[[Address], socket.socket]
"""Starts a connection without waiting for it; raises ``OSError`` when that fails at once."""


class Race(NamedTuple):
    """How it ended."""

    winner: socket.socket | None
    address: Address | None
    errors: list[OSError]
    """What the others said, in order; a timeout for those that said nothing."""
    silent: list[Address]
    """Addresses that had not answered when the winner did."""


def first_connected(
    addresses: Sequence[Address], begin: Begin, *, seconds: float, watch: Watch
) -> Race:
    """Connect to the first of ``addresses`` that answers; the others are closed.

    Args:
        addresses: In the order of preference.
        begin: Starts one attempt.
        seconds: For all of them together.
        watch: Ends it early when the transfer is stopped or late.

    Raises:
        Failure: DEADLINE or STOPPED.
    """
    running = _Running(list(addresses), begin, time.monotonic() + seconds)
    try:
        while running.goes_on():
            watch.remaining()
            won = running.step()
            if won is not None:
                return running.won(won)
        return Race(None, None, running.errors, [])
    finally:
        running.close()


class _Running:
    """The attempts of one race."""

    def __init__(self, waiting: list[Address], begin: Begin, deadline: float) -> None:
        self.errors: list[OSError] = []
        self._waiting = waiting
        self._begin = begin
        self._deadline = deadline
        self._next_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._running: dict[socket.socket, Address] = {}

    def goes_on(self) -> bool:
        """Start what is due; return whether anything is left to wait for."""
        now = time.monotonic()
        if now >= self._deadline:
            self.errors += [TimeoutError("timed out") for _ in self._running]
            return False
        while self._waiting and (now >= self._next_at or not self._running):
            self._start(self._waiting.pop(0), now)
        return bool(self._running)

    def step(self) -> socket.socket | None:
        """Wait a little; return the socket that is connected, if one is."""
        now = time.monotonic()
        until = min(self._deadline, self._next_at) if self._waiting else self._deadline
        for key, _ in self._selector.select(min(_SLICE_S, max(0.0, until - now))):
            sock = key.fileobj
            if not isinstance(sock, socket.socket):
                continue
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not number:
                return sock
            self._lose(sock, OSError(number, "connection failed"))
        return None

    def won(self, winner: socket.socket) -> Race:
        """Take the winner out of what is closed at the end."""
        self._selector.unregister(winner)
        address = self._running.pop(winner)
        return Race(winner, address, self.errors, list(self._running.values()))

    def close(self) -> None:
        """Close everything that is still on its way."""
        self._selector.close()
        for sock in self._running:
            sock.close()

    def _start(self, address: Address, now: float) -> None:
        try:
            sock = self._begin(address)
        except OSError as error:
            self._fail(error)
            return
        self._running[sock] = address
        self._selector.register(sock, selectors.EVENT_WRITE)
        self._next_at = now + STAGGER_S

    def _lose(self, sock: socket.socket, error: OSError) -> None:
        self._selector.unregister(sock)
        del self._running[sock]
        sock.close()
        self._next_at = 0.0  # the next one need not wait any longer
        self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.errors.append(error)
        if error.errno in LOCAL_ERRNOS:
            self._waiting.clear()
