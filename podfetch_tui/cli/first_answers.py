"""What a newcomer is asked, and what is made of the answers."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.context import Context
from podfetch_tui.cli.first_desk import Inspector, ini_text
from podfetch_tui.cli.output import say
from podfetch_tui.model.settings import Settings
from podfetch_tui.system.durable import os_failures, write_atomic
from podfetch_tui.system.paths import user_config_file


class Begun(msgspec.Struct, frozen=True):
    """What to run with."""

    context: Context
    feeds_paused: bool
    """The feeds of its list wait for the operator."""


def ask(context: Context, settings: Settings) -> Begun | str:
    """Ask, write the INI, and return what to run with; ``demo`` or ``leave`` instead.

    Args:
        context: Nothing was named in it.
        settings: Those of the environment.

    Raises:
        Failure: The INI could not be written.
    """
    from podfetch_tui.ui.wizard.app import Wizard

    outcome = Wizard(Inspector(settings), str(archives.root_of(settings))).run()
    if outcome is None:
        say("podfetch: nothing was made")
        return "leave"
    if outcome == "demo":
        return "demo"
    path = user_config_file()
    with os_failures(f"make the folder {path.parent}"):
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
    write_atomic(path, ini_text(outcome).encode())
    say(f"podfetch: the settings are in {path}")
    if outcome.feeds:
        context = replace(context, feeds=(str(Path(outcome.feeds).expanduser().absolute()),))
    return Begun(context, outcome.paused)
