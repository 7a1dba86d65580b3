"""``podfetch demo``: the whole program at work, without network."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import click
import msgspec

from podfetch_tui.cli.context import Context
from podfetch_tui.cli.output import say


@click.command("demo")
@click.option("--keep", is_flag=True, help="Keep the archive afterwards and say where it is.")
@click.option("--no-ui", is_flag=True, help="Run without the terminal application.")
@click.option("--once", is_flag=True, help="Do all that is due once, then exit.")
@click.pass_context
def demo_command(ctx: click.Context, *, keep: bool, no_ui: bool, once: bool) -> None:
    """Show the program at work on a podcast host of its own: three dozen feeds, some broken."""
    from podfetch_tui.cli.run import RunOptions, run
    from podfetch_tui.demo.run import prepare

    given: Context = ctx.obj
    with tempfile.TemporaryDirectory(prefix="podfetch-demo-") as folder:
        with contextlib.closing(prepare(Path(folder))) as demo:
            sets = tuple(f"{key}={value}" for key, value in demo.settings_overrides.items())
            context = msgspec.structs.replace(
                given,
                archive=given.archive or f"{folder}/archive",
                feeds=(*given.feeds, str(demo.feeds_csv)),
                sets=(*sets, *given.sets),
            )
            code = run(context, RunOptions(no_ui=no_ui, once=once, log_format="text"))
        if keep and given.archive is None:
            kept = tempfile.mkdtemp(prefix="podfetch-demo-kept-")
            shutil.move(f"{folder}/archive", kept)
            say(f"the archive is kept in {kept}/archive")
    ctx.exit(code)
