"""``podfetch import`` and ``podfetch feeds``: which feeds the archive holds."""

from __future__ import annotations

from typing import Any

import click

from podfetch_tui.catalog import lookups, pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import lists
from podfetch_tui.cli.choose import MOST_ROWS, filter_of, one_feed
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.import_plan import show_plan
from podfetch_tui.cli.lazy import LazyGroup
from podfetch_tui.cli.output import details, document, lines, say, table
from podfetch_tui.config.sources import FeedList, normalise_url
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import redact
from podfetch_tui.model.writes import NewFeed
from podfetch_tui.policy.addresses import parse_networks

_COLUMNS = ("id", "state", "breaker", "episodes", "archived", "pending", "failed", "title", "url")


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def import_command(
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    dry_run: bool,
    yes: bool,  # noqa: ARG001  every changing command takes it; nothing is asked here
    as_json: bool,
) -> None:
    """Take feed lists in; - is standard input.

    OPML, CSV with a header, JSON (an array, or an object a line) or text with a URL a line;
    the content says which. A line that cannot be taken is named and the others go in (exit 0);
    when none can be taken, nothing changes (exit 2). Of several lists each goes in as a whole.
    """
    settings = load_settings(ctx.obj).settings
    wanted = lists.read(files, settings)
    if dry_run:
        show_plan(wanted, settings, as_json=as_json)
    else:
        summary = lists.rejects_alone(wanted)
        if summary is None:
            with archives.deciding(settings) as archive:
                summary = lists.take_in(archive, wanted)
        lists.report(summary)
        if as_json:
            document(summary)
    ctx.exit(lists.exit_code(wanted))


@click.group(
    "feeds",
    cls=LazyGroup,
    lazy={
        "accept-removals": "removal_command:accept_command",
        "check": "feed_state_commands:check_command",
        "edit": "edit_command:edit_command",
        "pause": "feed_state_commands:pause_command",
        "raw": "raw_command:raw_command",
        "remove": "feed_state_commands:remove_command",
        "resume": "feed_state_commands:resume_command",
        "retire": "feed_state_commands:retire_command",
    },
)
def feeds_group() -> None:
    """List, show and change feeds."""


@feeds_group.command("list")
@click.argument("words", nargs=-1, metavar="[FILTER]")
@click.option(
    "--state",
    type=click.Choice([state.value for state in FeedState]),
    default=None,
    help="As the filter state:WORD.",
)
@click.option("--sort", default="", metavar="[-]FIELD", help="By this field; - greatest first.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=None, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_feeds(
    context: Context,
    *,
    words: tuple[str, ...],
    state: str | None,
    sort: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the feeds that pass a filter: err:timeout host:anchor '!tag:news' 'fail>3'."""
    wanted = filter_of(words, f"state:{state}" if state else "")
    request = PageRequest(kind="feeds", filter=wanted, sort=sort)
    with archives.reading_for(context) as (_, catalog, _):
        rows = pages.rows(catalog, request, limit=limit)
        if as_json:
            lines(rows)
        elif not table(rows, _COLUMNS):
            say(
                "no feed passes the filter"
                if wanted
                else "no feeds; add some with `podfetch import FILE` or `podfetch feeds add URL`"
            )


@feeds_group.command("show")
@click.argument("feed")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show_feed(context: Context, *, feed: str, as_json: bool) -> None:
    """Show one feed, by id, URL or a filter that only it passes."""
    with archives.reading_for(context) as (_, catalog, _):
        feed_id = one_feed(catalog, feed)
        row = lookups.feed_detail(catalog, feed_id)
    if as_json:
        document(row)
        return
    details(row)


@feeds_group.command("add")
@click.argument("urls", nargs=-1, required=True, metavar="URL…")
@click.option("--title", default="", help="Name until the feed says its own.")
@click.option("--priority", metavar="N", help="Higher first.")
@click.option("--tag", "tags", multiple=True, help="May be given again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def add_feeds(
    context: Context,
    *,
    urls: tuple[str, ...],
    title: str,
    priority: str | None,
    tags: tuple[str, ...],
    yes: bool,  # noqa: ARG001  every changing command takes it; nothing is asked here
    as_json: bool,
) -> None:
    """Add feeds by URL."""
    settings = load_settings(context).settings
    allow = parse_networks(settings.network.allow_private)
    given = _given(title, priority, tags)
    entries = []
    for url in urls:
        try:
            normal = normalise_url(url, allow=allow)
        except ValueError as error:
            raise UsageError(f"{redact(url)}: {error}") from error
        entries.append(NewFeed(url=normal, **given))
    wanted = lists.NamedList(lists.COMMAND, FeedList(entries=tuple(entries)))
    with archives.deciding(settings) as archive:
        summary = lists.take_in(archive, (wanted,))
    lists.report(summary)
    if as_json:
        document(summary)


def _given(title: str, priority: str | None, tags: tuple[str, ...]) -> dict[str, Any]:
    """Return what the options say of a feed, read as the columns of a feed list are.

    Raises:
        UsageError: one of them cannot be used.
    """
    from podfetch_tui.cli.edit_plan import read_option, read_tags

    given: dict[str, Any] = {"tags": read_tags(tags, "--tag")}
    if title:
        given["title"] = read_option("--title", "title", title)
    if priority is not None:
        given["priority"] = read_option("--priority", "priority", priority)
    return given
