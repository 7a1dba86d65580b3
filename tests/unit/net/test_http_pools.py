"""Connections are kept, bounded, and closed without anybody waiting for it."""

from __future__ import annotations

import ssl
import threading

import pytest
from support.httpclient import LOOPBACK, fetch, http_client
from support.rawserver import RawServer, always, message

from podfetch_tui.net import pools
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.names import Names
from podfetch_tui.net.pools import Pools
from podfetch_tui.net.vetting import Dialer, Rules
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.system.clock import Clock

OK = always(message("200 OK", body=b"ok"))


def make_pools(per_host: int = 2) -> Pools:
    names = Names(clock=Clock())
    dialer = Dialer(names, Rules(parse_networks(LOOPBACK), 1.0))
    return Pools(dialer, ssl.create_default_context(), per_host=per_host)


def watch() -> Watch:
    return Watch(30, threading.Event())


def test_the_number_of_hosts_is_bounded() -> None:
    kept = make_pools()
    for number in range(2000):
        pool, conn = kept.lease(("http", f"h{number}.test", 80), watch())
        pool.give_back(conn)
        assert len(kept) <= 512
    kept.close()
    assert len(kept) == 0


def test_hosts_in_use_are_not_forgotten() -> None:
    kept = make_pools(per_host=1)
    busy, conn = kept.lease(("http", "busy.test", 80), watch())
    for number in range(2000):
        pool, other = kept.lease(("http", f"h{number}.test", 80), watch())
        pool.give_back(other)
    busy.give_back(conn)
    again, conn = kept.lease(("http", "busy.test", 80), watch())
    assert again is busy
    again.give_back(conn)
    kept.close()


def test_idle_hosts_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(OK) as server, http_client() as client:
        fetch(client, server.url())
        client._pools.drop_idle()
        assert len(client._pools) == 1
        monkeypatch.setattr(pools, "_IDLE_S", -1.0)
        client._pools.drop_idle()
        assert len(client._pools) == 0
        assert fetch(client, server.url()).body == b"ok"
    assert server.connections == 2


def test_a_pool_dropped_under_a_worker_is_replaced() -> None:
    kept = make_pools()
    origin = ("http", "a.test", 80)
    pool, conn = kept.lease(origin, watch())
    pool.close()  # as another thread would that makes room
    other, second = kept.lease(origin, watch())
    assert other is not pool
    pool.give_back(conn)
    other.give_back(second)
    kept.close()


def test_a_running_transfer_outlives_the_reset_of_its_pool() -> None:
    with (
        RawServer(always(message("200 OK", body=b"x" * 3_000_000))) as server,
        http_client() as client,
        client.open_media(server.url(), stop=threading.Event()) as stream,
    ):
        pieces = stream.chunks()
        received = len(next(pieces))
        client._pools.reset(per_host=5)
        received += sum(map(len, pieces))
    assert received == 3_000_000


def test_closing_twice_is_harmless() -> None:
    with RawServer(OK) as server, http_client() as client:
        fetch(client, server.url())
        client.close()
