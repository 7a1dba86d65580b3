"""What can be taken back for a minute, and the command that does."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from podfetch_tui.model.commands import Carry, Command, CommandResult, RetryEpisode
from podfetch_tui.model.decisions import Undone, UndoOperation
from podfetch_tui.system.decoding import from_json

UNDO_MS = 60_000
_MOST = 20


class Undo(msgspec.Struct, frozen=True):
    """One thing that was done."""

    text: str
    """What was done: ``3 feeds paused``."""
    command: Command
    """Takes it back."""
    until: int
    """UTC milliseconds by the engine's clock: later it stands."""


class UndoLog:
    """What was done lately, newest last; confined to the application's thread."""

    def __init__(self) -> None:
        self._done: list[Undo] = []

    def add(self, text: str, command: Command, now: int) -> None:
        """Remember what was done at ``now``, alone or as one more step, and its way back."""
        is_step = bool(self._done) and self._done[-1].command == command
        before = self._done[:-1] if is_step else self._done
        self._done = [*before, Undo(text, command, now + UNDO_MS)][-_MOST:]

    def newest(self, now: int) -> Undo | None:
        """Return what would be taken back, or ``None``."""
        self._done = [one for one in self._done if one.until > now]
        return self._done[-1] if self._done else None

    def take(self, now: int) -> Undo | None:
        """Return what is to be taken back, and forget it."""
        found = self.newest(now)
        if found is not None:
            self._done.pop()
        return found


def taken_at(command: Command, now: int) -> Command:
    """Return ``command`` as it is sent at ``now``: parts of an undo say when they are made."""
    if not isinstance(command, Carry):
        return command
    return Carry(
        tuple(
            msgspec.structs.replace(write, at=now) if isinstance(write, UndoOperation) else write
            for write in command.writes
        )
    )


def refusals(command: Command, result: CommandResult) -> tuple[str, ...]:
    """Return why parts of the undo ``command`` were refused."""
    noun = "episode" if isinstance(command, RetryEpisode) else "feed"
    return tuple(_refusals(noun, result))


def _refusals(noun: str, result: CommandResult) -> Iterator[str]:
    yield from (f"{noun} {number} {why}" for number, why in result.refused)
    for one in result.carried:
        if one.problem:
            yield one.problem
        else:
            undone = from_json(one.receipt, Undone)
            yield from (f"feed {number} {why}" for number, why in undone.refused)
