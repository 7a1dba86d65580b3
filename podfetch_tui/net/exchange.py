"""One request on one connection: the request out, the answer's head in, its body on demand.

Every way an answer can end is decided here, so that a connection is either returned to its
pool at the end of an answer or closed. Follows no redirect and judges no status.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from typing import cast

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.failures import TRANSFER_ERRORS, transfer_failure
from podfetch_tui.net.headers import Fields
from podfetch_tui.net.pools import Connection, Pool, Pools, ask
from podfetch_tui.net.reply import Reply
from podfetch_tui.net.target import Target
from podfetch_tui.policy.addresses import Network

_DRAIN_BYTES = 64 * 1024
_DRAIN_S = 5.0
_EVIDENCE = 2048
_STALE = (ConnectionError, http.client.RemoteDisconnected, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Answer:
    """The answer to one request; ends by :meth:`finish` or :meth:`discard`.

    One thread reads it. ``readinto`` gives the body's bytes as they came off the wire,
    chunked framing removed, content coding untouched.
    """

    __slots__ = ("_conn", "_left", "_over", "_pool", "_reply", "_sock", "fields", "status", "watch")

    def __init__(
        self, pool: Pool, conn: Connection, reply: Reply, sock: socket.socket, watch: Watch
    ) -> None:
        """Take over a connection whose answer has begun."""
        self._pool = pool
        self._conn = conn
        self._reply = reply
        self._sock = sock
        self._over = False
        self._left = reply.body_length
        self.watch = watch
        self.status: int = reply.status
        self.fields: Fields = reply.fields

    @property
    def length(self) -> int | None:
        """Bytes of the body still to come; ``None`` while only its end will tell."""
        return self._left

    @property
    def reason(self) -> str:
        """The reason phrase, cleaned."""
        return clean(self._reply.reason or "", 80)

    def readinto(self, view: memoryview) -> int:
        """Read what is there, at most ``len(view)`` bytes; 0 at the proper end of the body.

        Raises:
            Failure: SHORT_BODY, READ_TIMEOUT, RESET, PROTOCOL, DEADLINE or STOPPED.
        """
        left = self._left
        if left == 0:
            return 0
        try:
            if self._reply.chunked:
                data = self._read_chunk(len(view))
                count = len(data)
                view[:count] = data
            else:
                window = view if left is None or len(view) <= left else view[:left]
                count = self._reply.fp.readinto1(window)
        except TRANSFER_ERRORS as error:
            self.watch.check()
            raise transfer_failure(error) from error
        self._account(count)
        return count

    def read(self, size: int) -> bytes:
        """Wait for the next ``size`` bytes; fewer without a known length, none at the end.

        Cheaper than :meth:`readinto` for a body that is kept whole anyway.

        Raises:
            Failure: as :meth:`readinto`.
        """
        left = self._left
        if left == 0:
            return b""
        try:
            if self._reply.chunked:
                data = self._read_chunk(size)
            elif left is None:
                data = self._reply.fp.read1(size)
            else:
                data = self._reply.fp.read(min(size, left))
        except TRANSFER_ERRORS as error:
            self.watch.check()
            raise transfer_failure(error) from error
        self._account(len(data))
        return data

    def finish(self) -> None:
        """The body was read to its end: keep the connection for the next request."""
        if self._left != 0 or not self.watch.release():
            self.discard()
        elif not self._over:
            self._over = True
            self._reply.close()
            self._pool.give_back(self._conn)

    def discard(self) -> None:
        """Close the connection; nothing more is wanted of it."""
        if not self._over:
            self._over = True
            close(self._pool, self._conn, self._reply)

    def drain(self) -> bytes:
        """End a short answer whose body is not wanted; return its head as evidence.

        Reading up to 64 KiB within 5 s is cheaper than a new connection; of anything
        larger or slower only the first bytes are read and the connection is closed.
        """
        head = bytearray()
        view = memoryview(bytearray(16384)) if self._left != 0 else memoryview(b"")
        total, until = 0, time.monotonic() + _DRAIN_S
        try:
            if self._left != 0:
                self._sock.settimeout(_DRAIN_S)
            while count := self.readinto(view):
                total += count
                head += view[: min(count, _EVIDENCE - len(head))]
                if total + (self._left or 0) > _DRAIN_BYTES or time.monotonic() > until:
                    break
        except (Failure, OSError):
            self.discard()
        self.finish()
        return bytes(head)

    def _read_chunk(self, size: int) -> bytes:
        reply = self._reply
        data = reply.read1(size)
        # int(text, 16) behind http.client takes a sign for a chunk size.
        if (reply.chunk_left or 0) < 0 or len(data) > size:
            raise Failure(Kind.PROTOCOL, "the chunked body has no valid chunk size")
        return data

    def _account(self, count: int) -> None:
        left = self._left
        if count:
            if left is not None:
                self._left = left - count
            return
        self.watch.check()  # a socket shut by the watchdog reads like the end of the body
        if left:
            raise Failure(Kind.SHORT_BODY, f"the body ended {left} bytes early")
        self._left = 0


def exchange(
    pools: Pools,
    target: Target,
    *,
    headers: Mapping[str, str],
    watch: Watch,
    idle_timeout: float,
    allow: tuple[Network, ...] = (),
    body: bytes | None = None,
) -> Answer:
    """Send one GET, or a POST of ``body``, to ``target`` and return the answer.

    A kept connection may have been closed by the host while the request was on its way:
    then, and only then, the request is sent once more on a new one (RFC 9112 9.3.1).
    ``allow`` are private networks open to this request beside those of the settings.

    Raises:
        Failure: what stood in the way.
    """
    while True:
        pool, conn = pools.lease(target.origin, watch, allow)
        reused = conn.sock is not None
        reply: Reply | None = None
        try:
            reply = ask(conn, target, headers, idle_timeout, body)
            return Answer(pool, conn, reply, cast(socket.socket, watch.sock), watch)
        except (Failure, *TRANSFER_ERRORS) as error:
            close(pool, conn, reply)
            watch.check()
            if not (reused and isinstance(error, _STALE)):
                raise transfer_failure(error) from error
        except BaseException:
            close(pool, conn, reply)
            raise


def close(pool: Pool, conn: Connection, reply: Reply | None) -> None:
    """Close a connection and give its place in the pool back."""
    try:
        if reply is not None:
            reply.close()
        conn.close()
    except OSError:
        pass  # a socket that fails to close is closed all the same
    finally:
        pool.give_back(conn)
