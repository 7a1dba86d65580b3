"""What this machine knows of the network, without sending more than a question for a name."""

from __future__ import annotations

import socket
import threading

_ROUTED = {socket.AF_INET: "198.51.100.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of documentation (RFC 5737, RFC 3849): nothing is ever sent to them."""
_PORT = 53


def resolve(name: str, timeout: float) -> list[str]:
    """Return the addresses of ``name``.

    Raises:
        OSError: There are none, or no answer came in ``timeout`` seconds (``TimeoutError``).
    """
    found: list[str] = []
    errors: list[OSError] = []

    def ask() -> None:
        try:
            for *_, address in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM):
                found.append(str(address[0]))
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=ask, name="podfetch-resolve", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError(f"no answer in {timeout:g} s")
    if errors:
        raise errors[0]
    return list(dict.fromkeys(found))


def has_route(family: socket.AddressFamily) -> bool:
    """Say whether packets of a family would find a way out of this machine; none is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((_ROUTED[family], _PORT))
    except OSError:
        return False
    return True


def can_connect(host: str, port: int, timeout: float) -> OSError | None:
    """Open and close a connection; return why it could not be opened, else nothing."""
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        return error
    return None
