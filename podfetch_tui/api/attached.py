"""The doorway of a screen to an engine that may go and come back.

A thread of its own takes a snapshot twice a second and keeps the newest, so that a screen never
waits for the socket. When the engine is gone the last snapshot stays, and the thread tries to
have the engine again, more and more rarely. An engine that was started anew is taken for what
it is: readers of events are told that they lost some.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from podfetch_tui.api.continued import Continued
from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.errors import Failure, NoEngine, PodfetchError
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.link import Link
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest
from podfetch_tui.policy.backoff import ceiling
from podfetch_tui.system.clock import Clock

LOOK_S = 0.5
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 5.0


class Attachment:
    """Answers the four verbs for a screen, and says how the connection is. For any thread."""

    def __init__(
        self,
        connect: Callable[[], RemoteClient],
        *,
        read_only: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Connect and begin to look.

        Args:
            connect: Finds the engine and connects to it; also to have it again.
            read_only: Send no command.
            clock: The time.

        Raises:
            NoEngine: There is none.
            PodfetchError: The archive cannot be found.
        """
        self._connect = connect
        self._clock = clock or Clock()
        self._read_only = read_only
        self._closed = threading.Event()
        remote = connect()
        self._welcome = remote.welcome
        self._number = 0
        self._remote: RemoteClient | None = remote
        # Replaced as a whole, by the thread below alone; everybody reads them.
        self._side: Continued | None = Continued(remote, 0)
        self._latest = self._side.snapshot()
        self._heard = self._clock.monotonic()
        self._next_try = 0.0
        self._link = Link(
            where=remote.welcome.root, is_up=True, since=self._clock.now_ms(), read_only=read_only
        )
        self._back = threading.Event()
        self._back.set()
        self._thread = threading.Thread(target=self._follow, name="podfetch-attached", daemon=True)
        self._thread.start()

    @property
    def link(self) -> Link:
        """How the connection is now."""
        link, now = self._link, self._clock.monotonic()
        wait = 0.0 if link.is_up else max(0.0, self._next_try - now)
        return Link(
            where=link.where,
            is_up=link.is_up,
            since=link.since,
            read_only=link.read_only,
            silent_s=now - self._heard,
            problem=link.problem,
            tries=link.tries,
            next_try_s=wait,
        )

    def snapshot(self) -> EngineSnapshot:
        """Return the newest snapshot there is; never waits."""
        return self._latest

    def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
        """Return events after ``after``.

        Raises:
            NoEngine: There is no engine, and none came back within ``timeout``.
        """
        if self._side is None:
            self._clock.wait(self._back, timeout)
        return self._there().watch(after, timeout)

    def query(self, page: PageRequest) -> Page:
        """Return one page of rows. Raises :class:`NoEngine` or :class:`Failure`."""
        return self._there().query(page)

    def send(self, command: Command) -> CommandResult:
        """Carry out ``command``, unless this only reads. Raises :class:`NoEngine`."""
        if self._read_only:
            return CommandResult(ok=False, text=self._link.refusal())
        return self._there().send(command)

    def close(self) -> None:
        """Leave the engine, which goes on."""
        self._closed.set()
        self._back.set()
        remote = self._remote
        if remote is not None:
            remote.close()
        self._thread.join(5)

    def _there(self) -> Continued:
        side = self._side
        if side is None:
            raise NoEngine(f"not connected: {self._link.problem}")
        return side

    def _follow(self) -> None:
        while not self._closed.is_set():
            try:
                self._look()
                wait = LOOK_S
            except (PodfetchError, Failure) as error:
                wait = self._lose(str(error))
            self._clock.wait(self._closed, wait)

    def _look(self) -> None:
        side = self._side or self._again()
        self._latest = side.snapshot()
        self._heard = self._clock.monotonic()
        if self._side is None:
            self._side = side
            self._link = Link(
                where=self._link.where,
                is_up=True,
                since=self._clock.now_ms(),
                read_only=self._read_only,
            )
            self._back.set()

    def _again(self) -> Continued:
        """Connect anew.

        Raises:
            NoEngine: There is none, or it works on another archive.
        """
        remote = self._connect()
        welcome = remote.welcome
        if welcome.archive != self._welcome.archive:
            remote.close()
            raise NoEngine(
                f"the engine there works on another archive ({welcome.root}) than before"
                f" ({self._welcome.root})"
            )
        if welcome.run != self._welcome.run:
            self._number += 1
        self._welcome, self._remote = welcome, remote
        return Continued(remote, self._number)

    def _lose(self, problem: str) -> float:
        """Note that there is no engine; return the seconds until the next try."""
        remote, self._remote, self._side = self._remote, None, None
        self._back.clear()
        if remote is not None:
            remote.close()
        link = self._link
        tries = link.tries + 1
        wait = ceiling(tries, FIRST_WAIT_S, LONGEST_WAIT_S)
        self._next_try = self._clock.monotonic() + wait
        since = self._latest.at if link.is_up else link.since
        self._link = Link(
            where=link.where,
            is_up=False,
            since=since,
            read_only=self._read_only,
            problem=problem,
            tries=tries,
        )
        return wait
