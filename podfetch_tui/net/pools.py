"""Connections and their pools: urllib3's, with our dialling, deadlines and bounds.

urllib3 brings TLS, connection reuse and the cap per host; the subclasses here only change
where a connection goes (``net.vetting``) and let the watchdog reach its socket. Requests
are made on the connection and not through ``urlopen``: its retries, redirects and copies
of every header are what this package replaces, and they are half of a poll's cost.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ClosedPoolError, EmptyPoolError

from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.failures import handshake_failure, transfer_failure
from podfetch_tui.net.proxy import Proxy
from podfetch_tui.net.reply import Reply
from podfetch_tui.net.target import Origin, Target
from podfetch_tui.net.vetting import Dialer
from podfetch_tui.policy.addresses import Network

_MAX_POOLS = 512
_IDLE_S = 60.0
_SLICE_S = 0.2

# Past urllib3's own versions, which look for a marker in every value and copy every field.
_put_field = http.client.HTTPConnection.putheader
_get_reply = http.client.HTTPConnection.getresponse


class PlainConnection(HTTPConnection):
    """An HTTP connection to a vetted address."""

    response_class = Reply
    dialer: Dialer
    allow: tuple[Network, ...]
    via: Proxy | None
    watch: Watch

    def _new_conn(self) -> socket.socket:
        if self.via is not None:
            return self.via.connect(self._dns_host, self.watch, self.allow)
        return self.dialer.dial(self._dns_host, self.port, self.watch, self.allow)


class SecureConnection(HTTPSConnection):
    """An HTTPS connection to a vetted address."""

    response_class = Reply
    dialer: Dialer
    allow: tuple[Network, ...]
    via: Proxy | None
    watch: Watch
    _guard: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        host, port = self._dns_host, self.port
        if self.via is not None:
            sock = self.via.tunnel(("https", host, port), self.watch, self.allow)
        else:
            sock = self.dialer.dial(host, port, self.watch, self.allow)
        # Wrapping detaches this object from its descriptor, so that the watchdog could not
        # end a handshake that drips: it holds a duplicate for that long.
        try:
            self._guard = sock.dup()
            self.watch.hold(self._guard)
        except BaseException:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        """Connect and finish the TLS handshake, under the watch.

        Raises:
            Failure: what refused the address, the connection or the certificate.
        """
        try:
            super().connect()
            self.watch.hold(cast(socket.socket, self.sock))
        except (OSError, ValueError) as error:
            self.watch.remaining()
            raise handshake_failure(error) from error
        finally:
            if self._guard is not None:
                self._guard.close()
                self._guard = None


Connection = PlainConnection | SecureConnection


class _Pool:
    """What both pools add to urllib3's."""

    dialer: Dialer
    allow: tuple[Network, ...] = ()
    via: Proxy | None = None
    used_at: float = 0.0

    def lease(self, watch: Watch) -> Connection:
        """Take a connection, waiting as long as for a new one while all are in use.

        Raises:
            Failure: HOST_BUSY, DEADLINE or STOPPED.
            ClosedPoolError: The pool was dropped by another thread; take a new one.
        """
        self.used_at = time.monotonic()
        waited = 0.0
        while True:
            try:
                conn = cast(Connection, self._get_conn(timeout=_SLICE_S if waited else 0.0))  # type: ignore[attr-defined]
            except EmptyPoolError:
                watch.remaining()
                if waited >= self.dialer.rules.connect_timeout:
                    raise Failure(
                        Kind.HOST_BUSY, "all our connections to the host are in use"
                    ) from None
                waited += _SLICE_S
            else:
                conn.dialer = self.dialer
                conn.allow = self.allow
                conn.via = self.via
                conn.watch = watch
                return conn

    def is_idle_since(self, moment: float) -> bool:
        """Return whether all connections are home and none was taken after ``moment``."""
        queue = self.pool  # type: ignore[attr-defined]
        return self.used_at < moment and (queue is None or queue.full())

    def give_back(self, conn: Connection) -> None:
        """Return a connection, open and at the end of its answer, or closed."""
        self.used_at = time.monotonic()
        self._put_conn(conn)  # type: ignore[attr-defined]


class PlainPool(_Pool, HTTPConnectionPool):
    """Connections to one http origin."""

    ConnectionCls = PlainConnection


class SecurePool(_Pool, HTTPSConnectionPool):
    """Connections to one https origin."""

    ConnectionCls = SecureConnection


Pool = PlainPool | SecurePool


_Key = tuple[Origin, tuple[Network, ...]]


