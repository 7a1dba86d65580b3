"""What is in quarantine, grouped as an operator looks at it: by cause and host."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

AT_ONE_HOST = 3
"""So many feeds that fail alike at one host speak for a trouble of the host."""

SEVERAL = ""
"""Host of a group whose feeds are alone at theirs."""


class Group(msgspec.Struct, frozen=True):
    """Feeds that failed in one way, at one host or each alone at its own."""

    cause: str
    """Code of the failure; empty: unknown."""
    host: str
    members: tuple[int, ...]
    """Places in what was grouped, in its order."""


def grouped(feeds: Sequence[tuple[str, str]]) -> list[Group]:
    """Return groups of feeds, the largest first.

    Feeds that are alone at their host in that cause form one group: eleven dead pages at eleven
    hosts are one thing to look at.

    Args:
        feeds: Cause and host of each.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(feeds):
        found.setdefault(key, []).append(place)
    alone: dict[str, list[tuple[str, int]]] = {}
    groups = []
    for (cause, host), members in found.items():
        if len(members) == 1:
            alone.setdefault(cause, []).append((host, members[0]))
        else:
            groups.append(Group(cause, host, tuple(members)))
    for cause, singles in alone.items():
        host = singles[0][0] if len(singles) == 1 else SEVERAL
        groups.append(Group(cause, host, tuple(place for _, place in singles)))
    return sorted(groups, key=lambda group: (-len(group.members), group.cause, group.host))


_HINTS = {
    "http_401": "the host wants credentials: `podfetch feeds edit FEED --auth NAME`",
    "http_403": "the host refuses us; it may take another User-Agent:"
    " `podfetch feeds edit FEED --user-agent TEXT`",
    "http_404": "it moved or is gone: e gives it another URL, X retires it",
    "http_410": "the host says it is gone for good: X retires it",
    "dns_unknown": "there is no such host any more: e gives it another URL, X retires it",
    "not_a_feed": "something else stands there: look at the answer; e gives it another URL",
    "too_large": "it is larger than allowed: `podfetch feeds edit FEED --feed-max SIZE`",
    "blocked_address": "it leads into a private network:"
    " `podfetch feeds edit FEED --allow-private CIDR`",
    "replaced": "another feed stands there: R takes it as it is, e gives it another URL",
}


def hint(cause: str, *, at_host: int = 1) -> str:
    """Return what most likely helps, in one sentence; empty where nothing can be said.

    Args:
        cause: Code of the failure.
        at_host: So many feeds fail with it at the same host.
    """
    if at_host >= AT_ONE_HOST and cause not in _HINTS:
        return f"{at_host} feeds at this host fail the same way: rather the host than the feed"
    if cause.startswith("redirect"):
        return "its redirects lead nowhere: e gives it the URL where it is now"
    if cause.startswith("tls"):
        return "its certificate is not right: that is for its owner to mend; R tries again"
    return _HINTS.get(cause, "")
