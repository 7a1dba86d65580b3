"""A podcast host on loopback: fast when it behaves, and able to misbehave in every way.

Every address of 127.0.0.0/8 is a host of its own, as far as the system has them (see
``listening.py``); nothing is reachable from another machine. One thread serves everything.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from types import TracebackType

from podfetch_tui.demo.answers import decide, head
from podfetch_tui.demo.connection import Connection
from podfetch_tui.demo.listening import HOME, has_address, open_listener, open_listeners
from podfetch_tui.demo.loop import Loop
from podfetch_tui.demo.routes import Request, Route, Served, Table
from podfetch_tui.demo.sending import Exchange
from podfetch_tui.system.clock import Clock


@dataclass(slots=True)
class Traffic:
    """How one address was treated by its clients."""

    requests: int = 0
    connections: int = 0
    """Open now."""
    most_connections: int = 0
    """Open at the same time."""
    active: int = 0
    """Requests whose answer is on its way now."""
    most_active: int = 0
    last_at: float | None = None
    """When the last request arrived, monotonic seconds."""
    least_spacing: float | None = None
    """Seconds between two requests that came the closest."""


class PodcastHost:
    """Serves a :class:`Table`; use it as a context manager.

    Attributes:
        table: The routes; may be changed at any time.
        requests: Every request whose answer ended, in order of its end. A client that has seen
            the end of an answer finds it here.
        closing: Set when the host begins to close.
    """

    def __init__(
        self,
        table: Table | None = None,
        *,
        port: int = 0,
        clock: Clock | None = None,
        keep_log: bool = True,
    ) -> None:
        """Prepare a host.

        Args:
            table: Its routes.
            port: The port, the same on every address; 0 takes a free one.
            clock: For the ``Date`` field and for pauses.
            keep_log: Keep ``requests``; a benchmark of millions would rather not.
        """
        self.table = table or Table()
        self.requests: list[Served] = []
        self.closing = threading.Event()
        self._clock = clock or Clock()
        self._keep_log = keep_log
        self._wanted_port = port
        self._port = 0
        self._is_wide = False
        self._addresses: set[str] = set()
        self._arrived: Counter[tuple[str, str]] = Counter()
        self._traffic: dict[str, Traffic] = {}
        self._date = (0, "")
        self._loop: Loop | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="podcast-host")
        self._ended: Future[None] = Future()

    def __enter__(self) -> PodcastHost:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> PodcastHost:
        """Listen and serve until :meth:`close`.

        Raises:
            OSError: The port is taken.
        """
        listener, self._is_wide = open_listeners(self._wanted_port)
        self._port = listener.getsockname()[1]
        self._addresses.add(HOME)
        self._loop = Loop(
            clock=self._clock, opened=self._opened, closed=self._closed, answer=self._answer
        )
        self._loop.listen(listener)
        self._ended = self._thread.submit(self._loop.run)
        return self

    def close(self) -> None:
        """End every connection, the thread and the listeners; may be called again.

        Raises:
            Exception: What ended the host's thread before its time: an answer that raised.
        """
        self.closing.set()
        if self._loop is None:
            return
        self._loop.stop()
        self._loop = None
        self._thread.shutdown()
        self._ended.result()

    @property
    def port(self) -> int:
        """The port, the same on every address."""
        return self._port

    def listen(self, address: str) -> str:
        """Serve ``address`` too; return the one that is served in its place.

        Raises:
            ValueError: The address is not in 127.0.0.0/8.
        """
        if self._is_wide or address in self._addresses:
            return address
        if self._loop is None or not has_address(address):
            return HOME
        self._loop.listen(open_listener(address, self._port))
        self._addresses.add(address)
        return address

    def url(self, path: str, address: str = HOME) -> str:
        """Return the URL of ``path`` on ``address``, which is served from now on."""
        return f"http://{self.listen(address)}:{self._port}{path}"

    def asked(self, path: str, address: str | None = None) -> list[Served]:
        """Return the ended requests for ``path``, of one address or of all."""
        return [
            served
            for served in list(self.requests)
            if served.path == path and address in (None, served.address)
        ]

    def arrivals(self, path: str, address: str | None = None) -> int:
        """Return how often ``path`` was asked for, answered or not."""
        if address is not None:
            return self._arrived[(address, path)]
        return sum(count for (_, asked), count in list(self._arrived.items()) if asked == path)

    def traffic(self, address: str = HOME) -> Traffic:
        """Return how clients treated ``address``; it goes on changing."""
        return self._traffic.get(address) or Traffic()

    def drop_idle(self) -> None:
        """Close all connections that wait for their next request, without a word."""
        if self._loop is not None:
            self._loop.drop_idle()

    def _opened(self, connection: Connection) -> None:
        """A client connected."""
        connection.site = connection.address
        traffic = self._traffic_of(connection.site)
        traffic.connections += 1
        traffic.most_connections = max(traffic.most_connections, traffic.connections)

    def _closed(self, connection: Connection) -> None:
        """A connection ended."""
        self._traffic_of(connection.site).connections -= 1

    def _answer(self, connection: Connection, head_bytes: bytes, body: bytes) -> Exchange:
        """Return the answer to one request."""
        at = self._clock.monotonic()
        method, path, headers = _parsed(head_bytes)
        site = headers.get("host", "").rpartition(":")[0] or connection.address
        if site != connection.site:
            self._rename(connection, site)
        key = (site, path)
        request = Request(site, method, path, headers, self._arrived[key], body)
        self._arrived[key] += 1
        traffic = self._arrive(site, at)
        route: Route = self.table.find(request)
        plan = decide(request, route)
        asked_to_close = headers.get("connection", "").lower() == "close"
        keep = plan.keep and not asked_to_close
        text = head(plan, date=self._now(), closing=not keep and not route.drop)
        note = self._noter(request, plan.status, traffic, at)
        return Exchange(plan, text, keep=keep, note=note)

    def _noter(
        self, request: Request, status: int, traffic: Traffic, at: float
    ) -> Callable[[int], None]:
        def note(sent: int) -> None:
            traffic.active -= 1
            if self._keep_log:
                address, method, path = request.address, request.method, request.path
                self.requests.append(
                    Served(address, method, path, status, sent, request.headers, at, request.body)
                )

        return note

    def _arrive(self, site: str, at: float) -> Traffic:
        traffic = self._traffic_of(site)
        traffic.requests += 1
        traffic.active += 1
        traffic.most_active = max(traffic.most_active, traffic.active)
        if traffic.last_at is not None:
            spacing = at - traffic.last_at
            known = traffic.least_spacing
            traffic.least_spacing = spacing if known is None else min(known, spacing)
        traffic.last_at = at
        return traffic

    def _rename(self, connection: Connection, site: str) -> None:
        """The client calls this address by a name, which is a host of its own."""
        self._closed(connection)
        connection.site = site
        traffic = self._traffic_of(site)
        traffic.connections += 1
        traffic.most_connections = max(traffic.most_connections, traffic.connections)

    def _traffic_of(self, site: str) -> Traffic:
        known = self._traffic.get(site)
        if known is None:
            known = self._traffic[site] = Traffic()
        return known

    def _now(self) -> str:
        second = self._clock.now_ms() // 1000
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


def _parsed(head_bytes: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head_bytes.decode("latin-1").split("\r\n")
    method, target, *_ = [*first.split(" "), "/", "/"]
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return method, target, headers
