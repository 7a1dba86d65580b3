"""The doorway on a Unix socket: the four verbs, for a few clients of this user.

A thread takes clients in and one thread serves each, line by line; the engine never waits for
them. The first has a heart, for an engine that nobody can reach any more is half an engine.
Whatever a client sends, it gets one error, is dropped if it goes on, and is counted.
One of the three places that catch every exception: a bug met by one client ends its
connection, not the engine.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from podfetch_tui import __version__
from podfetch_tui.api import codec
from podfetch_tui.api.client import EngineClient
from podfetch_tui.api.codec import Refused, Welcome
from podfetch_tui.api.lines import LineReader
from podfetch_tui.model.errors import Failure, PodfetchError, UsageError
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import clean
from podfetch_tui.system.heart import Heart
from podfetch_tui.system.sockets import listen_at, peer_uid

logger = logging.getLogger(__name__)

MOST_CLIENTS = 32
MOST_ERRORS = 3
"""A client that sends so many bad lines is dropped."""
SILENT_S = 3600.0
"""A client that asks nothing for so long is dropped."""
FAREWELL_S = 0.2
"""A client that is dropped has so long to read why."""
ANSWER_S = 2.0
"""Answers that are being given when the server closes may take so long."""
SLOW_S = 30.0
"""A client that does not take an answer for so long is dropped."""
_CHUNK = 1 << 16
_SHORT_OF = frozenset(
    (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EPERM)
)
"""Why a client cannot be taken in now; the next may."""
_PAUSE_S = 0.2
_WATCH_PART_S = 0.2
_LAST_PIECES = 16


class DoorwayServer:
    """Serves an :class:`EngineClient` at a path until it is closed."""

    def __init__(
        self,
        client: EngineClient,
        path: Path,
        *,
        archive: str,
        root: str,
        on_bad_peer: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Begin to listen.

        Args:
            client: Answers the verbs.
            path: Of the socket.
            archive: UUID of the archive.
            root: Folder of the archive.
            on_bad_peer: Told in a sentence about each client that was dropped.

        Raises:
            Failure: Nobody can listen there.
        """
        self.path = path
        self.refused = 0
        """Clients that were dropped for what they sent or who they are."""
        self._client = client
        self._welcome = Welcome(
            version=codec.VERSION,
            program=__version__,
            archive=archive,
            root=root,
            pid=os.getpid(),
            run=secrets.token_hex(8),
        )
        self._on_bad_peer = on_bad_peer
        self._closed = threading.Event()
        self._socket = listen_at(path)
        self._connections: dict[threading.Thread, socket.socket] = {}
        self.heart = Heart("the doorway")
        self._thread = threading.Thread(
            target=self.heart.guard, args=(self._accept,), name="podfetch-doorway", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Let all clients go and remove the socket."""
        self._closed.set()
        # Closing alone would leave the thread in accept().
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # macOS refuses it for a socket that listens; closing is enough there
        self._socket.close()
        self._thread.join(5)
        # Who just asked something still gets the answer: "stop" is one that ends us.
        _end_all(self._connections, socket.SHUT_RD, ANSWER_S)
        _end_all(self._connections, socket.SHUT_RDWR, 5.0)
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while not self._closed.is_set():
            self.heart.rest()
            try:
                connection, _ = self._socket.accept()
            except OSError as error:
                if self._closed.is_set():
                    return
                if error.errno not in _SHORT_OF:
                    raise
                logger.warning("No client can be taken in now: %s", error)
                self._closed.wait(_PAUSE_S)
                continue
            self.heart.beat()
            is_taken = False
            try:
                self._take_in(connection)
                is_taken = True
            except (OSError, RuntimeError) as error:  # it is gone again; or no thread can be had
                self._drop(connection, f"a client could not be served: {error}")
            finally:
                if not is_taken:
                    connection.close()

    def _take_in(self, connection: socket.socket) -> None:
        uid = peer_uid(connection)
        busy = len(self._connections) >= MOST_CLIENTS
        if uid != os.geteuid() or busy:
            reason = "too many clients" if busy else f"user {uid} is not the engine's"
            self._drop(connection, reason)
            connection.close()
            return
        thread = threading.Thread(
            target=self._serve, args=(connection,), name="podfetch-doorway-client", daemon=True
        )
        self._connections[thread] = connection
        try:
            thread.start()
        except RuntimeError:
            del self._connections[thread]
            raise

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(SILENT_S)
            Conversation(self._client, self._welcome, connection, self._closed).hold()
        except Refused as error:
            self._drop(connection, str(error))
        except OSError:
            pass  # the client went away, or was silent for too long
        except Exception:
            logger.exception("A client of the doorway met a bug")
        finally:
            _hang_up(connection)
            connection.close()
            self._connections.pop(threading.current_thread(), None)

    def _drop(self, connection: socket.socket, reason: str) -> None:
        self.refused += 1
        try:
            connection.settimeout(FAREWELL_S)
            connection.sendall(codec.encode_error(None, codec.BAD_REQUEST, reason))
            connection.shutdown(socket.SHUT_WR)
            # Closing on what it is still sending would take the answer away from it.
            for _ in range(_LAST_PIECES):
                if not connection.recv(_CHUNK):
                    break
        except OSError:
            pass  # it is being dropped anyway
        self._on_bad_peer(clean(reason)[:200])


class Conversation:
    """One client's lines, one after the other."""

    def __init__(
        self,
        client: EngineClient,
        welcome: Welcome,
        connection: socket.socket,
        closed: threading.Event,
    ) -> None:
        self._client = client
        self._welcome = welcome
        self._connection = connection
        self._closed = closed
        self._read_only = False
        self._errors = 0

    def hold(self) -> None:
        """Answer until the client goes.

        Raises:
            Refused: It sent too much that makes no sense.
            OSError: The connection ended.
        """
        for line in LineReader(self._connection, codec.LONGEST_REQUEST):
            try:
                request, params = codec.decode_request(line)
                answer = codec.encode_result(request.id, self._answer(params))
            except Refused as error:
                self._errors += 1
                if self._errors >= MOST_ERRORS:
                    raise
                request_id = error.request_id
                answer = codec.encode_error(request_id, error.code, str(error))
            except UsageError as error:  # a filter with a slip in it: no reason to drop anybody
                answer = codec.encode_error(request.id, codec.BAD_PARAMS, str(error))
            except (Failure, PodfetchError) as error:
                answer = codec.encode_error(request.id, codec.ENGINE_ERROR, str(error))
            self._connection.settimeout(SLOW_S)
            self._connection.sendall(answer)
            self._connection.settimeout(SILENT_S)
            if self._closed.is_set():
                return

    def _answer(self, params: object) -> object:
        match params:
            case codec.Hello(version=version, read_only=read_only):
                if version != codec.VERSION:
                    raise Refused(
                        codec.OTHER_VERSION,
                        f"the engine speaks version {codec.VERSION} of the protocol (PodFetch "
                        f"{__version__}), the client {version}: use the same PodFetch for both",
                    )
                self._read_only = read_only
                return self._welcome
            case codec.Nothing():
                return self._client.snapshot()
            case codec.Watch(after=after, timeout=timeout):
                return self._watch(after, min(max(timeout, 0.0), codec.LONGEST_WATCH_S))
            case PageRequest():
                return self._client.query(params)
            case _:
                if self._read_only:
                    raise Refused(codec.READ_ONLY, "this client only reads")
                return self._client.send(params)  # type: ignore[arg-type]  # decoded as a command

    def _watch(self, after: int, left: float) -> EventBatch:
        """Wait in parts: a doorway that closes waits for nobody who watches."""
        while True:
            part = min(left, _WATCH_PART_S)
            batch = self._client.watch(after, part)
            left -= part
            if batch.events or batch.lost or left <= 0 or self._closed.is_set():
                return batch


def _end_all(
    connections: dict[threading.Thread, socket.socket], how: int, patience_s: float
) -> None:
    """End conversations, and wait for their threads so long together."""
    deadline = time.monotonic() + patience_s
    served = list(connections.items())
    for _, connection in served:
        _hang_up(connection, how)
    for thread, _ in served:
        thread.join(max(0.0, deadline - time.monotonic()))


def _hang_up(connection: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    try:
        connection.shutdown(how)
    except OSError:
        pass  # it is down already
