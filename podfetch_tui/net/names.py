"""Host names to addresses: a hosts file first, then the system, both remembered a while.

``getaddrinfo`` has no timeout and cannot be cancelled, so it runs in a few threads of its
own, and a worker waits for the answer only as long as its deadline allows. One name is
looked up once at a time, however many workers ask. Says nothing about which addresses may
be used: that is ``net.vetting``.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, Union

from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.failures import dns_failure
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.heart import Heart

Lookup = Callable[[str], Sequence[str]]
"""Takes an ASCII host name, returns its addresses; raises ``OSError`` as getaddrinfo does."""

_THREADS = 16
_PATIENCE_S = 5.0
_SLICE_S = 0.2
_FOUND_S = 60.0
_UNKNOWN_S = 30.0
_REMEMBERED = 4096


class _Known(NamedTuple):
    expires: float
    addresses: tuple[str, ...]
    unknown: Failure | None


_Job = Union[tuple[str, "Future[tuple[str, ...]]"], None]


class Names:
    """Resolves names for one client; shared by all its workers without a lock.

    Dictionary operations are atomic; the worst two threads can do to each other is to look
    the same name up twice.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        lookup: Lookup | None = None,
        overrides: Mapping[str, Sequence[str]] | None = None,
        patience: float = _PATIENCE_S,
    ) -> None:
        """Prepare; threads start with the first lookups.

        Args:
            clock: For the age of what is remembered.
            lookup: Instead of the system's resolver.
            overrides: Names answered from here alone (the hosts file).
            patience: Seconds to wait for one lookup.
        """
        self.heart = Heart("a resolver of names")
        """Of all its threads: they only rest, and must not end of a bug."""
        self._clock = clock
        self._lookup = lookup or system_lookup
        self._overrides = {name: tuple(found) for name, found in (overrides or {}).items()}
        self._patience = patience
        self._known: dict[str, _Known] = {}
        self._running: dict[str, Future[tuple[str, ...]]] = {}
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._to_start = list(range(_THREADS))

    @property
    def remembered(self) -> int:
        """How many names are remembered; bounded."""
        return len(self._known)

    def addresses(
        self, host: str, watch: Watch, *, patience: float | None = None
    ) -> tuple[str, ...]:
        """Return the addresses of ``host`` in the resolver's order, at least one.

        ``patience`` are seconds to wait, instead of the usual ones.

        Raises:
            Failure: DNS_UNKNOWN, DNS_TEMPORARY, a system kind, DEADLINE or STOPPED.
        """
        fixed = self._overrides.get(host.removesuffix("."))
        if fixed is not None:
            return fixed
        known = self._known.get(host)
        if known is not None and known.expires > self._clock.monotonic():
            if known.unknown is not None:
                raise _again(known.unknown)
            return known.addresses
        return self._wait(self._ask(host), host, watch, patience or self._patience)

    def forget(self) -> None:
        """Forget all answers (the network may have changed)."""
        self._known.clear()

    def close(self) -> None:
        """Let the resolver threads end; one stuck in the system ends when that returns."""
        for _ in range(_THREADS):
            self._jobs.put(None)

    def _ask(self, host: str) -> Future[tuple[str, ...]]:
        mine: Future[tuple[str, ...]] = Future()
        future = self._running.setdefault(host, mine)
        if future is mine:
            self._jobs.put((host, mine))
            self._start_one()
        return future

    def _start_one(self) -> None:
        try:
            number = self._to_start.pop()
        except IndexError:
            return
        try:
            # Daemon: a lookup that hangs in the system must not hold up the exit.
            threading.Thread(
                target=self.heart.guard, args=(self._work,), name="http-resolver", daemon=True
            ).start()
        except RuntimeError:  # no thread can be had now: those that there are do the work
            self._to_start.append(number)

    def _wait(
        self, future: Future[tuple[str, ...]], host: str, watch: Watch, patience: float
    ) -> tuple[str, ...]:
        waited = 0.0
        while waited < patience:
            piece = min(_SLICE_S, watch.remaining(), patience - waited)
            try:
                return future.result(piece)
            except FutureTimeout:
                waited += piece
            except Failure as failure:
                raise _again(failure) from None
        raise Failure(
            Kind.DNS_TEMPORARY,
            f"no answer for {clean(host, 100)} within {patience:g} s",
        )

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            host, future = job
            try:
                found = tuple(dict.fromkeys(self._lookup(host)))
                if not found:
                    raise Failure(Kind.DNS_UNKNOWN, f"{clean(host, 100)} has no address")
                self._remember(host, _Known(self._clock.monotonic() + _FOUND_S, found, None))
                future.set_result(found)
            except Failure as failure:
                self._fail(host, future, failure)
            except (OSError, ValueError) as error:
                self._fail(host, future, dns_failure(error, host))
            finally:
                self._running.pop(host, None)

    def _fail(self, host: str, future: Future[tuple[str, ...]], failure: Failure) -> None:
        # "Try again later" is not remembered: the next attempt shall find out.
        if failure.kind is Kind.DNS_UNKNOWN:
            self._remember(host, _Known(self._clock.monotonic() + _UNKNOWN_S, (), failure))
        future.set_exception(failure)

    def _remember(self, host: str, known: _Known) -> None:
        if len(self._known) >= _REMEMBERED:
            oldest = sorted(self._known.copy().items(), key=lambda pair: pair[1].expires)
            for name, _ in oldest[: _REMEMBERED // 8]:
                self._known.pop(name, None)
        self._known[host] = known


def system_lookup(host: str) -> list[str]:
    """Ask the operating system for all addresses of ``host``, in the order it prefers."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers]


def read_hosts(path: str) -> dict[str, tuple[str, ...]]:
    """Read a file in the form of /etc/hosts: an address, then names; ``#`` comments.

    Raises:
        BadConfiguration: The file cannot be read, or a line has no address or no name.
    """
    hosts: dict[str, tuple[str, ...]] = {}
    try:
        lines = Path(path).expanduser().read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise BadConfiguration(f"[network] hosts: cannot read {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        address, *names = words
        if not names or not _is_address(address):
            raise BadConfiguration(
                f"[network] hosts: {path}, line {number}: write an address, then host names"
            )
        for name in names:
            key = name.lower().removesuffix(".")
            hosts[key] = (*hosts.get(key, ()), address)
    return hosts


def _is_address(text: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except OSError:
            continue
        return True
    return False


def _again(failure: Failure) -> Failure:
    """A fresh copy: one exception object must not be raised in two threads at once."""
    return Failure(failure.kind, failure.detail, errno=failure.errno)
