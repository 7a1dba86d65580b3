"""Which hosts are reached without the proxy, and what may be one.

Pure. The environment has no say here: what ``HTTP_PROXY`` holds was meant for other programs,
and a daemon that obeys it today and not tomorrow is hard to understand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from podfetch_tui.policy.addresses import Network, parse_networks

_NAME = re.compile(r"\.?(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\.?\Z")


class Bypass(NamedTuple):
    """``[network] no_proxy``, read."""

    hosts: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    """With a dot in front; the domain itself is meant as well."""
    networks: tuple[Network, ...] = ()

    def covers(self, host: str) -> bool:
        """Return whether ``host`` (lower case, IPv6 without brackets) is reached directly.

        Networks are for hosts written as addresses: no name is looked up for this.
        """
        name = host.removesuffix(".")
        if name in self.hosts or f".{name}".endswith(self.domains):
            return True
        if not self.networks:
            return False
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address.version == net.version and address in net for net in self.networks)


def parse_bypass(words: Iterable[str]) -> Bypass:
    """Read hosts, ``.domains``, addresses and networks (CIDR).

    Raises:
        ValueError: naming the first word that is none of these.
    """
    hosts: set[str] = set()
    domains: list[str] = []
    networks: list[Network] = []
    for word in words:
        text = word.strip().lower()
        try:
            networks += parse_networks((text.strip("[]"),))
            continue
        except ValueError as error:
            if not _NAME.match(text) or "/" in text or text.removesuffix(".")[-1:].isdigit():
                raise ValueError(f"{word!r} is no host, .domain or network") from error
        if text.startswith("."):
            domains.append(text.removesuffix("."))
        else:
            hosts.add(text.removesuffix("."))
    return Bypass(frozenset(hosts), tuple(domains), tuple(networks))


class ProxyPlace(NamedTuple):
    """``[network] proxy``, read."""

    host: str
    port: int
    user: str = ""
    password: str = ""


def parse_proxy(url: str) -> ProxyPlace:
    """Take the URL of a proxy apart.

    Raises:
        ValueError: one sentence that says what was expected, without the URL.
    """
    parts = urlsplit(url)
    if parts.scheme != "http":
        raise ValueError("a proxy is spoken to in plain HTTP: write http://host:port")
    if (
        not (parts.hostname and parts.hostname.isascii())
        or parts.path not in ("", "/")
        or parts.query
    ):
        raise ValueError("expected http://host:port, or http://user:password@host:port")
    return ProxyPlace(
        parts.hostname,
        parts.port or 80,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
