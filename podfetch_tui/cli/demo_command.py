"""``podfetch demo``: the whole program at work, without network."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from podfetch_tui.cli.context import Context
from podfetch_tui.cli.output import say

_SETTINGS = (
    "network.allow_private=127.0.0.0/8",
    "feeds.min_interval=15s",
    "feeds.default_interval=20s",
    "archive.min_free=64 MiB",
)


@click.command("demo")
@click.option("--keep", is_flag=True, help="Keep the archive afterwards and say where it is.")
@click.option("--no-ui", is_flag=True, help="Run without the terminal application.")
@click.option("--once", is_flag=True, help="Do all that is due once, then exit.")
@click.pass_context
def demo_command(ctx: click.Context, *, keep: bool, no_ui: bool, once: bool) -> None:
    """Show the program at work on a podcast host of its own: three dozen feeds, some broken."""
    from podfetch_tui.cli.run import RunOptions, run
    from podfetch_tui.demo.host import PodcastHost
    from podfetch_tui.demo.scenario import build
    from podfetch_tui.system.clock import Clock

    given: Context = ctx.obj
    with tempfile.TemporaryDirectory(prefix="podfetch-demo-") as folder, PodcastHost() as host:
        archive = given.archive or f"{folder}/archive"
        listed = Path(folder) / "feeds.csv"
        listed.write_text(build(host, Clock()), encoding="utf-8")
        context = Context(
            config_file=given.config_file,
            archive=archive,
            feeds=(*given.feeds, str(listed)),
            sets=(*_SETTINGS, *given.sets),
            verbose=given.verbose,
        )
        code = run(context, RunOptions(no_ui=no_ui, once=once, log_format="text"))
        if keep and given.archive is None:
            kept = tempfile.mkdtemp(prefix="podfetch-demo-kept-")
            (Path(folder) / "archive").rename(Path(kept) / "archive")
            say(f"the archive is kept in {kept}/archive")
    ctx.exit(code)
