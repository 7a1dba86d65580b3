"""``init events``: the archive as a whole, and what happened in it."""

from __future__ import annotations

from collections.abc import Mapping

import click

from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import MOST_ROWS
from podfetch_tui.cli.context import Context, leading, load_settings
from podfetch_tui.cli.output import lines, say, table
from podfetch_tui.model.moments import parse_since
from podfetch_tui.model.text import clean
from podfetch_tui.system.clock import Clock

_EVENT_COLUMNS = ("at", "kind", "feed", "episode", "family", "code", "text")
_TITLE_CHARS = 30
_FIRST_LINES = 10


@click.command("init")
@click.pass_obj
def init_command(context: Context) -> None:
    """Make the archive's folder an archive, also when it holds other files already."""
    with archives.changing(load_settings(context).settings, init=True) as archive:
        say(f"{archive.layout.root} is an archive")


@click.command("events")
@click.option("--since", default=None, metavar="TIME", help="A duration (2h) or a time.")
@click.option(
    "--limit", type=click.IntRange(1, MOST_ROWS), default=None, help="The newest so many."
)
@click.option(
    "--follow",
    is_flag=True,
    help="Go on with what happens, from the engine while one answers; begins with the newest 10.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def events_command(
    context: Context, *, since: str | None, limit: int | None, follow: bool, as_json: bool
) -> None:
    """Show what happened, from the audit trail, oldest first; then perhaps what happens."""
    start = parse_since(since, Clock().now_ms()) if since else 0
    if follow:
        settings = leading(context).settings
        from podfetch_tui.cli.events_follow import Follower

        newest = _FIRST_LINES if limit is None and not since else limit
        Follower(settings, as_json=as_json).run(since=start, limit=newest)
        return
    with archives.reading_for(context) as (_, catalog, _):
        rows = pages.events(catalog, since=start, limit=limit)
        if as_json:
            lines(rows)
        elif not table(map(_titled, rows), _EVENT_COLUMNS):
            say("no events")


def _titled(row: Mapping[str, object]) -> dict[str, object]:
    """Name feed and episode of an event by number and title."""
    named: dict[str, object] = dict(row)
    for noun in ("feed", "episode"):
        number, title = row[f"{noun}_id"], row[f"{noun}_title"]
        named[noun] = number if not title else f"{number} {clean(str(title), _TITLE_CHARS)}"
    return named
