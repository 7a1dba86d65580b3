"""The INI in the operator's editor: the screen makes room, and comes back when it ends."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from podfetch_tui.model.commands import Reload
from podfetch_tui.ui.bridge import Bridge

_VARIABLES = ("VISUAL", "EDITOR")


class CannotEdit(Exception):
    """Why there is nothing to edit, or nothing to edit with, in one sentence."""


def edit_settings(app: App[Any], bridge: Bridge) -> None:
    """Open the INI in an editor, wait for its end, and have the engine read what was saved.

    The screen stands still meanwhile; the engine's threads go on.
    """
    try:
        file = _file(bridge)
        variable, argv = _editor(os.environ, file)
        before = _content(file)
        status = _run(app, bridge, variable, [*argv, str(file)])
    except CannotEdit as error:
        bridge.toast(str(error), "error")
        return
    if status:
        bridge.toast(f"{variable} ({argv[0]}) {_ended(status)}; what it saved is read.", "warning")
    if _content(file) != before:
        bridge.send(Reload())
    elif not status:
        bridge.toast(f"Nothing was saved yet: {file.name} is as it was.")


def _file(bridge: Bridge) -> Path:
    now = bridge.view.snapshot
    if not now.settings.file:
        raise CannotEdit("There is no INI yet: w on Limits (5) writes one.")
    file = Path(now.settings.file)
    is_elsewhere = bridge.view.link is not None and not Path(now.archive).is_dir()
    if is_elsewhere or not file.is_file():
        raise CannotEdit(f"{file}, which the engine reads, is not on this machine: edit it there.")
    return file


def _editor(environ: Mapping[str, str], file: Path) -> tuple[str, list[str]]:
    """Return the variable that names an editor, and its words."""
    for name in _VARIABLES:
        if not environ.get(name, "").strip():
            continue
        try:
            return name, shlex.split(environ[name])
        except ValueError as error:
            raise CannotEdit(f"{name} cannot be understood: {error}: {environ[name]}") from error
    raise CannotEdit(f"Set VISUAL or EDITOR to the editor that is to open {file}.")


def _run(app: App[Any], bridge: Bridge, variable: str, argv: list[str]) -> int:
    if bridge.editor is None:
        raise CannotEdit(f"This screen can open no editor: edit {argv[-1]} elsewhere.")
    problem, status = "", 0
    try:
        with app.suspend():
            try:
                status = bridge.editor(argv)
            except OSError as error:  # let out, it would leave the screen off
                problem = error.strerror or str(error)
    except SuspendNotSupported as error:
        raise CannotEdit(f"This terminal can show no editor: edit {argv[-1]} elsewhere.") from error
    if problem:
        raise CannotEdit(f"{variable} ({argv[0]}) cannot be started: {problem}.")
    return status


def _ended(status: int) -> str:
    return f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
