"""Where a request goes from redirect to redirect, and what may be remembered of it.

Pure: it decides where the next hop leads and when to stop, and asks nothing itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.net.headers import Fields
from podfetch_tui.net.target import Target, join_location
from podfetch_tui.policy.addresses import Network

REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PERMANENT = frozenset((301, 308))


class Trail:
    """The hops of one request."""

    def __init__(self, start: Target, *, max_redirects: int, allow: Sequence[Network]) -> None:
        """Begin at ``start``.

        Args:
            start: The URL that was asked for.
            max_redirects: Hops followed before giving up.
            allow: Networks the operator opened.
        """
        self.target = start
        """Where the request stands now."""
        self.at_home = True
        """No hop led to another origin, but for the change from http to https of one host."""
        self._hops: tuple[tuple[int, str], ...] = ()
        self._max = max_redirects
        self._allow = allow
        self._start = start
        self._seen: set[str] = set()
        self._permanent = True

    @property
    def hops(self) -> tuple[tuple[int, str], ...]:
        """(status, URL it led to) of every redirect followed, in order."""
        return self._hops

    @property
    def downgraded(self) -> bool:
        """Whether a hop led from https to http."""
        if not self._hops:
            return False
        urls = (self._start.url, *(url for _, url in self._hops))
        return any(
            before.startswith("https:") and after.startswith("http:")
            for before, after in itertools.pairwise(urls)
        )

    @property
    def permanent_url(self) -> str | None:
        """The URL to ask from now on, when every hop said so (RFC 9110 15.4.2, 15.4.9).

        ``None`` without a redirect, after a downgrade to http, and when the credentials
        of the URL could not come along.
        """
        if not self._hops or not self._permanent or self.downgraded:
            return None
        if self._start.userinfo and not self.target.userinfo:
            return None
        return self.target.full_url

    def follow(self, status: int, fields: Fields) -> Target:
        """Return the next hop after a redirect answer.

        Raises:
            Failure: REDIRECT_BAD, REDIRECT_LOOP, REDIRECT_LIMIT, or what refuses the URL.
        """
        location = fields.get("location")
        if not location:
            raise Failure(Kind.REDIRECT_BAD, "redirected without a Location", status=status)
        if len(self._hops) >= self._max:
            raise Failure(Kind.REDIRECT_LIMIT, f"more than {self._max} redirects", status=status)
        target = join_location(self.target, location, self._allow)
        self._seen.add(self.target.url)
        if target.url in self._seen:
            raise Failure(Kind.REDIRECT_LOOP, "redirected in a circle", status=status)
        self._hops += ((status, target.url),)
        self._permanent = self._permanent and status in _PERMANENT
        self.at_home = self.at_home and _is_home(self._start, target)
        self.target = target
        return target


def _is_home(start: Target, target: Target) -> bool:
    if start.origin == target.origin:
        return True
    upgraded = (start.scheme, start.port, target.scheme, target.port) == ("http", 80, "https", 443)
    return upgraded and start.host == target.host
