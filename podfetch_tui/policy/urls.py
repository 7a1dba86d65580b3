"""Feed URLs made comparable: the same normalised URL is the same feed.

Only what cannot change where a request goes is normalised (RFC 3986 6.2.2.1, 6.2.3): case of
scheme, host and percent-encodings, IDNA, default port, empty path, fragment. Paths and
queries keep their spelling. Asks no DNS; what a name leads to is judged by ``net``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from podfetch_tui.model.text import clean
from podfetch_tui.policy.addresses import (
    Network,
    is_allowed,
    literal_address,
    port_allowed,
)

LONGEST = 8192
"""Longest URL, in characters, that is ever requested."""

_PORTS = {"http": 80, "https": 443}
_SIMPLE = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{0,61}[a-z0-9]"
    r"/[A-Za-z0-9._~/=&?+:@!$,;()*'-]*(?<!\?)\Z"
)
"""URLs that are normal as they stand, which most are: a plain name, no port, nothing encoded."""
_LOCAL_SUFFIXES = (".localhost", ".localdomain", "-localhost", "-loopback")
_EDGE = "".join(map(chr, range(0x21)))
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]*))?\Z", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_ENCODED = re.compile("%[0-9a-fA-F]{2}")
_SAFE = "%/:=&?~#+!$,;'@()*[]|^"
_NAMED = 3
"""Networks that a refusal names."""


def normalise_url(url: str, *, allow: Sequence[Network] = ()) -> str:
    """Return the normal form of a feed's URL; applied twice it changes nothing.

    Userinfo is kept: without it the feed could not be fetched. ``allow`` are the networks of
    ``network.allow_private``.

    Raises:
        ValueError: why it is refused, in a few words and without the URL's userinfo.
    """
    if _SIMPLE.match(url) and len(url) < 2048 and not _is_local(url.split("/", 3)[2]):
        return url
    url = url.strip(_EDGE).partition("#")[0].rstrip(_EDGE)
    if len(url) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    if _CONTROL.search(url):
        raise ValueError("not a URL: it holds a control character")
    scheme = _checked_scheme(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("not a URL") from None
    userinfo, _, place = parts.netloc.rpartition("@")
    match = _HOST_PORT.match(place)
    if match is None or "\\" in parts.netloc or "@" in userinfo:
        raise ValueError("not a URL: its host cannot be read")
    host = _checked_host(match[1].lower(), allow)
    port = _checked_port(match[2], scheme)
    authority = f"{_encoded(userinfo)}@{host}{port}" if userinfo else f"{host}{port}"
    query = f"?{_encoded(parts.query)}" if parts.query else ""
    return f"{scheme}://{authority}{_encoded(parts.path) or '/'}{query}"


def _checked_scheme(url: str) -> str:
    match = _SCHEME.match(url)
    if match is None or (match.end() == len(url)):
        raise ValueError("not a URL")
    scheme = match[1].lower()
    if scheme not in _PORTS:
        if "." in scheme or url[match.end() :].isdigit():  # host:port without a scheme
            raise ValueError("not a URL: it needs http:// or https:// in front")
        raise ValueError(f"wrong scheme {clean(scheme, 40)}: only http and https")
    if not url.startswith("//", match.end()):
        raise ValueError("not a URL: there is no // after its scheme")
    return scheme


def _checked_port(digits: str | None, scheme: str) -> str:
    if not digits or not digits.strip("0"):
        if digits:
            raise ValueError("port 0 is not a port")
        return ""
    port = int(digits) if len(digits) <= 12 else 10**6
    reason = port_allowed(port)
    if reason is not None:
        raise ValueError(f"port {digits[:12]} is {reason}")
    return "" if port == _PORTS[scheme] else f":{port}"


def _checked_host(host: str, allow: Sequence[Network]) -> str:
    if not host:
        raise ValueError("not a URL: there is no host")
    if not host.isascii():
        host = _ascii_host(host)
    try:
        address = literal_address(host)
    except ValueError as error:
        raise ValueError(f"blocked address {clean(host, 100)}: {error}") from None
    reason = None if address is None else is_allowed(address, allow)
    if _is_local(host) and not _loopback_opened(allow):
        reason = "loopback"
    if reason is not None:
        raise ValueError(f"blocked address {clean(host, 100)}: {reason}; {_how_to_open(allow)}")
    if address is not None:
        return f"[{address.compressed}]" if address.version == 6 else host
    if len(host) > 254 or not all(map(_LABEL.match, host.removesuffix(".").split("."))):
        raise ValueError(f"{clean(host, 100)} cannot be a host name")
    return host


def _how_to_open(allow: Sequence[Network]) -> str:
    named = ", ".join(map(str, allow[:_NAMED])) + (", …" if len(allow) > _NAMED else "")
    return (
        f"it is not among what is open (now: {named or 'none'}): network.allow_private opens it "
        "for all feeds, feeds edit --allow-private for one"
    )


def _is_local(host: str) -> bool:
    name = host.removesuffix(".")
    return name == "localhost" or name.endswith(_LOCAL_SUFFIXES)


def _loopback_opened(allow: Sequence[Network]) -> bool:
    return any(is_allowed(ip_address(ip), allow) is None for ip in ("127.0.0.1", "::1"))


def _ascii_host(host: str) -> str:
    """IDNA; what turns into an address only by that is a disguise."""
    try:
        encoded = host.encode("idna").decode("ascii").lower() if len(host) < 254 else ""
    except UnicodeError:
        encoded = ""
    if not encoded:
        raise ValueError(f"{clean(host, 100)} cannot be a host name")
    if encoded.removesuffix(".").rpartition(".")[2][:1].isdigit():
        raise ValueError(f"{clean(host, 100)} is an address in disguise")
    return encoded


def _encoded(text: str) -> str:
    """Return ``text`` in ASCII, with upper-case percent-encodings; what it means unchanged."""
    if not text.isascii() or _NOT_SAFE.search(text):
        text = quote(text, safe=_SAFE)
    return _ENCODED.sub(lambda match: match[0].upper(), text) if "%" in text else text


_NOT_SAFE = re.compile(r"[^A-Za-z0-9._~%/:=&?#+!$,;'@()*\[\]|^-]")
