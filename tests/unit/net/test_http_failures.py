"""Every exception of the libraries below has its word, and nobody is blamed for us."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl

import pytest
import urllib3.exceptions

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.net.failures import (
    TRANSFER_ERRORS,
    connect_failure,
    dns_failure,
    handshake_failure,
    transfer_failure,
)


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


SYSTEM = {
    errno.EMFILE: Kind.TOO_MANY_FILES,
    errno.ENFILE: Kind.TOO_MANY_FILES,
    errno.ENOMEM: Kind.OUT_OF_MEMORY,
    errno.ENOBUFS: Kind.OUT_OF_MEMORY,
    errno.ENETDOWN: Kind.NETWORK_DOWN,
}


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *SYSTEM.items(),
        (errno.ECONNREFUSED, Kind.CONNECT_REFUSED),
        (errno.ETIMEDOUT, Kind.CONNECT_TIMEOUT),
        (errno.EHOSTUNREACH, Kind.UNREACHABLE),
        (errno.ENETUNREACH, Kind.UNREACHABLE),
        (errno.EADDRNOTAVAIL, Kind.UNREACHABLE),
        (errno.EAFNOSUPPORT, Kind.UNREACHABLE),
        (errno.EPERM, Kind.UNREACHABLE),
        (errno.EACCES, Kind.UNREACHABLE),
        (errno.ECONNRESET, Kind.RESET),
        (errno.EINVAL, Kind.UNREACHABLE),
    ],
)
def test_a_failed_connection_is_named(number: int, kind: Kind) -> None:
    failure = connect_failure(os_error(number))
    assert (failure.kind, failure.errno) == (kind, number)
    assert failure.detail


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((os_error(number), kind) for number, kind in SYSTEM.items()),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Kind.RESET),
        (BrokenPipeError(errno.EPIPE, "pipe"), Kind.RESET),
        (TimeoutError("timed out"), Kind.READ_TIMEOUT),
        (os_error(errno.ETIMEDOUT), Kind.READ_TIMEOUT),
        (os_error(errno.EINVAL), Kind.RESET),
        (ssl.SSLError(1, "[SSL: DECRYPTION_FAILED] bad record mac"), Kind.RESET),
        (ssl.SSLEOFError(8, "EOF occurred"), Kind.RESET),
        (http.client.RemoteDisconnected("gone"), Kind.RESET),
        (http.client.IncompleteRead(b"x", 5), Kind.SHORT_BODY),
        (http.client.BadStatusLine("x"), Kind.PROTOCOL),
        (http.client.LineTooLong("trailer line"), Kind.PROTOCOL),
        (http.client.HTTPException("odd"), Kind.PROTOCOL),
        (http.client.InvalidURL("odd"), Kind.PROTOCOL),
        (urllib3.exceptions.HTTPError("odd"), Kind.PROTOCOL),
        (urllib3.exceptions.LocationParseError("odd"), Kind.PROTOCOL),
        (UnicodeEncodeError("latin-1", "ü", 0, 1, "odd"), Kind.PROTOCOL),
        (ValueError("odd\x1b[31m"), Kind.PROTOCOL),
        (MemoryError(), Kind.OUT_OF_MEMORY),
    ],
)
def test_a_broken_transfer_is_named(error: Exception, kind: Kind) -> None:
    assert isinstance(error, TRANSFER_ERRORS)
    failure = transfer_failure(error)
    assert failure.kind is kind
    assert failure.detail.isprintable()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), Kind.TLS_CERTIFICATE),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version"), Kind.TLS_HANDSHAKE),
        (ssl.SSLEOFError(8, "EOF occurred"), Kind.TLS_HANDSHAKE),
        (TimeoutError("_ssl.c: The handshake operation timed out"), Kind.CONNECT_TIMEOUT),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Kind.RESET),
        (os_error(errno.EMFILE), Kind.TOO_MANY_FILES),
        (os_error(errno.EINVAL), Kind.TLS_HANDSHAKE),
        (ValueError("server_hostname cannot be an empty string"), Kind.TLS_HANDSHAKE),
    ],
)
def test_a_failed_handshake_is_named(error: Exception, kind: Kind) -> None:
    assert handshake_failure(error).kind is kind


def test_a_failure_stays_what_it_is() -> None:
    failure = Failure(Kind.BOMB, "x")
    assert transfer_failure(failure) is failure


def test_the_name_in_a_lookup_failure_is_cleaned() -> None:
    error = socket.gaierror(socket.EAI_NONAME, "unknown")
    assert "\x1b" not in dns_failure(error, "a\x1b[31m.test").detail


@pytest.mark.parametrize("number", range(1, 134))
def test_no_network_error_is_taken_for_a_broken_disk(number: int) -> None:
    stop = {Kind.IO_ERROR, Kind.DISK_FULL, Kind.READ_ONLY, Kind.PERMISSION, Kind.BUG}
    for name in (connect_failure, handshake_failure, transfer_failure):
        assert name(os_error(number)).kind not in stop
