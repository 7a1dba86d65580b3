"""Odd heads of answers are read as browsers read them, or refused; never misread."""

from __future__ import annotations

import pytest
from support.httpclient import failure_of, fetch, http_client, kind_of
from support.rawserver import Peer, RawServer, always, message

from podfetch_tui.model.errors import Kind

OK = message("200 OK", body=b"ok")


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1  200  Fine \xff\r\ncontent-LENGTH:2\r\n\r\nok",
        b"HTTP/1.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nno field at all\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n folded: on\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n folded first\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\nContent-Length : 2 \r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked \r\n\r\n2;ext=1\r\nok\r\n0\r\nT: t\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n"
        b"2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 P\r\n\r\n" + OK,
    ],
)
def test_an_odd_answer_is_understood_and_its_connection_kept(reply: bytes) -> None:
    with RawServer(always(reply)) as server, http_client() as client:
        assert fetch(client, server.url()).body == b"ok"
        assert fetch(client, server.url()).body == b"ok"
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_host_that_closes_is_not_kept(reply: bytes) -> None:
    with RawServer(always(reply)) as server, http_client() as client:
        for _ in range(2):
            assert fetch(client, server.url()).body == b"ok"
    assert server.connections == 2


def test_an_old_host_may_keep_its_connection() -> None:
    reply = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
    with RawServer(always(reply)) as server, http_client() as client:
        for _ in range(2):
            assert fetch(client, server.url()).body == b"ok"
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"<html>hello</html>\n",
        b"\r\n\r\n",
        b"\x00" * 100 + b"\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 103 Early\r\n\r\n" * 20,
    ],
)
def test_an_answer_that_is_not_http_is_a_protocol_failure(reply: bytes) -> None:
    with RawServer(always(reply)) as server, http_client() as client:
        failure = failure_of(client, server.url())
    assert failure.kind is Kind.PROTOCOL
    assert failure.detail.isprintable()


def test_endless_fields_end_in_bounded_memory() -> None:
    sent = 0

    def endless(peer: Peer) -> None:
        nonlocal sent
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            peer.send(b"X-Padding: " + b"y" * 8000 + b"\r\n")
            sent += 8013

    with RawServer(endless) as server, http_client() as client:
        assert kind_of(client, server.url()) is Kind.PROTOCOL
    assert sent < 50_000_000


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Len"]
)
def test_a_head_cut_short_is_a_lost_connection(head: bytes) -> None:
    def cuts(peer: Peer) -> None:
        peer.request()
        peer.send(head)

    with RawServer(cuts) as server, http_client() as client:
        assert kind_of(client, server.url()) is Kind.RESET


def test_of_repeated_fields_the_first_holds_and_lists_add_up() -> None:
    reply = message(
        "200 OK",
        'ETag: "first"',
        'ETag: "second"',
        "Cache-Control: public",
        "Cache-Control: max-age=5",
        "Content-Type: text/xml;",
        "  charset=utf-8",
    )
    with RawServer(always(reply)) as server, http_client() as client:
        result = fetch(client, server.url())
    assert result.validators.etag == '"first"'
    assert result.max_age_s == 5
    assert result.content_type == "text/xml; charset=utf-8"


def test_field_text_from_strangers_is_cleaned() -> None:
    reply = message("200 OK", "Content-Type: text/\x1b[31mxml", "Content-Location: /a\x07b")
    with RawServer(always(reply)) as server, http_client() as client:
        result = fetch(client, server.url())
    assert (result.content_type, result.content_location) == ("text/ [31mxml", "/a b")
