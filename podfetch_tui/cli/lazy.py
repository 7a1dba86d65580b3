"""Commands whose code is loaded when they are called: a status does not wait for an export."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from podfetch_tui.cli import __name__ as package


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads each when it is asked for."""

    def __init__(self, *words: Any, lazy: Mapping[str, str] | None = None, **more: Any) -> None:
        """Create the group.

        Args:
            words: As for ``click.Group``.
            lazy: ``module:attribute`` in this package, by the command's name.
            more: As for ``click.Group``.
        """
        super().__init__(*words, **more)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, loaded or not."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, loading it first."""
        place = self._lazy.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(f"{package}.{module}"), attribute)
        return command
