"""``podfetch episodes``: what was archived, what was not and why."""

from __future__ import annotations

import click

from podfetch_tui.catalog import lookups, pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import MOST_ROWS, filter_of, one_episode, one_feed
from podfetch_tui.cli.context import Context
from podfetch_tui.cli.lazy import LazyGroup
from podfetch_tui.cli.output import details, document, lines, say, table
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.snapshot import PageRequest

_COLUMNS = ("id", "feed_id", "state", "published_at", "bytes", "error", "title")


@click.group(
    "episodes",
    cls=LazyGroup,
    lazy={
        "derive": "derive_command:derive_command",
        "delete": "episode_state_commands:delete_command",
        "retry": "episode_state_commands:retry_command",
        "skip": "episode_state_commands:skip_command",
    },
)
def episodes_group() -> None:
    """List, show, skip, retry, derive and delete episodes."""


@episodes_group.command("list")
@click.argument("words", nargs=-1, metavar="[FILTER]")
@click.option("--feed", default=None, help="Only of this feed, by id or URL.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in EpisodeState]),
    default=None,
    help="As the filter state:WORD.",
)
@click.option("--sort", default="", metavar="[-]FIELD", help="By this field; - greatest first.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=None, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_episodes(
    context: Context,
    *,
    words: tuple[str, ...],
    feed: str | None,
    state: str | None,
    sort: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the episodes of all feeds that pass a filter: state:failed 'age>7d' tag:news."""
    with archives.reading_for(context) as (_, catalog, _):
        of_feed = "" if feed is None else f"feed:{one_feed(catalog, feed)}"
        wanted = filter_of(words, of_feed, f"state:{state}" if state else "")
        request = PageRequest(kind="episodes", filter=wanted, sort=sort)
        rows = pages.rows(catalog, request, limit=limit)
        if as_json:
            lines(rows)
        elif not table(rows, _COLUMNS):
            say("no episode passes the filter" if wanted else "no episodes")


@episodes_group.command("show")
@click.argument("episode")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show_episode(context: Context, *, episode: str, as_json: bool) -> None:
    """Show one episode, by id, enclosure URL or a filter that only it passes."""
    with archives.reading_for(context) as (_, catalog, _):
        episode_id = one_episode(catalog, episode)
        row = lookups.episode_detail(catalog, episode_id)
    if as_json:
        document(row)
        return
    details(row)
