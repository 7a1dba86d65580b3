"""What is done to limits: changed at once, saved after a look at what that writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.content import Content

from podfetch_tui.model.commands import ChangeSettings, CommandResult, Undo
from podfetch_tui.model.setting import Key
from podfetch_tui.model.units import parse_duration
from podfetch_tui.policy.steps import read
from podfetch_tui.ui.bridge import ACTOR, Bridge
from podfetch_tui.ui.dialogs.confirm import Confirm, Question
from podfetch_tui.ui.dialogs.difference import Difference, diff_lines
from podfetch_tui.ui.dialogs.form import Field, Form
from podfetch_tui.ui.limit_conflict import Conflict
from podfetch_tui.ui.limit_rows import LimitRow
from podfetch_tui.ui.widgets.text import line

_FOR = " for "
_MOST = 16
"""Lines of a difference that a question shows."""


async def change(bridge: Bridge, row: LimitRow, text: str) -> None:
    """Have a limit changed, ``16`` or ``16 for 2h``, and offer to undo it.

    The row and the effect show what came of it; only a refusal has to be said.
    """
    value, _, length = text.partition(_FOR)
    for_s = parse_duration(length) if length else None
    result = await bridge.ask(ChangeSettings(changes=((row.key, value.strip()),), for_s=for_s))
    if not result.ok:
        bridge.toast(result.text, "error")
    _offer_undo(bridge, result, f"{row.key} {row.text} → {text}")


async def ask_value(app: App[Any], row: LimitRow) -> str | None:
    """Have a value typed; what cannot be is refused at the field."""
    key = row.facts
    field = Field(
        name="value",
        label="Value",
        value=row.text,
        hint=f"such as {row.default}, or {row.default} for 2h",
        check=lambda text: _check(key, text),
    )
    answer = await app.push_screen_wait(Form(row.key, [field], "Set"))
    return answer["value"] if answer else None


async def save(app: App[Any], bridge: Bridge, rows: Sequence[LimitRow]) -> bool:
    """Show what would be written, ask, and write it; return whether it was.

    What was written to the file between the question and its answer is asked about again.
    """
    changes = tuple((row.key, row.text) for row in rows)
    planned = await _plan(bridge, changes)
    while planned is not None:
        if not await app.push_screen_wait(Confirm(_question(bridge, planned))):
            return False
        again = await _plan(bridge, changes)
        if again is None or again == planned:
            break
        bridge.toast("The file changed meanwhile: look again.", "warning")
        planned = again
    if planned is None:
        return False
    result = await bridge.ask(ChangeSettings(changes=changes, save=True))
    bridge.toast(result.text, "information" if result.ok else "error")
    return result.ok


async def show_difference(app: App[Any], bridge: Bridge, rows: Sequence[LimitRow]) -> None:
    """Show what a save would write."""
    planned = await _plan(bridge, tuple((row.key, row.text) for row in rows))
    if planned is not None:
        lines = diff_lines(planned) or [line("The file says so already.")]
        await app.push_screen_wait(
            Difference(f"What w writes: {_file(bridge)}", lines, [("Back", "")])
        )


async def settle(app: App[Any], bridge: Bridge, found: Conflict) -> bool:
    """Show what changed in the INI under what is in memory only; return whether it is settled."""
    kept = tuple(key for key in found.mine if key not in found.lost)
    lost = tuple((key, found.mine[key]) for key in found.mine if key in found.lost)
    options = [("As it is now: the file where it changed, mine elsewhere", "now")]
    if lost:
        options.append(("Mine: set again in memory what gave way; w writes it", "mine"))
    if kept:
        options.append(("The file: drop what is in memory only", "file"))
    title = f"{_file(bridge)} changed on disk"
    chosen = await app.push_screen_wait(Difference(title, found.lines(), options))
    if chosen == "mine":
        _report(bridge, await bridge.ask(ChangeSettings(changes=lost)), "limits set again")
    elif chosen == "file":
        command = ChangeSettings(changes=(), forget=kept)
        _report(bridge, await bridge.ask(command), "limits as in the file")
    return chosen is not None


def _check(key: Key, text: str) -> None:
    value, found, length = text.partition(_FOR)
    read(key, value.strip())
    if found and parse_duration(length) <= 0:
        raise ValueError("expected a time to come, such as 2h")


async def _plan(bridge: Bridge, changes: tuple[tuple[str, str], ...]) -> str | None:
    """Return the difference that a save would make; ``None``, and why, when it cannot be."""
    result = await bridge.ask(ChangeSettings(changes=changes, save=True, dry_run=True))
    if not result.ok or result.settings is None:
        bridge.toast(result.text or "it cannot be saved", "error")
        return None
    return result.settings.diff


def _question(bridge: Bridge, diff: str) -> Question:
    lines: list[Content] = diff_lines(diff)
    if len(lines) > _MOST:
        more = line((f"… and {len(lines) - _MOST} more lines: d shows all", "$quiet"))
        lines = [*lines[:_MOST], more]
    if not lines:
        lines = [line("The file says so already; then they hold from there.")]
    said = line(("Comments and everything else in the file stay.", "$quiet"))
    return Question(title=f"Save to {_file(bridge)}?", impact=[*lines, line(), said], verb="Save")


def _file(bridge: Bridge) -> str:
    """Return the name of the INI, safe for a border: those are markup."""
    name = bridge.view.snapshot.settings.file.rpartition("/")[2] or "the INI"
    return name.replace("[", "(")


def _report(bridge: Bridge, result: CommandResult, done: str) -> None:
    bridge.toast(result.text, "information" if result.ok else "error")
    _offer_undo(bridge, result, done)


def _offer_undo(bridge: Bridge, result: CommandResult, done: str) -> None:
    if result.operation:
        command = Undo(operation=result.operation, actor=ACTOR)
        bridge.offer_undo(result.undoes or done, command)
