"""A URL taken apart into what a request needs, with everything dubious refused.

The one reading made here is the one that is vetted, connected to and sent, so that no
second parser can read the same text otherwise. Follows the WHATWG URL rules browsers use
where real feeds need them (blanks, tabs and newlines, non-ASCII paths) and is stricter
about hosts. Opens nothing; addresses that a name resolves to are ``net.vetting``'s.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.policy.addresses import Network, host_refusal, port_allowed

Origin = tuple[str, str, int]
"""(scheme, host, port): what credentials and connections belong to (RFC 6454)."""

_MAX_URL = 8192
_PORTS = {"http": 80, "https": 443}
_SIMPLE = re.compile(
    r"(https?)://([a-z0-9._-]+)(?::([0-9]{1,5}))?(/[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~]*)?\Z"
)
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]*))?\Z", re.ASCII)
_EDGE = "".join(map(chr, range(0x21)))
_NEWLINES = re.compile("[\t\r\n]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_PATH_SAFE = "%/:=&?~#+!$,;'@()*[]|^"
_QUERY_SAFE = _PATH_SAFE + "`{}"


class Target(NamedTuple):
    """One http or https URL, ready to be asked."""

    scheme: str
    host: str
    """ASCII, lower case; IPv6 without brackets; the root dot of a name is kept."""
    port: int
    path: str
    """Path and query as sent: printable ASCII without blanks."""
    userinfo: str = ""
    """``user:password`` as written; sent to this origin only."""

    @property
    def origin(self) -> Origin:
        """What credentials and connections belong to."""
        return (self.scheme, self.host, self.port)

    @property
    def url(self) -> str:
        """The URL without userinfo and fragment."""
        return f"{self.scheme}://{self._authority}{self.path}"

    @property
    def full_url(self) -> str:
        """The URL with its userinfo, for the place that asks it again."""
        userinfo = f"{self.userinfo}@" if self.userinfo else ""
        return f"{self.scheme}://{userinfo}{self._authority}{self.path}"

    @property
    def authorization(self) -> str | None:
        """Value of the ``Authorization`` field for the userinfo (RFC 7617)."""
        if not self.userinfo:
            return None
        return "Basic " + base64.b64encode(unquote_to_bytes(self.userinfo)).decode("ascii")

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str, allow: Sequence[Network] = ()) -> Target:
    """Take a URL apart and refuse what may not be asked, before any packet is sent.

    Raises:
        Failure: BLOCKED_SCHEME, BLOCKED_ADDRESS, BLOCKED_PORT, or DNS_UNKNOWN for a host
            that cannot be a name.
    """
    simple = _SIMPLE.match(url) if len(url) <= _MAX_URL else None
    if simple is None:
        return _parse_any(url, allow)
    scheme, host, digits, path = simple.groups()
    port = _checked_port(digits, scheme)
    return Target(scheme, _checked_host(host, allow), port, path or "/")


def join_location(base: Target, location: str, allow: Sequence[Network] = ()) -> Target:
    """Return where a ``Location`` field leads from ``base`` (RFC 9110 10.2.2).

    The userinfo of ``base`` is kept on the same origin and dropped on any other; a
    ``Location`` that brings userinfo of its own is refused: credentials are never taken
    from strangers.

    Raises:
        Failure: REDIRECT_BAD, or what :func:`parse_target` raises.
    """
    try:
        # http.client reads fields as Latin-1; servers send UTF-8 (RFC 9110 5.5).
        location = location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        pass
    location = _NEWLINES.sub("", location.strip(_EDGE))
    try:
        url = urljoin(base.url, location)
    except ValueError:
        url = ""
    if not location or not url:
        raise Failure(Kind.REDIRECT_BAD, f"redirected to no URL: {clean(location, 100)}")
    target = parse_target(url, allow)
    if target.userinfo:
        raise Failure(Kind.REDIRECT_BAD, "redirected to a URL that brings credentials")
    if base.userinfo and target.origin == base.origin:
        return target._replace(userinfo=base.userinfo)
    return target


def _parse_any(url: str, allow: Sequence[Network]) -> Target:
    url = _NEWLINES.sub("", url.strip(_EDGE))
    scheme = _checked_scheme(url)
    if len(url) > _MAX_URL:
        raise Failure(Kind.BLOCKED_SCHEME, f"the URL is longer than {_MAX_URL} characters")
    try:
        parts = urlsplit(url)
        netloc, path, query = parts.netloc, parts.path, parts.query
    except ValueError:
        raise Failure(Kind.BLOCKED_SCHEME, "not a URL") from None
    userinfo, _, hostport = netloc.rpartition("@")
    match = _HOST_PORT.match(hostport)
    if match is None:
        raise Failure(Kind.BLOCKED_ADDRESS, f"{clean(hostport, 100)} is no host and port")
    port = _checked_port(match[2], scheme)
    host = _checked_host(match[1].lower(), allow)
    path = quote(path, safe=_PATH_SAFE) or "/"
    if query:
        path += "?" + quote(query, safe=_QUERY_SAFE)
    return Target(scheme, host, port, path, _checked_userinfo(userinfo))


def _checked_scheme(url: str) -> str:
    match = _SCHEME.match(url)
    if match is None:
        raise Failure(Kind.BLOCKED_SCHEME, "the URL has no scheme")
    scheme = match[1].lower()
    if scheme not in _PORTS:
        raise Failure(Kind.BLOCKED_SCHEME, f"only http and https, not {clean(scheme, 40)}:")
    if not url.startswith("//", match.end()):
        raise Failure(Kind.BLOCKED_SCHEME, "the URL has no host")
    return scheme


def _checked_port(digits: str | None, scheme: str) -> int:
    if not digits:
        return _PORTS[scheme]
    port = int(digits) if len(digits) < 6 else 0
    reason = port_allowed(port)
    if reason is not None:
        raise Failure(Kind.BLOCKED_PORT, f"port {digits[:20]} is {reason}")
    return port


def _checked_host(host: str, allow: Sequence[Network]) -> str:
    if not host:
        raise Failure(Kind.BLOCKED_SCHEME, "the URL has no host")
    if not host.isascii():
        host = _ascii_host(host)
    reason = host_refusal(host, allow)
    if reason is not None:
        raise Failure(Kind.BLOCKED_ADDRESS, f"{clean(host, 100)} is {reason}")
    if host.startswith("["):
        return host[1:-1]
    if len(host) > 254 or not all(map(_LABEL.match, host.removesuffix(".").split("."))):
        raise Failure(Kind.DNS_UNKNOWN, f"{clean(host, 100)} cannot be a host name")
    return host


def _ascii_host(host: str) -> str:
    """IDNA; what turns into an address only by that is a disguise."""
    try:
        encoded = host.encode("idna").decode("ascii").lower() if len(host) < 254 else ""
    except UnicodeError:
        encoded = ""
    if not encoded:
        raise Failure(Kind.DNS_UNKNOWN, f"{clean(host, 100)} cannot be a host name")
    if encoded.removesuffix(".").rpartition(".")[2][:1].isdigit():
        raise Failure(Kind.BLOCKED_ADDRESS, f"{clean(host, 100)} is an address in disguise")
    return encoded


def _checked_userinfo(userinfo: str) -> str:
    if len(userinfo) > 1024 or "\\" in userinfo or "@" in userinfo:
        raise Failure(Kind.BLOCKED_SCHEME, "the user name of the URL is malformed")
    return userinfo
