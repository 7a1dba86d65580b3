"""Commands for a running engine: pause, resume and stop."""

from __future__ import annotations

import click

from podfetch_tui.cli.context import Context
from podfetch_tui.cli.doorway import engine_for
from podfetch_tui.cli.output import document, say
from podfetch_tui.model.commands import Command, CommandResult, Pause, Resume, Stop
from podfetch_tui.model.errors import UsageError


def _send(context: Context, command: Command, *, as_json: bool = False) -> None:
    with engine_for(context) as client:
        _report(client.send(command), as_json=as_json)


def _report(result: CommandResult, *, as_json: bool) -> None:
    if not result.ok:
        raise UsageError(result.text)
    say(result.text)
    if as_json:
        document({"ok": result.ok, "text": result.text})


@click.command("pause")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def pause_command(context: Context, *, as_json: bool) -> None:
    """Have the running engine start nothing new; what runs goes on."""
    _send(context, Pause(), as_json=as_json)


@click.command("resume")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def resume_command(context: Context, *, as_json: bool) -> None:
    """Have the running engine start new work again."""
    _send(context, Resume(), as_json=as_json)


@click.command("stop")
@click.option("--now", is_flag=True, help="Do not wait for running work; it is resumed later.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def stop_command(context: Context, *, now: bool, as_json: bool) -> None:
    """Drain the running engine and end it."""
    _send(context, Stop(now=now), as_json=as_json)
