"""``podfetch episodes``: what was archived, what was not and why."""

from __future__ import annotations

import click

from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import choose_episodes, choose_feeds
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.feed_commands import confirm
from podfetch_tui.cli.output import document, lines, say, table
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import RetryEpisodes

_COLUMNS = ("id", "feed_id", "state", "published_at", "bytes", "error", "title")


@click.group("episodes")
def episodes_group() -> None:
    """List, show and retry episodes."""


@episodes_group.command("list")
@click.argument("words", nargs=-1, metavar="[state:WORD]")
@click.option("--feed", default=None, help="Only of this feed, by id or URL.")
@click.option("--state", type=click.Choice([state.value for state in EpisodeState]), default=None)
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_episodes(
    context: Context,
    *,
    words: tuple[str, ...],
    feed: str | None,
    state: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the episodes of all feeds."""
    for word in words:
        if not word.startswith("state:"):
            raise click.UsageError(f"{word!r} is no filter; give state:WORD")
        state = EpisodeState(word.removeprefix("state:")).value if _is_state(word) else state
    with archives.reading(load_settings(context).settings) as (_, catalog):
        feed_id = None if feed is None else choose_feeds(catalog, (feed,))[0]
        request = PageRequest(kind="episodes", state=state, feed_id=feed_id)
        rows = pages.rows(catalog, request, limit=limit)
        if as_json:
            lines(rows)
        elif not table(rows, _COLUMNS):
            say("no episodes")


def _is_state(word: str) -> bool:
    name = word.removeprefix("state:")
    if name not in {state.value for state in EpisodeState}:
        known = ", ".join(state.value for state in EpisodeState)
        raise click.UsageError(f"no state {name!r}; there are {known}")
    return True


@episodes_group.command("show")
@click.argument("episode")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show_episode(context: Context, *, episode: str, as_json: bool) -> None:
    """Show one episode, by id or enclosure URL."""
    with archives.reading(load_settings(context).settings) as (_, catalog):
        (episode_id,) = choose_episodes(catalog, (episode,))
        row = pages.episode_detail(catalog, episode_id)
    if as_json:
        document(row)
        return
    for key, value in row.items():
        click.echo(f"{key:16} {'-' if value is None else value}")


@episodes_group.command("retry")
@click.argument("episodes", nargs=-1, required=True, metavar="EPISODE…")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def retry_episodes(
    context: Context, *, episodes: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Make episodes due now: failed, skipped, gone or missing ones, by id or state:WORD."""
    settings = load_settings(context).settings
    with archives.reading(settings) as (_, catalog):
        ids = choose_episodes(catalog, episodes)
    if not dry_run:
        confirm(len(ids), "retry", "episodes", yes=yes)
        with archives.changing(settings, create=False) as archive:
            write = RetryEpisodes(episode_ids=ids, at=archive.clock.now_ms())
            archive.writer.submit(write).result()
    say(f"{len(ids)} episodes are due" + (" (dry run)" if dry_run else ""))
    if as_json:
        document({"due": len(ids), "dry_run": dry_run})
