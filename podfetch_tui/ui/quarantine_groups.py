"""Feeds in quarantine by cause and host: the groups as rows of a table, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from textual.content import Content

from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.model.text import counted
from podfetch_tui.policy.advice import complete, remedy
from podfetch_tui.policy.quarantine_groups import SEVERAL, grouped
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.quarantine_rows import QuarantineRow, ago, host_state
from podfetch_tui.ui.widgets.columns import Cell, Column
from podfetch_tui.ui.widgets.text import line

WAYS = ("", "cause and host", "cause", "host")
"""Ways to group, in the order of the key; the first is not to."""
COLUMNS = (
    Column(label="Feeds", width=6, right=True),
    Column(label="Cause", width=20),
    Column(label="Host", width=28),
    Column(label="First", width=6, right=True, from_width=76),
    Column(label="Last", width=6, right=True),
    Column(label="Host now"),
)
_NAMED = 3


class GroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """One group."""

    number: int
    """What the table knows it by: that of its first feed."""
    cause: str
    """Empty: several."""
    host: str
    """Empty: several."""
    members: tuple[QuarantineRow, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """The feeds."""
        return tuple(row.id for row in self.members)

    @property
    def where(self) -> str:
        """The host, or that they are several."""
        return "several hosts" if self.host == SEVERAL else self.host

    @property
    def what(self) -> str:
        """The cause, or that they are several."""
        return self.cause or "several causes"

    @property
    def filter(self) -> str:
        """Filter that shows these feeds."""
        has_code = self.cause.replace("_", "").isalnum()  # else it is a reason in words
        parts = (f"err:{self.cause}" if has_code else "", f"host:{self.host}" if self.host else "")
        return " ".join(part for part in parts if part)


def group_rows(rows: Sequence[QuarantineRow], way: str) -> list[GroupRow]:
    """Return the groups, the largest first.

    Args:
        rows: Every feed in quarantine.
        way: One of :data:`WAYS`.
    """
    by_cause, by_host = "cause" in way, "host" in way
    keys = [
        ((row.cause or row.reason) if by_cause else "", row.host if by_host else "") for row in rows
    ]
    found = []
    for group in grouped(keys):
        members = tuple(rows[place] for place in group.members)
        causes = {row.cause or row.reason for row in members}
        hosts = {row.host for row in members}
        found.append(
            GroupRow(
                number=min(row.id for row in members),
                cause=causes.pop() if len(causes) == 1 else "",
                host=hosts.pop() if len(hosts) == 1 else SEVERAL,
                members=members,
            )
        )
    return found


def cells_with(
    glyphs: Glyphs, now: Callable[[], EngineSnapshot]
) -> Callable[[GroupRow], Sequence[Cell]]:
    """Return the function that gives the cells of one group."""

    def cells(row: GroupRow) -> Sequence[Cell]:
        snapshot = now()
        moments = sorted(one.since for one in row.members)
        state = host_state(row.host, snapshot)
        return (
            (count(len(row.members)), "strong"),
            (f"{glyphs.held} {row.what}", "bad"),
            (row.where, "plain"),
            (ago(moments[0], snapshot.at), "muted"),
            (ago(moments[-1], snapshot.at), "muted"),
            (state, "warning"),
        )

    return cells


def details(row: GroupRow, now: EngineSnapshot, program: str) -> list[Content]:
    """Return what is known of a group, and what to do; ``program`` is how it is called."""
    number = len(row.members)
    names = ", ".join(one.name for one in row.members[:_NAMED])
    more = f" and {count(number - _NAMED)} more" if number > _NAMED else ""
    lines = [
        line((f"{counted(number, 'feed')}: {row.what} · {row.where}", "bold")),
        line(names, (more, "$quiet")),
        line(("R, z, X, t are for all of them; enter shows them one by one", "$quiet")),
    ]
    if state := host_state(row.host, now):
        lines.append(line((f"{row.host}: {state}", "$warning")))
    if said := remedy(row.cause, at_host=number if row.host else 1):
        lines.append(line(("hint: ", "bold"), complete(said, program)))
    return lines
