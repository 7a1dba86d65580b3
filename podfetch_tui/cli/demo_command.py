"""``podfetch demo``: the whole program at work, without network."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import click
import msgspec

from podfetch_tui.cli.context import Context
from podfetch_tui.cli.output import say
from podfetch_tui.cli.terminal import missing
from podfetch_tui.system import foreground


@click.command("demo")
@click.option("--keep", is_flag=True, help="Keep the archive afterwards and say where it is.")
@click.option("--no-ui", is_flag=True, help="Run without the terminal application.")
@click.option("--once", is_flag=True, help="Do all that is due once, then exit.")
@click.pass_context
def demo_command(ctx: click.Context, *, keep: bool, no_ui: bool, once: bool) -> None:
    """Show the program at work on a podcast host of its own: three dozen feeds, some broken."""
    has_screen = not (no_ui or once or missing(sys.stdin, sys.stdout, os.environ))
    shell = foreground.split() if has_screen else None
    ctx.exit(run_demo(ctx.obj, keep=keep, no_ui=no_ui, once=once, shell=shell))


def run_demo(
    given: Context,
    *,
    keep: bool = False,
    no_ui: bool = False,
    once: bool = False,
    shell: foreground.Foreground | None = None,
) -> int:
    """Run the demo to its end; return the exit code. ``shell`` as in :func:`run`."""
    from podfetch_tui.cli.run import RunOptions, run
    from podfetch_tui.demo.run import prepare

    with tempfile.TemporaryDirectory(prefix="podfetch-demo-") as folder:
        with contextlib.closing(prepare(Path(folder))) as demo:
            sets = tuple(f"{key}={value}" for key, value in demo.settings_overrides.items())
            context = msgspec.structs.replace(
                given,
                archive=given.archive or f"{folder}/archive",
                feeds=(*given.feeds, str(demo.feeds_csv)),
                sets=(*sets, *given.sets),
            )
            code = run(context, RunOptions(no_ui=no_ui, once=once, log_format="text"), shell)
        if keep and given.archive is None:
            kept = tempfile.mkdtemp(prefix="podfetch-demo-kept-")
            shutil.move(f"{folder}/archive", kept)
            say(f"the archive is kept in {kept}/archive")
    return code
