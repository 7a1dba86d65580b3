"""From a host name to a connected socket at an address that policy allows.

The name is resolved once, every answer is judged, and the connection goes to the literal
address that was judged: there is no second lookup a rebinding name server could answer
differently. Knows nothing of HTTP or TLS.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.failures import LOCAL_ERRNOS, connect_failure
from podfetch_tui.net.names import Names
from podfetch_tui.policy.addresses import Address, Network, is_allowed

_TRIED = 4
_GRUDGE_S = 600.0


class Rules(NamedTuple):
    """What a new connection has to keep to."""

    allow: tuple[Network, ...]
    """Networks the operator opened."""
    connect_timeout: float
    """Seconds for one address."""


class Dialer:
    """Makes vetted connections; shared by all workers.

    ``rules`` is an immutable value that ``HttpClient.configure`` replaces as a whole.
    """

    def __init__(self, names: Names, rules: Rules) -> None:
        """Take where names come from and what holds at first."""
        self.rules = rules
        self._names = names
        self._slow_until = {4: 0.0, 6: 0.0}

    def dial(self, host: str, port: int, watch: Watch) -> socket.socket:
        """Return a socket connected to ``host``; tries up to four of its addresses.

        The socket keeps the connect timeout; it is the one ``watch`` holds.

        Raises:
            Failure: what refused the name, each address or the connection.
        """
        addresses = self._ordered(self.vetted(host, watch))
        failures: list[Failure] = []
        for position, address in enumerate(addresses, 1):
            try:
                sock = self._connect(address, port, watch)
            except OSError as error:
                watch.remaining()
                if isinstance(error, TimeoutError):
                    self._slow_until[address.version] = time.monotonic() + _GRUDGE_S
                failures.append(connect_failure(error))
                if error.errno in LOCAL_ERRNOS or position == len(addresses):
                    break
            else:
                self._slow_until[address.version] = 0.0
                return sock
        raise _most_telling(failures)

    def vetted(self, host: str, watch: Watch) -> tuple[Address, ...]:
        """Return the allowed addresses of ``host``, at least one.

        Raises:
            Failure: BLOCKED_ADDRESS when none is allowed, or why the lookup failed.
        """
        try:
            answers: Sequence[str] = (str(ipaddress.ip_address(host)),)
        except ValueError:
            answers = self._names.addresses(host, watch)
        allowed: list[Address] = []
        reason = "no address"
        for answer in answers:
            refusal = is_allowed(answer, self.rules.allow)
            if refusal is None:
                allowed.append(ipaddress.ip_address(answer))
            else:
                reason = f"{clean(answer, 60)} ({refusal})"
        if not allowed:
            raise Failure(Kind.BLOCKED_ADDRESS, f"{clean(host, 100)} leads to {reason}")
        return tuple(allowed)

    def _ordered(self, addresses: tuple[Address, ...]) -> tuple[Address, ...]:
        """Interleave the families, first the one the system prefers, at most four.

        A family whose addresses timed out a while ago comes last: a network that drops
        IPv6 silently would otherwise cost every connection a whole timeout.
        """
        first: int = addresses[0].version
        if self._slow_until[first] > time.monotonic():
            first = 10 - first
        leading = [address for address in addresses if address.version == first]
        others = [address for address in addresses if address.version != first]
        mixed: list[Address] = []
        for rank in range(max(len(leading), len(others))):
            mixed += leading[rank : rank + 1] + others[rank : rank + 1]
        return tuple(mixed[:_TRIED])

    def _connect(self, address: Address, port: int, watch: Watch) -> socket.socket:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(min(self.rules.connect_timeout, watch.remaining()))
            watch.hold(sock)
            sock.connect((str(address), port))
            peer = sock.getpeername()[0]
            if ipaddress.ip_address(peer) != address:
                raise Failure(Kind.BLOCKED_ADDRESS, "connected to another address than vetted")
        except BaseException:
            sock.close()
            raise
        return sock


def _most_telling(failures: list[Failure]) -> Failure:
    """Of several addresses' failures the one that says most about the host."""
    for failure in failures:
        if failure.kind is not Kind.UNREACHABLE:
            return failure
    return failures[0]
