"""What the screen of one feed says: lines and rows made of a row of kind ``feed``."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.content import Content

from podfetch_tui.model.figures import count, moment, size, span
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.model.text import counted
from podfetch_tui.policy import advice
from podfetch_tui.ui.feed_rows import (
    feed_row,
    milliseconds,
    next_text,
    plain_advice,
    problem,
    waits,
)
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column
from podfetch_tui.ui.widgets.text import Part, line

Row = dict[str, JsonValue]
MUTED = "$quiet"
HISTORY_COLUMNS = (
    Column(label="When", width=16),
    Column(label="What", width=17),
    Column(label="Code", width=18, from_width=90),
    Column(label="Status", width=6, right=True, from_width=90),
    Column(label="Took", width=8, right=True, from_width=100),
    Column(label="Bytes", width=9, right=True, from_width=110),
    Column(label="Text"),
)
RAW_COLUMNS = (Column(label="Line", width=5, right=True), Column(label="Text"))
_STRIP = 40
_SETTINGS = (
    ("priority", "own_priority", "follows its tags"),
    ("interval", "interval_s", "as in the settings, or its own rhythm"),
    ("backlog", "backlog", "as in the settings"),
    ("User-Agent", "user_agent", "as in the settings"),
    ("feed_max", "feed_max", "as in the settings"),
    ("allow_private", "allow_private", "as in the settings"),
    ("login", "auth", "none"),
)


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a feed's history: a poll, or what an operator did."""

    id: int
    at: str
    what: str
    role: str
    code: str = ""
    status: str = ""
    took: str = ""
    bytes: str = ""
    text: str = ""


class RawLine(msgspec.Struct, frozen=True):
    """One line of a feed's document."""

    id: int
    text: str


_KEYS = (
    (" feeds resume ", "p lets it go on"),
    (" feeds check ", "r polls it now"),
    (" quarantine probe ", "t looks at it"),
    (" hosts release ", "R on Hosts (h) asks its host"),
    (" --url ", "e: type its new address"),
)
"""What stands in a command that is advised → the key that does the same here."""


def head(
    row: Row,
    now: int,
    glyphs: Glyphs,
    *,
    is_polled: bool = False,
    program: str = "podfetch",
    are_downloads_off: bool = False,
) -> list[Content]:
    """Return how a feed is, why, and what can be done, in a few lines.

    Args:
        row: A row of kind ``feed``.
        now: UTC milliseconds.
        glyphs: The signs.
        is_polled: It is being polled.
        program: How the operator calls the program.
        are_downloads_off: An operator has switched the lane off.
    """
    state, reason = str(row["state"]), str(row["state_reason"] or "")
    since = _when(row.get("since"), now)
    parts: list[Part] = [(state, _style(state)), (f" since {since}", MUTED)]
    if reason:
        parts.append((f": {reason}", ""))
    if row["breaker"] != "closed":
        parts.append((f"   breaker {row['breaker']}".replace("_", " "), "$warning"))
    failures = row["consecutive_failures"]
    if failures:
        parts.append((f"   {counted(int(_number(failures)), 'failure')} in a row", "$warning"))
    if waits(feed_row(row), now):
        until = _when(row.get("waits_until"), now)
        parts.append((f"   waits for its host until {until}", "$warning"))
    error = str(row["last_error"] or "")
    next_poll = next_text(state, _text(row["next_poll_at"]), now, is_polled=is_polled)
    times = f"last ok {_when(row['last_success_at'], now)}   next {next_poll}"
    episodes = (
        f"{_n(row, 'archived')} of {counted(int(_number(row['episodes'])), 'episode')} archived, "
        f"{_n(row, 'pending')} wait, {_n(row, 'failed')} failed, {size(_number(row['bytes']))}"
    )
    lines = [
        line((str(row["url"]), MUTED)),
        line(*parts),
        line(times, f"   {episodes}"),
        _outcomes(row, glyphs),
    ]
    if error:
        lines.append(line((problem(error), "$error")))
    if error and row.get("last_answer"):
        lines.append(line(("it answered: ", MUTED), str(row["last_answer"])))
    plain = plain_advice(feed_row(row), now, are_downloads_off=are_downloads_off)
    lines.append(_advice(row, program, next_poll, plain))
    return lines


def _advice(row: Row, program: str, next_poll: str, plain: str) -> Content:
    """Return what to do about a feed: the key, and the command; or that there is nothing."""
    command = str(row.get("do") or "")
    is_held = " hosts release " in command
    if plain and not is_held:
        if _is_elsewhere(row):
            plain = f"nothing: it was not polled at its new URL yet; next {next_poll}"
        return line((f"do: {plain}", MUTED))
    if not row["last_error"] and int(_number(row["failed"])) and row["state"] == "active":
        failed = counted(int(_number(row["failed"])), "episode")
        return line(("do: ", MUTED), ("R fetches again", "$accent"), f" what failed: {failed}")
    key = next((text for sign, text in _KEYS if sign in command), "")
    shown = advice.complete(command, program)
    return line(
        ("do: ", MUTED),
        (key, "$accent"),
        ("   " if key else "", ""),
        (shown, MUTED if key else "$accent"),
    )


def _is_elsewhere(row: Row) -> bool:
    """Return whether the feed was not polled since it has its URL."""
    since = max((str(one.get("until")) for one in _rows(row, "earlier_urls")), default="")
    return since > max((str(poll.get("at")) for poll in _rows(row, "polls")), default="")