class Pools:
    """One pool per origin and networks open to it, the least recently used dropped.

    Shared without a lock: single dictionary operations are atomic. A pool that is dropped
    while a worker takes a connection from it says ``ClosedPoolError``, and the worker takes a
    new pool.
    """

    def __init__(
        self,
        dialer: Dialer,
        tls: ssl.SSLContext,
        *,
        per_host: int,
        proxy: Proxy | None = None,
    ) -> None:
        """Start without any pool.

        Args:
            dialer: Makes the connections.
            tls: The one context of all connections.
            per_host: Connections to one origin at a time, at least 1.
            proxy: Between us and the hosts it serves.
        """
        self._proxy = proxy
        self._dialer = dialer
        self._tls = tls
        self._per_host = per_host
        self._pools: dict[_Key, Pool] = {}

    def __len__(self) -> int:
        return len(self._pools)

    def lease(
        self, origin: Origin, watch: Watch, allow: tuple[Network, ...] = ()
    ) -> tuple[Pool, Connection]:
        """Take a connection to ``origin``, vetted with ``allow`` open as well.

        A connection to a private address that is open to one feed serves no other.

        Raises:
            Failure: HOST_BUSY, DEADLINE or STOPPED.
        """
        key = (origin, allow)
        while True:
            pool = self._pools.get(key) or self._open(key)
            try:
                return pool, pool.lease(watch)
            except ClosedPoolError:
                watch.check()
                if self._pools.get(key) is pool:
                    self._pools.pop(key, None)

    def reset(self, *, per_host: int) -> None:
        """Drop all pools, so that new rules hold for every new connection."""
        self._per_host = per_host
        for key in tuple(self._pools):
            self._drop(key)

    def drop_idle(self) -> None:
        """Close the connections of origins that were not asked for a minute."""
        limit = time.monotonic() - _IDLE_S
        for key, pool in tuple(self._pools.items()):
            if pool.is_idle_since(limit):
                self._drop(key)

    def close(self) -> None:
        """Close every idle connection; running ones close when they end."""
        for key in tuple(self._pools):
            self._drop(key)

    def _open(self, key: _Key) -> Pool:
        if len(self._pools) >= _MAX_POOLS:
            now = time.monotonic()
            idle = [
                (p.used_at, old) for old, p in self._pools.copy().items() if p.is_idle_since(now)
            ]
            for _, stale in sorted(idle)[: _MAX_POOLS // 8]:
                self._drop(stale)
        (scheme, host, port), allow = key
        pool: Pool
        if scheme == "https":
            pool = SecurePool(host, port, maxsize=self._per_host, block=True, ssl_context=self._tls)
        else:
            pool = PlainPool(host, port, maxsize=self._per_host, block=True)
        pool.dialer = self._dialer
        pool.allow = allow
        if self._proxy is not None and self._proxy.serves(host):
            pool.via = self._proxy
        pool.used_at = time.monotonic()
        return self._pools.setdefault(key, pool)

    def _drop(self, key: _Key) -> None:
        pool = self._pools.pop(key, None)
        if pool is not None:
            pool.close()


def tls_context(ca_bundle: str = "") -> ssl.SSLContext:
    """Return the context for all connections: verification on, TLS 1.2 or newer.

    Args:
        ca_bundle: PEM file of trusted authorities; empty means the system's.

    Raises:
        BadConfiguration: The file cannot be read or holds no certificate.
    """
    try:
        path = str(Path(ca_bundle).expanduser()) if ca_bundle else None
        context = ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise BadConfiguration(f"[network] ca_bundle: cannot use {ca_bundle}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 added strict X.509 checks that refuse hosts every browser accepts; an
    # archive shall not depend on the Python it runs on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])
    return context


def ask(
    conn: Connection,
    target: Target,
    headers: Mapping[str, str],
    idle_timeout: float,
    body: bytes | None = None,
) -> Reply:
    """Send one GET, or a POST of ``body``, and return the answer, its body unread.

    Raises:
        Failure: what stood in the way of a connection.
        OSError, http.client.HTTPException, ValueError: what broke the exchange.
    """
    fresh = conn.sock is None
    if fresh:
        conn.connect()
    sock = cast(socket.socket, conn.sock)
    sock.settimeout(idle_timeout)
    conn.watch.hold(sock)
    via = conn.via if target.scheme == "http" else None
    began = time.monotonic()
    try:
        method = "GET" if body is None else "POST"
        path = target.path if via is None else target.url
        conn.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items() if via is None else {**headers, **via.fields}.items():
            _put_field(conn, name, value)
        conn.endheaders(body)
        reply = cast(Reply, _get_reply(conn))
    except (ConnectionError, TimeoutError) as error:
        # A kept connection may have been closed meanwhile, which says nothing of the proxy.
        if via is None or not (fresh or isinstance(error, TimeoutError)):
            raise
        conn.watch.check()
        raise via.explain(transfer_failure(error), began, conn.watch) from error
    if via is not None:
        via.heard()
        if reply.status == 407:
            raise via.refused()
    return reply
