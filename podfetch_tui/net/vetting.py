"""From a host name to a connected socket at an address that policy allows.

The name is resolved once, every answer is judged, and the connection goes to the literal
address that was judged: there is no second lookup a rebinding name server could answer
differently. Knows nothing of HTTP or TLS.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.failures import connect_failure
from podfetch_tui.net.names import Names
from podfetch_tui.net.race import Race, first_connected
from podfetch_tui.policy.addresses import Address, Network, is_allowed

_TRIED = 4
_GRUDGE_S = 600.0
_SHORT_S = 1.0
_NAMELESS_S = 60.0
"""So long no name is looked up for vetting after a name server did not answer."""


class Rules(NamedTuple):
    """What a new connection has to keep to."""

    allow: tuple[Network, ...]
    """Networks the operator opened."""
    connect_timeout: float
    """Seconds for all addresses of a host together."""


class Dialer:
    """Makes vetted connections; shared by all workers.

    ``rules`` is an immutable value that ``HttpClient.configure`` replaces as a whole.
    """

    def __init__(self, names: Names, rules: Rules) -> None:
        """Take where names come from and what holds at first."""
        self.rules = rules
        self._names = names
        self._slow_until = {4: 0.0, 6: 0.0}
        self._nameless_until = 0.0

    def dial(
        self, host: str, port: int, watch: Watch, allow: tuple[Network, ...] = ()
    ) -> socket.socket:
        """Return a socket connected to ``host``; tries up to four of its addresses.

        ``allow`` are networks open to this connection beside those of the rules. The socket
        keeps the connect timeout; it is the one ``watch`` holds.

        Raises:
            Failure: what refused the name, each address or the connection.
        """
        return self._reach(self._ordered(self.vetted(host, watch, allow)), port, watch)

    def dial_trusted(self, host: str, port: int, watch: Watch) -> socket.socket:
        """Return a socket to a host the operator named; any address will do.

        Raises:
            Failure: what refused the name or the connection.
        """
        found = tuple(ipaddress.ip_address(answer) for answer in self._answers(host, watch))
        return self._reach(self._ordered(found), port, watch)

    def vet(self, host: str, watch: Watch, allow: tuple[Network, ...] = ()) -> None:
        """Refuse a host that another machine shall connect to, as far as this one can tell.

        An address is judged as always. A name is looked up here, and refused when all its
        answers are; one that cannot be looked up passes: behind a proxy there often is no
        name server, and the other machine may be answered otherwise anyhow.

        Raises:
            Failure: BLOCKED_ADDRESS, DEADLINE or STOPPED.
        """
        if self._nameless_until > time.monotonic() and not _is_literal(host):
            return
        try:
            self.vetted(host, watch, allow, patience=_SHORT_S)
        except Failure as failure:
            if failure.kind in (Kind.BLOCKED_ADDRESS, Kind.DEADLINE, Kind.STOPPED):
                raise
            if failure.kind is Kind.DNS_TEMPORARY:
                self._nameless_until = time.monotonic() + _NAMELESS_S

    def _reach(self, addresses: tuple[Address, ...], port: int, watch: Watch) -> socket.socket:
        seconds = min(self.rules.connect_timeout, watch.remaining())
        if len(addresses) == 1:
            return self._connect(addresses[0], port, seconds, watch)

        def begin(address: Address) -> socket.socket:
            return self._begin(address, port)

        race = first_connected(addresses, begin, seconds=seconds, watch=watch)
        if race.winner is None or race.address is None:
            raise _most_telling([connect_failure(error) for error in race.errors])
        self._remember(race)
        try:
            _check_peer(race.winner, race.address)
            race.winner.settimeout(self.rules.connect_timeout)
            watch.hold(race.winner)
        except BaseException:
            race.winner.close()
            raise
        return race.winner

    def vetted(
        self,
        host: str,
        watch: Watch,
        allow: tuple[Network, ...] = (),
        *,
        patience: float | None = None,
    ) -> tuple[Address, ...]:
        """Return the allowed addresses of ``host``, at least one.

        Raises:
            Failure: BLOCKED_ADDRESS when none is allowed, or why the lookup failed.
        """
        answers = self._answers(host, watch, patience=patience)
        allowed: list[Address] = []
        reason = "no address"
        for answer in answers:
            refusal = is_allowed(answer, self.rules.allow + allow)
            if refusal is None:
                allowed.append(ipaddress.ip_address(answer))
            else:
                reason = f"{clean(answer, 60)} ({refusal})"
        if not allowed:
            raise Failure(Kind.BLOCKED_ADDRESS, f"{clean(host, 100)} leads to {reason}")
        return tuple(allowed)

    def _answers(self, host: str, watch: Watch, *, patience: float | None = None) -> Sequence[str]:
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            return self._names.addresses(host, watch, patience=patience)

    def _ordered(self, addresses: tuple[Address, ...]) -> tuple[Address, ...]:
        """Interleave the families, first the one the system prefers, at most four.

        A family that was silent a while ago comes last: a network that drops IPv6 silently
        would otherwise cost every connection the lead of its first address.
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

    def _connect(self, address: Address, port: int, seconds: float, watch: Watch) -> socket.socket:
        """Connect to the only address there is."""
        try:
            sock = _new_socket(address)
        except OSError as error:
            raise connect_failure(error) from error
        try:
            sock.settimeout(seconds)
            watch.hold(sock)
            sock.connect((str(address), port))
            _check_peer(sock, address)
        except OSError as error:
            sock.close()
            watch.remaining()
            raise connect_failure(error) from error
        except BaseException:
            sock.close()
            raise
        return sock

    def _begin(self, address: Address, port: int) -> socket.socket:
        """Start a connection without waiting for it."""
        sock = _new_socket(address)
        sock.setblocking(False)
        number = sock.connect_ex((str(address), port))
        if number not in (0, errno.EINPROGRESS, errno.EINTR):
            sock.close()
            raise OSError(number, "connection failed")
        return sock

    def _remember(self, race: Race) -> None:
        """Hold it against a family that one of its addresses was silent while another spoke."""
        version = race.address.version if race.address is not None else 0
        for address in race.silent:
            if address.version != version:
                self._slow_until[address.version] = time.monotonic() + _GRUDGE_S
        self._slow_until[version] = 0.0


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _new_socket(address: Address) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _check_peer(sock: socket.socket, address: Address) -> None:
    if ipaddress.ip_address(sock.getpeername()[0]) != address:
        raise Failure(Kind.BLOCKED_ADDRESS, "connected to another address than vetted")


def _most_telling(failures: list[Failure]) -> Failure:
    """Of several addresses' failures the one that says most about the host."""
    for failure in failures:
        if failure.kind is not Kind.UNREACHABLE:
            return failure
    return failures[0]
