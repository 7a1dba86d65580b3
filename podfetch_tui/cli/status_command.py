"""``podfetch status``: how archive and engine stand, once or again and again."""

from __future__ import annotations

import contextlib

import click

from podfetch_tui.cli.context import Context, read_settings
from podfetch_tui.cli.output import document
from podfetch_tui.cli.status_report import Observer
from podfetch_tui.config.loaded import refuse
from podfetch_tui.model.errors import ArchiveUnusable
from podfetch_tui.model.snapshot import SettingsView


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --watch one object a line.")
@click.option("--watch", is_flag=True, help="Show it again every second until interrupted.")
@click.option(
    "--check",
    is_flag=True,
    help="Print one line; exit 1 when an alert stands, the engine is degraded or does not answer.",
)
@click.pass_context
def status_command(ctx: click.Context, *, as_json: bool, watch: bool, check: bool) -> None:
    """Say what the archive holds, how its engine stands, and which alerts do."""
    context: Context = ctx.obj
    loaded = read_settings(context)
    problems = tuple(problem.text for problem in loaded.problems)
    observer = Observer(loaded.settings, SettingsView(file=loaded.file or "", problems=problems))
    with contextlib.closing(observer):
        try:
            report = observer.look()
        except ArchiveUnusable:
            refuse(loaded.problems)  # they are why it was looked for in the wrong place
            raise
        if watch:
            from podfetch_tui.cli.status_watch import watch_status

            watch_status(observer, as_json=as_json, check=check)
            return
    if as_json:
        document(report)
    elif check:
        click.echo(report.in_one_line())
    else:
        from podfetch_tui.cli.status_text import in_words

        for line in in_words(report):
            click.echo(line)
    if check and report.problems():
        ctx.exit(1)
