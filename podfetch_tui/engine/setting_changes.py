"""What an operator changes while the engine runs: what may be, and how it gets into the INI."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from podfetch_tui.config.editing import set_values, shown_diff
from podfetch_tui.config.loaded import Loaded, Problem
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.config.values import format_value, parse_value
from podfetch_tui.model.applying import is_limit
from podfetch_tui.model.errors import Failure, PodfetchError, UsageError
from podfetch_tui.model.setting import Applies
from podfetch_tui.model.settings import keys_by_id
from podfetch_tui.system.durable import os_failures, write_atomic
from podfetch_tui.system.paths import user_config_file

_NEW_FILE = 0o600
"""An INI may get a proxy with its password."""


def checked(changes: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return ``section.key`` → text of what may be changed now.

    Unknown keys and bad values pass: reading the settings with them says what is wrong.

    Raises:
        UsageError: One of the keys cannot be changed while the engine runs.
    """
    found = {}
    for id_, text in changes:
        id_ = id_.strip().lower()
        key = keys_by_id().get(id_)
        if key is not None and not is_limit(key):
            why = (
                "takes effect after a restart"
                if key.applies is Applies.RESTART
                else "is not a number"
            )
            raise UsageError(f"{id_} {why}: set it in the INI")
        found[id_] = text.strip()
    return found


def reasons(problems: Iterable[Problem]) -> str:
    """Return why a change is refused, in one line."""
    return "; ".join(
        f"{problem.message} ({problem.hint})" if problem.hint else problem.message
        for problem in problems
    )


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """What is written into an INI."""

    file: Path
    text: str
    diff: str
    loaded: Loaded
    """The settings as they are with it."""


def plan_save(
    source: SettingsSource, disk: Loaded, changes: Mapping[str, str], runtime: Mapping[str, str]
) -> Saving:
    """Return what :func:`save` would write.

    Args:
        source: Where the settings come from.
        disk: The files as they are now.
        changes: ``section.key`` → text; verified.
        runtime: All changes made while running.

    Raises:
        UsageError: The file as it is now has problems, or would get some.
        BadConfiguration: There is no INI and no home folder for one.
    """
    if disk.problems:
        raise UsageError(f"the settings have a problem, mend it first: {disk.problems[0].text}")
    if source.fixed is not None:
        raise UsageError("this engine reads no settings file")
    file = source.ini or user_config_file()
    text = set_values(disk.text, {id_: _canonical(id_, value) for id_, value in changes.items()})
    rest = [(id_, value) for id_, value in runtime.items() if id_ not in changes]
    named = msgspec.structs.replace(disk, file=str(file))
    loaded = source.again(named, rest, text=text)
    if loaded.problems:
        raise UsageError(f"not saved: {reasons(loaded.problems)}")
    diff = shown_diff(disk.text, text, file.name)
    return Saving(file=file, text=text, diff=diff, loaded=loaded)


def save(
    source: SettingsSource, disk: Loaded, changes: Mapping[str, str], runtime: Mapping[str, str]
) -> Saving:
    """Write changes into the INI: its comments, order and line ends stay, atomically.

    For the arguments see :func:`plan_save`.

    Raises:
        UsageError: As :func:`plan_save`.
        BadConfiguration: As :func:`plan_save`.
        Failure: It could not be written; it is as before.
    """
    planned = plan_save(source, disk, changes, runtime)
    _replace(planned.file, planned.text)
    return planned


def _canonical(id_: str, text: str) -> str:
    key = keys_by_id()[id_]
    return format_value(key, parse_value(key, text))


def _replace(file: Path, text: str) -> None:
    """Put ``text`` in the place of what is in ``file``; links lead to it, rights stay."""
    target = Path(os.path.realpath(file))
    with os_failures(f"write {file}"):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = target.stat() if target.exists() else None
        if before is not None and not os.access(target, os.W_OK):
            raise PermissionError(13, "it is read-only")
    mode = _NEW_FILE if before is None else before.st_mode & 0o7777
    write_atomic(target, text.encode(), mode)
    if before is not None and (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        try:
            os.chown(target, before.st_uid, before.st_gid)
        except PermissionError:
            pass  # it is ours now; who could write it before can, by its mode


def failed(failure: Failure | PodfetchError) -> str:
    """Return why something could not be done, for an answer."""
    return failure.detail if isinstance(failure, Failure) else str(failure)
