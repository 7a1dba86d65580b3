"""Which host a URL belongs to, for lanes, spacing and breakers."""

from __future__ import annotations

import contextlib
from functools import lru_cache
from urllib.parse import urlsplit

_KEPT = 4096
"""URLs whose host is remembered: a job asks for it ten times, and about so many are in hand."""


@lru_cache(_KEPT)
def host_of(url: str) -> str:
    """Return ``host`` or ``host:port`` of ``url`` in lower case; empty if there is none.

    The port counts: two servers on one address are two hosts.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
        port = parts.port
    except ValueError:
        return ""
    if not host.isascii():
        with contextlib.suppress(UnicodeError):  # nobody asks what cannot be a name
            host = host.encode("idna").decode("ascii").lower()
    default = {"http": 80, "https": 443}.get(parts.scheme.lower())
    return host if port in (None, default) else f"{host}:{port}"
