"""What is in quarantine, grouped as an operator looks at it: by cause and host."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

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
