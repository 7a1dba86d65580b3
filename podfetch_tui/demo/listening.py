"""Listening sockets that only this machine can reach, on as many addresses as it takes.

On Linux one socket bound to the loopback *interface* answers for all of 127.0.0.0/8, so ten
thousand hosts cost one descriptor. Where the system refuses that, each address that is asked
for gets a socket of its own; where it has 127.0.0.1 only (macOS), all addresses are that one.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
HOME = "127.0.0.1"
_BACKLOG = 4096
_SEND_BUFFER = 512 * 1024
_INTERFACE_OPTION = getattr(socket, "SO_BINDTODEVICE", None)


def open_listeners(port: int = 0) -> tuple[socket.socket, bool]:
    """Open the first listener; return it, and whether it answers for all of 127.0.0.0/8.

    Raises:
        OSError: The port is taken.
    """
    if sys.platform == "linux" and _INTERFACE_OPTION is not None:
        listener = _new_socket()
        try:
            listener.setsockopt(socket.SOL_SOCKET, _INTERFACE_OPTION, b"lo\0\0")
        except OSError:
            listener.close()  # an old kernel, or a container that forbids it
        else:
            # Safe: packets from other machines never come in through the loopback interface.
            return _listen(listener, "0.0.0.0", port), True
    return open_listener(HOME, port), False


def open_listener(address: str, port: int) -> socket.socket:
    """Open a listener on one loopback address.

    Raises:
        ValueError: The address is not a loopback address.
        OSError: The port is taken there, or the system does not have the address.
    """
    if ipaddress.ip_address(address) not in LOOPBACK:
        raise ValueError(f"the podcast host serves 127.0.0.0/8 only, not {address}")
    return _listen(_new_socket(), address, port)


def has_address(address: str) -> bool:
    """Return whether this system can serve ``address``.

    Raises:
        ValueError: The address is not a loopback address.
    """
    try:
        open_listener(address, 0).close()
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        return False
    return True


def _new_socket() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit these: a whole feed fits into one send.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)
    return listener


def _listen(listener: socket.socket, address: str, port: int) -> socket.socket:
    try:
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
