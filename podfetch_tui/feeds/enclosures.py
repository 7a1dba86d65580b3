"""Enclosure URLs made comparable: is this the file it was at the last poll?

Hosts put tracking services in front of their URLs and take them away again, move from
http to https, and sign every answer anew. The comparable form forgets all of that. It
is never requested: what is fetched is always the feed's own URL.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_TRACKERS = frozenset(
    {
        "2.gum.fm", "gum.fm", "s.gum.fm", "adbarker.com", "arttrk.com", "backtracks.fm",
        "chrt.fm", "chtbl.com", "claritaspod.com", "clrtpod.com", "cohst.app",
        "dts.podtrac.com", "www.podtrac.com", "podtrac.com", "play.podtrac.com",
        "flex.acast.com", "growx.podkite.com", "media.blubrry.com", "media.rawvoice.com",
        "mgln.ai", "op3.dev", "pdcn.co", "pdrl.fm", "pdst.fm", "pfx.veritonicmetrics.com",
        "pfx.vpixl.com", "pinecast.com", "pixel.magellan.ai", "podpod.tech", "podsights.com",
        "prefix.up.audio", "prfx.byspotify.com", "pscrb.fm", "r.zen.ai", "swap.fm",
        "tracking.feedpress.it", "tracking.feedpress.com", "tracking.swap.fm", "trk.pdst.fm",
        "verifi.podscribe.com", "vpixl.com", "zen.ai",
    }
)  # fmt: skip
"""Hosts that only count and redirect; the real host follows in the path."""

_VOLATILE = frozenset(
    {
        "_", "aid", "awcollectionid", "awepisodeid", "awsaccesskeyid", "client_source",
        "client-source", "dest-id", "dest_id", "dist", "exp", "expires", "hdnea", "hdnts",
        "hmac", "key-pair-id", "listeningsessionid", "modified", "nocache", "policy", "ref",
        "referrer", "rss", "rss_browser", "sid", "sig", "signature", "source", "tk", "token",
        "ts", "uid", "updated", "ver", "version",
    }
)  # fmt: skip
"""Query parts, lower case, that change while the file stays the same. Single letters are
not among them: at one host they count, at another they are the episode."""

_SIGNATURES = frozenset(
    {
        "awsaccesskeyid", "exp", "expires", "hdnea", "hdnts", "hmac", "key-pair-id", "policy",
        "sig", "signature", "tk", "token",
    }
)  # fmt: skip
"""Query parts, lower case, with which a host lets a URL expire."""

_HOST = re.compile(r"(?i)(?!redirect\.)(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?")
_SCHEME = re.compile(r"(?i)https?(?::|%3a)(?:/|%2f)*")
_MOST_PREFIXES = 10


def normalise_enclosure(url: str) -> str:
    """Return the comparable form of an enclosure URL.

    Scheme and host in lower case, https as http, no default port, no credentials, no
    fragment, no tracking services in front and no volatile query parts. A URL of
    another scheme comes back trimmed.
    """
    scheme, separator, rest = url.strip().partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return url.strip()
    rest = rest.partition("#")[0]
    location, _, query = rest.partition("?")
    host, _, path = location.partition("/")
    host = _plain_host(host)
    for _ in range(_MOST_PREFIXES):
        if host not in _TRACKERS:
            break
        inner = _inner(path) or _inner(query)
        if inner is None:
            break
        host, path = inner
    query = _steady(query) if query and not _SCHEME.match(query) else ""
    path = path.replace(" ", "%20")
    return f"http://{host}/{path}?{query}" if query else f"http://{host}/{path}"


def may_expire(url: str) -> bool:
    """Say whether a URL carries a signature, so that a refusal may mean that it is too old."""
    query = url.partition("#")[0].partition("?")[2]
    names = [part.partition("=")[0].lower() for part in query.split("&")]
    return any(name in _SIGNATURES or name.startswith(("x-amz-", "x-goog-")) for name in names)


def _plain_host(host: str) -> str:
    """Host in lower case without credentials, default port and trailing dot."""
    host = host.rpartition("@")[2].lower()
    if host.endswith((":80", ":443")):
        host = host.rpartition(":")[0]
    return host.rstrip(".")


def _inner(path: str) -> tuple[str, str] | None:
    """Host and path of the URL that a tracking service carries in its own path."""
    segments = path.split("/")
    for index, segment in enumerate(segments):
        if _SCHEME.match(segment):
            whole = "/".join(segments[index:])
            address = _SCHEME.sub("", whole if "/" in whole else unquote(whole), count=1)
            host, _, rest = address.partition("/")
            return _plain_host(host), rest
        if index < len(segments) - 1 and _HOST.fullmatch(segment):
            return _plain_host(segment), "/".join(segments[index + 1 :])
    return None


def _steady(query: str) -> str:
    """The query without the parts that change while the file stays the same."""
    return "&".join(
        part
        for part in query.split("&")
        if (name := part.partition("=")[0].lower()) not in _VOLATILE
        and not name.startswith(("utm_", "x-amz-", "x-goog-"))
    )
