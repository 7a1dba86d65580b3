"""Reading what an earlier process knew of hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import bindparam, func, literal_column, select

from podfetch_tui.catalog.filter_columns import unindexed
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.schema_audit import host
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.feed import BreakerState


class HostRow(msgspec.Struct, array_like=True, frozen=True):
    """A host that is not to be asked freely."""

    name: str
    breaker: BreakerState
    opened: int
    open_until: int | None
    not_before: int | None
    last_error: str
    at: int

    @property
    def held_until(self) -> int:
        """Until when it is left alone, UTC milliseconds; may be past."""
        return max(self.open_until or 0, self.not_before or 0)


_ALL = Answer(
    lambda: (
        select(*(host.c[name] for name in HostRow.__struct_fields__))
        .where(host.c.name > bindparam("after"))
        .order_by(host.c.name)
        .limit(10_000)
    ),
    HostRow,
)

# The index of the URLs serves this: the host stands in front in them.
_ACTIVE = Statement(
    lambda: (
        select(func.count())
        .select_from(feed)
        .where(
            feed.c.url >= bindparam("first"),
            feed.c.url < bindparam("beyond"),
            unindexed(feed.c.state) == literal_column("'active'"),
        )
    )
)


def hosts(catalog: Catalog, *, after: str = "") -> list[HostRow]:
    """Return hosts with an open breaker or a time they named, by name.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return _ALL.rows(cursor, after=after)


def held_hosts(catalog: Catalog, now: int) -> Iterator[HostRow]:
    """Yield the hosts that are left alone at ``now`` (UTC milliseconds), by name.

    Raises:
        Failure: The catalogue could not be read.
    """
    after = ""
    while rows := hosts(catalog, after=after):
        after = rows[-1].name
        yield from (row for row in rows if row.held_until > now)


def active_feeds(catalog: Catalog, names: Iterable[str]) -> dict[str, int]:
    """Return how many active feeds are at each of some hosts.

    Feeds with a login in their URL are not among them.

    Raises:
        Failure: The catalogue could not be read.
    """
    found = dict.fromkeys(names, 0)
    if not found:
        return found
    with catalog.reader().cursor() as cursor:
        for name in found:
            for start in (f"http://{name}", f"https://{name}"):
                # 0 is what follows / among the characters.
                found[name] += _ACTIVE.first(cursor, first=f"{start}/", beyond=f"{start}0")[0]
    return found
