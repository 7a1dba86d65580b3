"""The way through a proxy: CONNECT for https, the whole URL as request target for http.

The proxy resolves the names, so an address cannot be pinned here: what can be judged before is
(``Dialer.vet``), the rest is the proxy's to refuse. Its user and password go to it alone. When
it fails, nobody behind it is to blame, so its failures are those of our own network; a host
that is only slow behind a proxy that works stays the host's (RFC 9110 9.3.6, 15.5.8).
"""

from __future__ import annotations

import base64
import re
import socket
import time

from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.model.text import clean, keep_secret
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.target import Origin
from podfetch_tui.net.vetting import Dialer
from podfetch_tui.policy.addresses import Network
from podfetch_tui.policy.proxies import ProxyPlace, parse_bypass, parse_proxy

_STATUS = re.compile(rb"HTTP/1\.[0-9] ([0-9]{3})([^\r\n]*)")
_MOST_HEAD = 64 * 1024
_ALIVE_S = 2.0
_NOT_REACHED = frozenset((500, 502, 503, 504))
"""By these a proxy says that it did not get through to the host."""
_SILENT = frozenset((Kind.READ_TIMEOUT, Kind.CONNECT_TIMEOUT, Kind.RESET))
_UNREACHED = frozenset(
    {
        *(Kind.CONNECT_REFUSED, Kind.CONNECT_TIMEOUT, Kind.UNREACHABLE, Kind.RESET),
        *(Kind.DNS_TEMPORARY, Kind.DNS_UNKNOWN),
    }
)


class Proxy:
    """One proxy for all requests but those to hosts reached directly; shared by all workers."""

    def __init__(self, place: ProxyPlace, dialer: Dialer, *, bypass: tuple[str, ...]) -> None:
        """Take where it is; nothing is opened yet.

        Raises:
            ValueError: ``bypass`` holds something that is no host or network.
        """
        self._place = place
        self._dialer = dialer
        self._bypass = parse_bypass(bypass)
        self._answered_at = 0.0
        self.fields: dict[str, str] = {}
        """Header fields for the proxy alone."""
        if place.user or place.password:
            pair = f"{place.user}:{place.password}".encode()
            secret = base64.b64encode(pair).decode("ascii")
            self.fields["Proxy-Authorization"] = f"Basic {secret}"
            keep_secret(values=(place.password, secret))

    @property
    def name(self) -> str:
        """Host and port, for messages."""
        return clean(f"{self._place.host}:{self._place.port}", 100)

    def serves(self, host: str) -> bool:
        """Return whether ``host`` is reached through it."""
        return not self._bypass.covers(host)

    def connect(self, host: str, watch: Watch, allow: tuple[Network, ...]) -> socket.socket:
        """Return a socket to the proxy, for a request to ``host``, which is vetted before.

        Raises:
            Failure: BLOCKED_ADDRESS; NETWORK_DOWN when the proxy cannot be reached.
        """
        self._dialer.vet(host, watch, allow)
        try:
            return self._dialer.dial_trusted(self._place.host, self._place.port, watch)
        except Failure as failure:
            if failure.kind not in _UNREACHED:
                raise
            raise self._down(f"cannot be reached ({failure.detail})") from failure

    def tunnel(self, origin: Origin, watch: Watch, allow: tuple[Network, ...]) -> socket.socket:
        """Return a socket through which TLS can be spoken to ``origin``.

        Raises:
            Failure: NETWORK_DOWN, PROXY_FORBIDS, or why the host cannot be reached.
        """
        _, host, port = origin
        sock = self.connect(host, watch, allow)
        began = time.monotonic()
        try:
            sock.sendall(self._request(f"[{host}]" if ":" in host else host, port))
            status, reason = self._answer(sock, watch)
            self._answered_at = time.monotonic()
            self._judge(status, reason)
        except OSError as error:
            sock.close()
            watch.remaining()
            if isinstance(error, TimeoutError):
                late = "the proxy got no connection to the host in time"
                failure = Failure(Kind.CONNECT_TIMEOUT, late)
            else:
                failure = Failure(Kind.RESET, "the proxy ended the connection without an answer")
            raise self.explain(failure, began, watch) from error
        except BaseException:
            sock.close()
            raise
        return sock

    def heard(self) -> None:
        """Something came through it: it works."""
        self._answered_at = time.monotonic()

    def explain(self, failure: Failure, began: float, watch: Watch) -> Failure:
        """Return whose a silence is: the proxy's own, or that of the host behind it.

        Args:
            failure: As it would be without a proxy.
            began: Monotonic second at which the request was sent.
            watch: Of the transfer.
        """
        if failure.kind not in _SILENT or self._answered_at > began or self._speaks(watch):
            return failure
        return self._down("does not answer")

    def refused(self) -> Failure:
        """Return the failure that a 407 is."""
        if self.fields:
            return self._down("does not take the user and password in network.proxy")
        return self._down("wants a user and password: put them into network.proxy")

    def _request(self, host: str, port: int) -> bytes:
        lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
        lines += [f"{name}: {value}" for name, value in self.fields.items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    def _answer(self, sock: socket.socket, watch: Watch) -> tuple[int, str]:
        """Read the head of the proxy's answer; behind it the host's bytes begin."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = sock.recv(4096)
            watch.remaining()
            if not piece:
                raise ConnectionResetError("ended without an answer")
            if len(head) > _MOST_HEAD:
                raise self._down("does not end its answer")
            head += piece
        match = _STATUS.match(head)
        if match is None:
            raise self._down("does not speak HTTP")
        if not head.endswith(b"\r\n\r\n") and match[1] == b"200":
            raise self._down("sent more than its answer")
        return int(match[1]), clean(match[2].decode("latin-1"), 80)

    def _judge(self, status: int, reason: str) -> None:
        if 200 <= status < 300:
            return
        if status == 407:
            raise self.refused()
        said = f"{status} {reason}".rstrip()
        if status in _NOT_REACHED:
            raise Failure(Kind.UNREACHABLE, f"the proxy does not get through to the host ({said})")
        raise Failure(Kind.PROXY_FORBIDS, f"the proxy {self.name} refuses to connect ({said})")

    def _speaks(self, watch: Watch) -> bool:
        """Ask the proxy itself for anything at all."""
        try:
            place = self._place
            with self._dialer.dial_trusted(place.host, place.port, watch) as sock:
                sock.settimeout(min(_ALIVE_S, watch.remaining()))
                sock.sendall(f"OPTIONS * HTTP/1.1\r\nHost: {place.host}\r\n\r\n".encode())
                return bool(sock.recv(1))
        except Failure as failure:
            if failure.kind in (Kind.DEADLINE, Kind.STOPPED):
                raise
            return False
        except OSError:
            return False

    def _down(self, what: str) -> Failure:
        return Failure(Kind.NETWORK_DOWN, f"the proxy {self.name} {what}")


def proxy_of(network: NetworkSettings, dialer: Dialer) -> Proxy | None:
    """Return the proxy of the settings, ``None`` without one.

    Raises:
        BadConfiguration: ``proxy`` or ``no_proxy`` cannot be used.
    """
    if not network.proxy:
        return None
    try:
        return Proxy(parse_proxy(network.proxy), dialer, bypass=network.no_proxy)
    except ValueError as error:
        raise BadConfiguration(f"[network] proxy: {error}") from error
