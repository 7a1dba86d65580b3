"""``podfetch attach``: the screens on an engine that runs somewhere else on this machine."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from podfetch_tui.cli.context import Context, leading, program, read_settings
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.settings import Settings
from podfetch_tui.system.paths import user_state_dir

if TYPE_CHECKING:
    from podfetch_tui.api.remote import RemoteClient


WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
"""What ``podfetch serve`` has the screens drawn by, in a tab of a browser."""


@click.command("attach")
@click.argument("target", required=False, metavar="[ARCHIVE|SOCKET]")
@click.option("--read-only", is_flag=True, help="Look only: change nothing, offer no change.")
@click.pass_obj
def attach_command(context: Context, *, target: str | None, read_only: bool) -> None:
    """Open the screens on an engine that runs already; leaving them leaves it running.

    The engine is found by the folder of its archive or by its socket; without either it is
    the one on the configured archive.
    """
    from podfetch_tui.cli.terminal import missing

    lacking = "" if _is_in_browser() else missing(sys.stdin, sys.stdout, os.environ)
    if lacking:
        raise UsageError(f"attach needs a terminal, and {lacking}: `podfetch status` needs none")
    folder, path = target_of(target)
    if folder is not None:
        context = replace(context, archive=folder)
    settings = led_to(context, path)
    connect = connector(settings, path, read_only=read_only)
    attach(connect, settings, "" if path else program(context), read_only=read_only)


def attach(
    connect: Callable[[], RemoteClient],
    settings: Settings,
    called: str = "",
    *,
    read_only: bool = False,
) -> None:
    """Show the engine to which ``connect`` leads until the operator leaves.

    Args:
        connect: Finds the engine.
        settings: Those of the screens.
        called: How the program is called for this archive; empty: by the engine's folder.
        read_only: Change nothing.

    Raises:
        NoEngine: There is none.
        PodfetchError: The archive cannot be found.
    """
    from podfetch_tui.api.attached import Attachment

    with contextlib.closing(Attachment(connect, read_only=read_only)) as attachment:
        from podfetch_tui.cli.screen import KEPT
        from podfetch_tui.sandbox.editor import run_editor
        from podfetch_tui.ui.app import PodFetchApp  # an engine that is missing is said before
        from podfetch_tui.ui.kept import Kept
        from podfetch_tui.ui.run import run_app

        run_app(
            lambda: PodFetchApp(
                attachment,
                settings.ui,
                keys=dict(settings.keys.bindings),
                link=lambda: attachment.link,
                kept=Kept(user_state_dir() / KEPT),
                program=called or program(Context(archive=attachment.snapshot().archive)),
            ),
            editor=None if _is_in_browser() else run_editor,
            in_browser=_is_in_browser(),
        )


def _is_in_browser() -> bool:
    return os.environ.get("TEXTUAL_DRIVER") == WEB_DRIVER


def led_to(context: Context, path: Path | None) -> Settings:
    """Return the settings; who names the socket needs none that lead there."""
    return (leading if path is None else read_settings)(context).settings


def target_of(target: str | None) -> tuple[str | None, Path | None]:
    """Return the folder or the socket that is meant.

    Raises:
        UsageError: It is neither.
    """
    if target is None:
        return None, None
    path = Path(target).expanduser().absolute()
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror}: name an archive or a socket") from error
    if stat.S_ISDIR(mode):
        return str(path), None
    if stat.S_ISSOCK(mode):
        return None, path
    raise UsageError(f"{target} is neither the folder of an archive nor a socket")


def connector(
    settings: Settings, path: Path | None, *, read_only: bool
) -> Callable[[], RemoteClient]:
    """Return what finds the engine, also again after it was restarted somewhere else."""
    from podfetch_tui.api.remote import RemoteClient
    from podfetch_tui.cli.doorway import find_socket

    def connect() -> RemoteClient:
        socket = path or find_socket(settings)
        return RemoteClient(socket, read_only=read_only, one_run=True)

    return connect
