"""The INI changed while limits were in memory only: what that was, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from textual.content import Content

from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.ui.widgets.text import line

Row = Mapping[str, JsonValue]
"""One of the page ``settings``."""
_NONE = "(not there)"


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Two hands changed the settings."""

    theirs: Mapping[str, tuple[str, str]]
    """``section.key`` → its text in the INI before and now."""
    mine: Mapping[str, str]
    """``section.key`` → what it was set to while running."""
    lost: frozenset[str]
    """Those of ``mine`` that gave way, because the INI changed there."""

    def lines(self) -> list[Content]:
        """Return it as a difference, key by key."""
        found: list[Content] = []
        for key, (before, now) in self.theirs.items():
            found.append(line((f"- {key} = {before}", "$error")))
            found.append(line((f"+ {key} = {now}", "$success")))
            if key in self.lost:
                found.append(
                    line((f"  in memory it was {self.mine[key]}: it gave way", "$warning"))
                )
        kept = {key: text for key, text in self.mine.items() if key not in self.lost}
        if kept:
            found += [line(), line("In memory only, and not touched by that:")]
            found += [line((f"  {key} = {text}", "$warning")) for key, text in kept.items()]
        return found


def unsaved(rows: Sequence[Row]) -> dict[str, str]:
    """Return ``section.key`` → text of what is in memory only, with those for a time."""
    return {str(row["key"]): str(row["text"]) for row in rows if row["origin"] == "runtime"}


def conflict(before: Sequence[Row], now: Sequence[Row], known: Conflict | None) -> Conflict | None:
    """Return what changed in the INI between two looks while something was in memory only.

    Args:
        before: The rows at the look before.
        now: The rows now.
        known: What was found earlier and is not settled yet.
    """
    mine = {**(known.mine if known else {}), **unsaved(before)}
    was = {str(row["key"]): row.get("in_file") for row in before}
    changed = {
        str(row["key"]): (_text(was[str(row["key"])]), _text(row.get("in_file")))
        for row in now
        if str(row["key"]) in was and row.get("in_file") != was[str(row["key"])]
    }
    if not changed or not mine:
        return known
    theirs = dict(known.theirs) if known else {}
    for key, (old, new) in changed.items():
        theirs[key] = (theirs[key][0] if key in theirs else old, new)
    return Conflict(theirs=theirs, mine=mine, lost=frozenset(set(mine) & set(theirs)))


def _text(value: JsonValue) -> str:
    return _NONE if value is None else str(value)
