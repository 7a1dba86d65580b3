"""Which network addresses and ports a URL from a stranger may make us talk to.

A feed, an enclosure or a redirect is hostile input: without this table it could make us
knock at the operator's own machines (server-side request forgery). The table is a closed
list of what is public, because ``ipaddress.is_global`` is not: it lets multicast,
site-local, NAT64 and 6to4 addresses through, and differs between Python versions.

Pure: it looks no name up and opens nothing; ``net.vetting`` does that and asks here for
every address it is about to connect to. Sources: the IANA IPv4 and IPv6 special-purpose
address registries, RFC 6890, RFC 6052, RFC 3056, RFC 4380; the ports are those of the
Fetch standard plus the usual databases and control sockets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Union

Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network]

_DENIED_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared carrier space"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignment"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_DENIED_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("100::/64", "discard"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "protocol assignment"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3ffe::/16", "retired test network"),
        ("3fff::/20", "documentation"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

_LOWEST_OPEN_PORT = 1024
_OPEN_LOW_PORTS = frozenset((80, 443))
_DENIED_PORTS = frozenset(
    {
        *(1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659),
        *(4045, 4190, 5060, 5061, 5432, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6443, 6566),
        *(6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092, 9200, 9300, 10080, 10250),
        *(11211, 27017, 27018, 27019),
    }
)

_NUMBER = re.compile(r"(?:[0-9]+|0[xX][0-9a-fA-F]*)\Z")
_DOTTED = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})\Z")


def is_allowed(ip: str | Address, allow: Sequence[Network] = ()) -> str | None:
    """Return why ``ip`` may not be connected to, or ``None`` when it may.

    ``allow`` are networks the operator opened (``[network] allow_private``). An address
    that carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) needs both itself
    and the inner address to be allowed: opening NAT64 does not open 127.0.0.1 through it.
    """
    try:
        address = ip if isinstance(ip, (IPv4Address, IPv6Address)) else ip_address(ip)
    except ValueError:
        return "not an address"
    if isinstance(address, IPv4Address):
        if _opened(address, allow):
            return None
        return next((reason for network, reason in _DENIED_V4 if address in network), None)
    if address.scope_id is not None:
        return "scoped"
    if _opened(address, allow):
        return _inner_refusal(address, allow)
    for network, reason in _DENIED_V6:
        if address in network:
            return reason
    return None if address in _PUBLIC_V6 else "reserved"


def port_allowed(port: int) -> str | None:
    """Return why a connection to TCP ``port`` is refused, or ``None``: 80, 443, most >= 1024."""
    if not 0 < port < 65536:
        return "not a port"
    if port in _OPEN_LOW_PORTS:
        return None
    if port < _LOWEST_OPEN_PORT:
        return "a system port other than 80 and 443"
    return "the port of another service" if port in _DENIED_PORTS else None


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks of a CIDR list; a bare address is a network of one.

    Raises:
        ValueError: naming the first text that is no network; host bits must be zero.
    """
    networks: list[Network] = []
    for text in texts:
        try:
            networks.append(ip_network(text.strip()))
        except ValueError as error:
            raise ValueError(f"{text.strip()!r} is not a network: {error}") from error
    return tuple(networks)


def literal_address(host: str) -> Address | None:
    """Return the address that the host part of a URL spells, ``None`` when it is a name.

    Only the plain spellings are accepted: four decimals, or IPv6 with or without
    brackets. The others that resolvers understand (``0x7f.1``, ``2130706433``,
    ``0177.0.0.1``, ``127.1``, ``127.0.0.1.``) exist to slip past filters.

    Raises:
        ValueError: the host is an address in an unusual or impossible spelling.
    """
    if ":" in host or host.startswith("["):
        return _literal_v6(host)
    if not _ends_in_number(host):
        return None
    if not _DOTTED.match(host):
        raise ValueError("an address in an unusual spelling")
    try:
        return IPv4Address(host)
    except ValueError:
        raise ValueError("an impossible address") from None


def host_refusal(host: str, allow: Sequence[Network] = ()) -> str | None:
    """Return why the host of a URL is refused by its spelling alone, or ``None``.

    A name passes here; what it resolves to is another question (``net.vetting``).
    """
    try:
        address = literal_address(host)
    except ValueError as error:
        return str(error)
    return None if address is None else is_allowed(address, allow)


def _literal_v6(host: str) -> IPv6Address:
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return IPv6Address(inner)
    except ValueError:
        raise ValueError("an impossible address") from None


def _ends_in_number(host: str) -> bool:
    """WHATWG URL, "ends in a number checker": such a host is never a name."""
    labels = host.split(".")
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    return bool(_NUMBER.match(labels[-1]))


def _opened(address: Address, allow: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in allow)


def _inner_refusal(address: IPv6Address, allow: Sequence[Network]) -> str | None:
    inner = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFF_FFFF)
    elif address.teredo is not None:
        inner = address.teredo[1]
    return None if inner is None else is_allowed(inner, allow)
