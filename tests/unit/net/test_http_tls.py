"""Certificates are always checked, and what is wrong with one is said."""

from __future__ import annotations

import datetime
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from support.httpclient import download, failure_of, fetch, http_client, kind_of
from support.rawserver import Handler, Peer, RawServer, always, message

from podfetch_tui.model.errors import BadConfiguration, Kind
from podfetch_tui.net.pools import tls_context

OK = always(message("200 OK", body=b"ok"))
CA = trustme.CA()


def server_side(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return str(path)


@contextmanager
def https(leaf: trustme.LeafCert) -> Iterator[RawServer]:
    with RawServer(OK, tls=server_side(leaf)) as server:
        yield server


def test_a_trusted_host_is_fetched_over_one_connection(bundle: str) -> None:
    with (
        https(CA.issue_cert("pod.test")) as server,
        http_client(ca_bundle=bundle, resolver=lambda name: ["127.0.0.1"]) as client,
    ):
        for host in ("pod.test", "pod.test", "POD.test"):
            assert fetch(client, server.url(host=host)).body == b"ok"
    assert server.connections == 1


def test_the_name_with_its_root_dot_is_the_same_host(bundle: str) -> None:
    with (
        https(CA.issue_cert("pod.test")) as server,
        http_client(ca_bundle=bundle, resolver=lambda name: ["127.0.0.1"]) as client,
    ):
        assert fetch(client, server.url(host="pod.test.")).body == b"ok"


def test_an_expired_certificate_is_refused(bundle: str) -> None:
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    with (
        https(CA.issue_cert("127.0.0.1", not_after=past)) as server,
        http_client(ca_bundle=bundle) as client,
    ):
        failure = failure_of(client, server.url())
    assert failure.kind is Kind.TLS_CERTIFICATE
    assert "expired" in failure.detail
    assert server.requests == []


def test_a_certificate_for_another_name_is_refused(bundle: str) -> None:
    with (
        https(CA.issue_cert("other.test")) as server,
        http_client(ca_bundle=bundle, resolver=lambda name: ["127.0.0.1"]) as client,
    ):
        failure = failure_of(client, server.url(host="pod.test"))
    assert failure.kind is Kind.TLS_CERTIFICATE
    assert "pod.test" in failure.detail
    assert server.requests == []


def test_an_unknown_authority_is_refused(bundle: str) -> None:
    with (
        https(trustme.CA().issue_cert("127.0.0.1")) as server,
        http_client(ca_bundle=bundle) as client,
    ):
        assert kind_of(client, server.url()) is Kind.TLS_CERTIFICATE
    assert server.requests == []


def test_the_system_does_not_trust_the_test_authority() -> None:
    with https(CA.issue_cert("127.0.0.1")) as server, http_client() as client:
        assert kind_of(client, server.url()) is Kind.TLS_CERTIFICATE


def talks_http(peer: Peer) -> None:
    peer.sock.recv(65536)
    peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def talks_garbage(peer: Peer) -> None:
    peer.sock.recv(65536)
    peer.send(b"\x00" * 64)


def hangs_up(peer: Peer) -> None:
    peer.sock.recv(65536)


@pytest.mark.parametrize("handler", [talks_http, talks_garbage, hangs_up])
def test_a_broken_handshake_is_no_certificate_error(handler: Handler) -> None:
    with RawServer(handler) as server, http_client() as client:
        assert kind_of(client, server.url().replace("http:", "https:")) is Kind.TLS_HANDSHAKE


def test_an_old_protocol_version_is_refused(bundle: str) -> None:
    context = server_side(CA.issue_cert("127.0.0.1"))
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with RawServer(OK, tls=context) as server, http_client(ca_bundle=bundle) as client:
        assert kind_of(client, server.url()) is Kind.TLS_HANDSHAKE


def test_a_plain_client_at_a_tls_port_gets_a_failure() -> None:
    with https(CA.issue_cert("127.0.0.1")) as server, http_client() as client:
        kind = kind_of(client, server.url().replace("https:", "http:"))
    assert kind in (Kind.RESET, Kind.PROTOCOL)


def test_a_large_file_comes_whole_over_tls(bundle: str) -> None:
    body = bytes(range(256)) * 8192
    with (
        RawServer(
            always(message("200 OK", body=body)), tls=server_side(CA.issue_cert("127.0.0.1"))
        ) as server,
        http_client(ca_bundle=bundle) as client,
    ):
        assert download(client, server.url()) == body
        assert download(client, server.url()) == body
    assert server.connections == 1


def test_many_workers_handshake_with_one_context(bundle: str) -> None:
    bodies: list[bytes] = []
    with (
        https(CA.issue_cert("127.0.0.1")) as server,
        http_client(ca_bundle=bundle, per_host=8) as client,
    ):

        def work() -> None:
            bodies.append(fetch(client, server.url()).body)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bodies == [b"ok"] * 8


def test_verification_cannot_be_lost() -> None:
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_an_unusable_bundle_is_a_wrong_setting(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadConfiguration, match="ca_bundle"):
        tls_context(str(path))
