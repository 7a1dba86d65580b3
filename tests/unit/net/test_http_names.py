"""Names are looked up once at a time, with patience, and remembered a while."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.httpclient import fetch, http_client, kind_of
from support.rawserver import RawServer, always, message

from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.names import Lookup, Names, read_hosts, system_lookup


@contextmanager
def names(lookup: Lookup, *, patience: float = 5.0) -> Iterator[tuple[Names, FakeClock]]:
    clock = FakeClock()
    resolver = Names(clock=clock, lookup=lookup, patience=patience)
    try:
        yield resolver, clock
    finally:
        resolver.close()


def watch(seconds: float = 30.0) -> Watch:
    return Watch(seconds, threading.Event())


def test_an_answer_is_remembered_for_a_minute() -> None:
    asked: list[str] = []

    def lookup(host: str) -> Sequence[str]:
        asked.append(host)
        return ["192.0.2.1", "192.0.2.2", "192.0.2.1"]

    with names(lookup) as (resolver, clock):
        assert resolver.addresses("a.test", watch()) == ("192.0.2.1", "192.0.2.2")
        clock.advance(59)
        resolver.addresses("a.test", watch())
        assert len(asked) == 1
        clock.advance(2)
        resolver.addresses("a.test", watch())
        assert len(asked) == 2
        resolver.forget()
        resolver.addresses("a.test", watch())
        assert len(asked) == 3


def test_a_name_is_found_once_a_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with names(lambda _host: ["192.0.2.1"], patience=0.2) as (resolver, _):
        with monkeypatch.context() as full:
            full.setattr(threading.Thread, "start", refuse)
            with pytest.raises(Failure) as caught:
                resolver.addresses("a.test", watch())
            assert caught.value.kind is Kind.DNS_TEMPORARY
        assert resolver.addresses("b.test", watch()) == ("192.0.2.1",)
        assert resolver.addresses("a.test", watch()) == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("error", "kind", "remembered"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), Kind.DNS_UNKNOWN, True),
        (socket.gaierror(socket.EAI_NODATA, "no data"), Kind.DNS_UNKNOWN, True),
        (socket.gaierror(socket.EAI_AGAIN, "again"), Kind.DNS_TEMPORARY, False),
        (socket.gaierror(socket.EAI_FAIL, "failed"), Kind.DNS_TEMPORARY, False),
        (socket.gaierror(socket.EAI_MEMORY, "memory"), Kind.OUT_OF_MEMORY, False),
        (OSError(24, "Too many open files"), Kind.TOO_MANY_FILES, False),
        (UnicodeError("label too long"), Kind.DNS_UNKNOWN, True),
        (TimeoutError("timed out"), Kind.DNS_TEMPORARY, False),
    ],
)
def test_an_unknown_name_is_remembered_and_a_hiccup_is_not(
    error: Exception, kind: Kind, remembered: bool
) -> None:
    asked: list[str] = []

    def lookup(host: str) -> Sequence[str]:
        asked.append(host)
        raise error

    with names(lookup) as (resolver, clock):
        for _ in range(2):
            with pytest.raises(Failure) as caught:
                resolver.addresses("a.test", watch())
            assert caught.value.kind is kind
        assert len(asked) == (1 if remembered else 2)
        clock.advance(31)
        with pytest.raises(Failure):
            resolver.addresses("a.test", watch())
        assert len(asked) == (2 if remembered else 3)


def test_no_answer_at_all_is_an_unknown_name() -> None:
    with names(lambda host: []) as (resolver, _), pytest.raises(Failure) as caught:
        resolver.addresses("a.test", watch())
    assert caught.value.kind is Kind.DNS_UNKNOWN


def test_many_workers_ask_once() -> None:
    asked: list[str] = []
    go = threading.Event()

    def lookup(host: str) -> Sequence[str]:
        asked.append(host)
        go.wait(10)
        return ["192.0.2.1"]

    with names(lookup) as (resolver, _):
        found: list[Sequence[str]] = []
        began = threading.Barrier(9)

        def work() -> None:
            began.wait(10)
            found.append(resolver.addresses("a.test", watch()))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        began.wait(10)
        go.set()
        for thread in threads:
            thread.join()
    assert found == [("192.0.2.1",)] * 8
    assert len(asked) == 1


def test_a_stuck_name_server_holds_nobody() -> None:
    release = threading.Event()

    def stuck(host: str) -> Sequence[str]:
        release.wait(60)
        return ["192.0.2.1"]

    with names(stuck, patience=0.02) as (resolver, _):
        for number in range(40):  # more than there are threads
            with pytest.raises(Failure) as caught:
                resolver.addresses(f"a{number % 20}.test", watch())
            assert caught.value.kind is Kind.DNS_TEMPORARY
        release.set()


def test_a_deadline_and_a_stop_end_the_wait() -> None:
    release = threading.Event()

    def stuck(host: str) -> Sequence[str]:
        release.wait(60)
        return []

    with names(stuck) as (resolver, _):
        with pytest.raises(Failure) as caught:
            resolver.addresses("a.test", watch(0.1))
        assert caught.value.kind is Kind.DEADLINE
        stop = threading.Event()
        stop.set()
        with pytest.raises(Failure) as caught:
            resolver.addresses("a.test", Watch(30, stop))
        assert caught.value.kind is Kind.STOPPED
        release.set()


def test_what_is_remembered_is_bounded() -> None:
    with names(lambda host: ["192.0.2.1"]) as (resolver, _):
        for number in range(5000):
            resolver.addresses(f"n{number}.test", watch())
        assert resolver.remembered <= 4096


def test_the_system_knows_localhost() -> None:
    assert {"127.0.0.1", "::1"} & set(system_lookup("localhost"))


def test_a_hosts_file_comes_first(tmp_path: Path) -> None:
    def never(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    hosts = tmp_path / "hosts"
    hosts.write_text(
        "# comment\n\n127.0.0.1 Pod.Test other.test # trailing\n127.0.0.2\tsecond.test\n"
    )
    with RawServer(always(message("200 OK", body=b"ok"))) as server:
        with http_client(hosts=str(hosts), resolver=never) as client:
            for host in ("pod.test", "POD.TEST", "other.test", "pod.test."):
                assert fetch(client, server.url(host=host)).body == b"ok"
            assert kind_of(client, server.url(host="third.test")) is Kind.DNS_UNKNOWN
        with http_client(hosts=str(hosts), resolver=never, allow_private=()) as client:
            assert kind_of(client, server.url(host="pod.test")) is Kind.BLOCKED_ADDRESS


def test_a_name_may_have_several_lines(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.1 a.test\n2001:db8::1 a.test b.test\n")
    assert read_hosts(str(hosts)) == {
        "a.test": ("192.0.2.1", "2001:db8::1"),
        "b.test": ("2001:db8::1",),
    }


@pytest.mark.parametrize("text", ["192.0.2.1\n", "a.test 192.0.2.1\n", "ok\n192.0.2.999 a\n"])
def test_a_wrong_line_of_the_hosts_file_is_named(tmp_path: Path, text: str) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# first\n" + text)
    with pytest.raises(BadConfiguration, match="line 2"):
        read_hosts(str(hosts))


def test_a_missing_hosts_file_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot read"):
        read_hosts(str(tmp_path / "none"))