def _outcomes(row: Row, glyphs: Glyphs) -> Content:
    """Return the newest polls as a strip of signs, the newest last."""
    parts: list[Part] = [("polls old to new  ", MUTED)]
    for poll in reversed(_rows(row, "polls")[:_STRIP]):
        sign, style = {
            "success": (glyphs.ok, "$success"),
            "partial": (glyphs.warning, "$warning"),
            "failure": (glyphs.bad, "$error"),
        }.get(str(poll.get("result")), (glyphs.idle, MUTED))
        parts.append((sign, style))
    if len(parts) == 1:
        parts.append(("none yet", MUTED))
    return line(*parts)


def history(row: Row, now: int) -> list[Happened]:
    """Return what happened to a feed, the newest first."""
    found = []
    for poll in _rows(row, "polls"):
        result, code = str(poll.get("result")), str(poll.get("code") or "")
        is_well = result == "success" and code != ""
        found.append(
            Happened(
                id=int(_number(poll.get("id"))),
                at=str(poll.get("at")),
                what=f"poll {code if is_well else result}",
                role={"success": "good", "failure": "bad"}.get(result, "warning"),
                code="" if is_well else code,
                status=str(poll.get("status") or ""),
                took=span(_number(poll.get("duration_ms")) / 1000),
                bytes=size(_number(poll.get("bytes"))) if poll.get("bytes") else "",
                text=str(poll.get("detail") or ""),
            )
        )
    for action in _rows(row, "actions"):
        what = str(action.get("action")).replace("_", " ")
        found.append(
            Happened(
                id=int(_number(action.get("id"))),
                at=str(action.get("at")),
                what=what,
                role="accent",
                text=_done(action, now),
            )
        )
    found.sort(key=lambda one: one.at, reverse=True)
    return [msgspec.structs.replace(one, at=_when(one.at, now)) for one in found]


def _done(action: Row, now: int) -> str:
    """Return what an operator did, that which matters most first: the end may be cut."""
    until = f"until {_when(action['until'], now)}" if action.get("until") else ""
    parts = (until, str(action.get("detail") or ""), f"by {action.get('actor')}")
    text = ", ".join(part for part in parts if part)
    return f"undone: {text}" if action.get("undone_at") else text


def history_cells(one: Happened) -> Sequence[Cell]:
    """Return the cells of one line of history."""
    return (
        (one.at, "muted"),
        (one.what, one.role),
        (one.code, "muted"),
        (one.status, "plain"),
        (one.took, "muted"),
        (one.bytes, "muted"),
        (one.text, "plain"),
    )


def raw_cells(one: RawLine) -> Sequence[Cell]:
    """Return the cells of one line of a document."""
    return ((str(one.id), "muted"), (one.text, "plain"))


def settings(row: Row, now: int) -> list[Content]:
    """Return what is set for the feed alone, and where it comes from."""
    tags, lists = _texts(row, "tags"), _rows(row, "lists")
    lines = [
        line((f"{'title':<16}", MUTED), str(row["title"] or "(not known yet)")),
        line((f"{'folder':<16}", MUTED), str(row.get("folder") or "(not chosen yet)")),
        line((f"{'tags':<16}", MUTED), ", ".join(tags) or "none"),
        line((f"{'priority now':<16}", MUTED), str(row["priority"])),
    ]
    for label, key, unset in _SETTINGS:
        value = row.get(key)
        is_set = value not in (None, "", [])
        shown = _setting(key, value) if is_set else unset
        lines.append(line((f"{label:<16}", MUTED), (shown, "bold" if is_set else MUTED)))
    lines.append(line((f"{'added':<16}", MUTED), _when(row.get("added_at"), now)))
    for one in lists:
        place = f":{one['line']}" if one.get("line") else ""
        lines.append(line((f"{'in list':<16}", MUTED), f"{one.get('list')}{place}"))
    for one in _rows(row, "earlier_urls"):
        until = _when(one.get("until"), now)
        lines.append(line((f"{'earlier URL':<16}", MUTED), f"{one.get('url')}  until {until}"))
    if row.get("earlier_urls"):
        same = "a list that still names an earlier URL means this feed"
        lines.append(line((f"{'':<16}", MUTED), (same, MUTED)))
    for one in _rows(row, "reasons"):
        text = f"{one.get('episodes')} {one.get('state')}: {one.get('reason')}"
        lines.append(line((f"{'episodes':<16}", MUTED), text))
    lines += [line(), line(("e", "bold"), " changes them")]
    return lines


def _setting(key: str, value: JsonValue) -> str:
    if key == "interval_s":
        return span(_number(value))
    if key == "feed_max":
        return size(_number(value))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


def _style(state: str) -> str:
    styles = {"active": "$success bold", "quarantined": "$error bold", "paused": "$warning bold"}
    return styles.get(state, "bold")


def _when(stamp: JsonValue, now: int) -> str:
    at = milliseconds(str(stamp) if stamp else None)
    return "never" if at is None else moment(at, now)


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: JsonValue) -> float:
    return value if isinstance(value, (int, float)) else 0.0


def _n(row: Row, key: str) -> str:
    return count(int(_number(row.get(key))))


def _rows(row: Row, key: str) -> list[Row]:
    found = row.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _texts(row: Row, key: str) -> list[str]:
    found = row.get(key)
    return [str(one) for one in found] if isinstance(found, list) else []
