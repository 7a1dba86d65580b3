"""Feeds in quarantine as rows of a table, the evidence about one, and what is in it in all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from textual.content import Content

from podfetch_tui.model.figures import count, span
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.snapshot import EngineSnapshot, JsonValue
from podfetch_tui.model.text import counted, redact
from podfetch_tui.policy.advice import complete, remedy
from podfetch_tui.policy.quarantine_groups import SEVERAL, grouped
from podfetch_tui.system.decoding import convert
from podfetch_tui.ui.feed_rows import milliseconds
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column
from podfetch_tui.ui.widgets.text import Part, line

COLUMNS = (
    Column(label="Cause", width=18, sort="err"),
    Column(label="Host", width=22, from_width=100, sort="host"),
    Column(label="Since", width=6, right=True, sort="-since"),
    Column(label="Last ok", width=7, right=True, sort="-last", from_width=70),
    Column(label="Fails", width=5, right=True, sort="-fail", from_width=90),
    Column(label="Probes", width=6, right=True, from_width=110),
    Column(label="Next probe", width=10, right=True, sort="next"),
    Column(label="Title", sort="title"),
)
_MOST_GROUPS = 4


class QuarantineRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen needs of one row of ``quarantine list --json``."""

    id: int
    url: str = ""
    title: str = ""
    cause: str | None = None
    host: str = ""
    since: str = ""
    reason: str = ""
    consecutive_failures: int = 0
    probes: int = 0
    last_success_at: str | None = None
    next_probe_at: str | None = None
    snoozed_until: str | None = None

    @property
    def name(self) -> str:
        """Title, or the URL while the title is not known."""
        return self.title or redact(self.url)

    @property
    def seen(self) -> int:
        """Since when it is in quarantine, UTC milliseconds: what an action is refused by."""
        return milliseconds(self.since) or 0


def quarantine_row(row: dict[str, JsonValue]) -> QuarantineRow:
    """Return what is kept of ``row``."""
    return convert(row, QuarantineRow)


def cells_with(
    glyphs: Glyphs, now: Callable[[], int], polled: Callable[[int], bool]
) -> Callable[[QuarantineRow], Sequence[Cell]]:
    """Return the function that gives the cells of one feed.

    Args:
        glyphs: The signs.
        now: UTC milliseconds.
        polled: Whether the feed with this id is being probed.
    """

    def cells(row: QuarantineRow) -> Sequence[Cell]:
        at = now()
        return (
            (f"{glyphs.held} {row.cause or row.reason}", "bad"),
            (row.host, "muted"),
            (ago(row.since, at), "plain"),
            (ago(row.last_success_at, at), "plain"),
            (count(row.consecutive_failures), "plain"),
            (count(row.probes), "plain"),
            ("probing", "accent") if polled(row.id) else (_next(row, at), "muted"),
            (row.name, "plain"),
        )

    return cells


def groups(rows: Sequence[QuarantineRow], said: str = "") -> Content:
    """Return one line with the largest groups by cause and host; or what is ``said``."""
    if said:
        return line((said, "$accent"))
    parts: list[Part] = []
    found = grouped([(row.cause or row.reason, row.host) for row in rows])
    for group in found[:_MOST_GROUPS]:
        where = "several hosts" if group.host == SEVERAL else group.host
        parts.append((f"{count(len(group.members))} ", "bold"))
        parts.append((f"{group.cause} · {where}   ", "$quiet"))
    if len(found) > _MOST_GROUPS:
        parts.append((f"and {counted(len(found) - _MOST_GROUPS, 'group')} more", "$quiet"))
    return line(*parts)


def host_state(host: str, now: EngineSnapshot) -> str:
    """Return how a host stands that is not asked freely; empty for the others."""
    for one in now.hosts:
        if host and one.host == host:
            left = "" if one.until is None else f" for {span(max(0, one.until - now.at) / 1000)}"
            return "asked once to see" if one.breaker == "half_open" else f"left alone{left}"
    return ""


def details(
    found: Mapping[str, Any] | None,
    row: QuarantineRow,
    probe: ProbeReport | None,
    snapshot: EngineSnapshot,
    *,
    at_host: int = 1,
    program: str = "podfetch",
) -> list[Content]:
    """Return the evidence about one feed.

    Args:
        found: A row of kind ``evidence``; ``None`` while it is read.
        row: The same feed in the table.
        probe: What the last look at it found.
        snapshot: The engine now.
        at_host: So many feeds fail alike at its host.
        program: How the operator calls the program.
    """
    now = snapshot.at
    since = f"quarantined {ago(row.since, now)} ago: {row.reason}"
    lines = [line((f"{row.id}  {redact(row.url)}", "$quiet")), line(since, _snoozed(row, now))]
    if probe is not None:
        style = "$success" if probe.ok else "$error"
        lines.append(line(("probed: ", "bold"), (probe.said, style), f"; {probe.release_text}"))
    if state := host_state(row.host, snapshot):
        lines.append(line((f"{row.host}: {state}", "$warning")))
    if said := remedy(row.cause or "", at_host=at_host):
        lines.append(line(("hint: ", "bold"), complete(said, program, row.id)))
    if found is None:
        return lines
    if found["last_error"]:
        lines.append(line((str(found["last_error"]), "$error")))
    if found["evidence"] or (probe is not None and probe.head):
        head = probe.head if probe is not None and probe.head else found["evidence"]
        lines.append(line(("answer begins: ", "$quiet"), str(head)))
    lines += [_poll(poll, now) for poll in found["polls"]]
    return lines


def _poll(poll: Mapping[str, Any], now: int) -> Content:
    status = f" {poll['status']}" if poll["status"] else ""
    style = "$success" if poll["result"] == "success" else "$error"
    when = (f"{ago(poll['at'], now):>4} ago  ", "$quiet")
    return line(when, (f"{poll['code']}{status}", style), f"  {poll['detail']}")


def _snoozed(row: QuarantineRow, now: int) -> Part:
    until = milliseconds(row.snoozed_until)
    if until is None or until <= now:
        return "", ""
    return f"; snoozed for {span((until - now) / 1000)}", "$warning"


def _next(row: QuarantineRow, now: int) -> str:
    until, at = milliseconds(row.snoozed_until), milliseconds(row.next_probe_at)
    if until is not None and until > now:
        return f"z {_rough(until - now)}"
    if at is None or at <= now:
        return "due"
    return f"in {_rough(at - now)}"


def ago(stamp: str | None, now: int) -> str:
    """Return how long ago a moment was, in its largest unit alone."""
    at = milliseconds(stamp)
    return "never" if at is None else _rough(now - at)


def _rough(ms: int) -> str:
    """Return a length of time in its largest unit alone."""
    seconds = max(0, ms // 1000)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return span(seconds)
