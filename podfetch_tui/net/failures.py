"""What sockets, TLS, DNS and HTTP raise, said in the words of :class:`Kind`.

One function for each phase, because the same exception means different things in each:
a timeout while connecting is the host's silence, a timeout while reading is a stalled
body. Only facts are named here; ``policy.classify`` judges them.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl

import urllib3.exceptions

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean

TRANSFER_ERRORS = (
    OSError,
    http.client.HTTPException,
    urllib3.exceptions.HTTPError,
    ValueError,
    MemoryError,
)
"""All that can come out of a request or a body; ValueError is how ``http.client`` and
``email`` report some malformed answers."""

LOCAL_ERRNOS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENETDOWN))
"""Errors of this machine: the next address would fail alike, and no host is to blame."""

_BY_ERRNO: dict[int, tuple[Kind, str]] = {
    errno.EMFILE: (Kind.TOO_MANY_FILES, "no file descriptor left for a connection"),
    errno.ENFILE: (Kind.TOO_MANY_FILES, "the system has no file descriptor left"),
    errno.ENOMEM: (Kind.OUT_OF_MEMORY, "no memory for a connection"),
    errno.ENOBUFS: (Kind.OUT_OF_MEMORY, "no buffer space for a connection"),
    errno.ENETDOWN: (Kind.NETWORK_DOWN, "our network is down"),
    errno.ECONNREFUSED: (Kind.CONNECT_REFUSED, "the host refuses connections"),
    errno.EHOSTUNREACH: (Kind.UNREACHABLE, "no route to the host"),
    errno.ENETUNREACH: (Kind.UNREACHABLE, "no route to the host's network"),
    errno.EHOSTDOWN: (Kind.UNREACHABLE, "the host is down"),
    errno.EADDRNOTAVAIL: (Kind.UNREACHABLE, "no local address reaches the host"),
    errno.EAFNOSUPPORT: (Kind.UNREACHABLE, "this address family is not available here"),
    errno.EACCES: (Kind.UNREACHABLE, "a local firewall forbids the connection"),
    errno.EPERM: (Kind.UNREACHABLE, "a local firewall forbids the connection"),
    errno.ECONNRESET: (Kind.RESET, "the host reset the connection"),
    errno.ECONNABORTED: (Kind.RESET, "the connection was aborted"),
    errno.EPIPE: (Kind.RESET, "the host closed the connection"),
    errno.ENOTCONN: (Kind.RESET, "the connection was lost"),
    errno.ESHUTDOWN: (Kind.RESET, "the connection was lost"),
}

_UNKNOWN_NAMES = frozenset(
    code
    for code in (
        getattr(socket, name, None)
        for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY", "EAI_FAMILY", "EAI_SERVICE")
    )
    if code is not None
)


def dns_failure(error: Exception, host: str) -> Failure:
    """Return the failure of a name lookup (``socket.gaierror``, ``OSError``, Unicode errors)."""
    name = clean(host, 100)
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, TimeoutError):
        return Failure(Kind.DNS_TEMPORARY, f"the name server did not answer for {name}")
    if isinstance(error, socket.gaierror):
        if number == socket.EAI_MEMORY:
            return Failure(Kind.OUT_OF_MEMORY, "no memory for a name lookup", errno=number)
        if number in _UNKNOWN_NAMES:
            return Failure(Kind.DNS_UNKNOWN, f"there is no host {name}", errno=number)
        return Failure(Kind.DNS_TEMPORARY, f"the name server failed for {name}", errno=number)
    if number in LOCAL_ERRNOS:
        return _by_errno(error, Kind.DNS_TEMPORARY)
    if isinstance(error, UnicodeError):
        return Failure(Kind.DNS_UNKNOWN, f"{name} cannot be a host name")
    return Failure(Kind.DNS_TEMPORARY, f"the name lookup failed for {name}", errno=number)


def connect_failure(error: OSError) -> Failure:
    """Return the failure of a TCP connection attempt."""
    if isinstance(error, TimeoutError):  # also ETIMEDOUT of the kernel
        return Failure(
            Kind.CONNECT_TIMEOUT, "the host does not answer connections", errno=error.errno
        )
    return _by_errno(error, Kind.UNREACHABLE)


def handshake_failure(error: Exception) -> Failure:
    """Return the failure of a TLS handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = clean(getattr(error, "verify_message", "") or str(error), 200)
        return Failure(Kind.TLS_CERTIFICATE, f"certificate refused: {reason}")
    if isinstance(error, ssl.SSLError):
        return Failure(Kind.TLS_HANDSHAKE, f"TLS handshake failed: {_tls_reason(error)}")
    if isinstance(error, TimeoutError):
        return Failure(Kind.CONNECT_TIMEOUT, "the host does not finish the TLS handshake")
    if isinstance(error, OSError):
        return _by_errno(error, Kind.TLS_HANDSHAKE)
    return Failure(Kind.TLS_HANDSHAKE, f"TLS handshake failed: {clean(str(error), 120)}")


def transfer_failure(error: BaseException) -> Failure:
    """Return the failure of sending a request or reading an answer."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, http.client.HTTPException):
        return _http_failure(error)
    if isinstance(error, ssl.SSLError):
        # The handshake is over: this is the connection breaking under TLS.
        return Failure(Kind.RESET, f"TLS broke off: {_tls_reason(error)}")
    if isinstance(error, TimeoutError):
        return Failure(Kind.READ_TIMEOUT, "the host stopped sending", errno=error.errno)
    if isinstance(error, OSError):
        return _by_errno(error, Kind.RESET)
    if isinstance(error, MemoryError):
        return Failure(Kind.OUT_OF_MEMORY, "no memory for the answer")
    return Failure(Kind.PROTOCOL, f"malformed answer: {clean(str(error), 160)}")


def _http_failure(error: http.client.HTTPException) -> Failure:
    if isinstance(error, http.client.RemoteDisconnected):
        return Failure(Kind.RESET, "the host closed the connection without an answer")
    if isinstance(error, http.client.IncompleteRead):
        # http.client says both with one exception; at the end of the stream the chunk
        # size it could not read is the empty text.
        cause = error.__context__
        if isinstance(cause, ValueError) and not str(cause).endswith(": b''"):
            return Failure(Kind.PROTOCOL, "the chunked body has no valid chunk size")
        return Failure(Kind.SHORT_BODY, "the body ended early")
    return Failure(Kind.PROTOCOL, f"malformed answer: {clean(str(error), 160)}")


def _tls_reason(error: ssl.SSLError) -> str:
    # Set by the ssl module's C code only, whatever the stubs say.
    return clean(str(getattr(error, "reason", None) or error), 120)


def _by_errno(error: Exception, otherwise: Kind) -> Failure:
    number = error.errno if isinstance(error, OSError) else None
    kind, detail = _BY_ERRNO.get(number or 0, (otherwise, ""))
    return Failure(kind, detail or clean(str(error), 160), errno=number)
