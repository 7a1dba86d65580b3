"""``podfetch import`` and ``podfetch feeds``: which feeds the archive holds."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import click

from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import lists
from podfetch_tui.cli.choose import choose_feeds
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.output import document, lines, say, table
from podfetch_tui.config.sources import FeedList, normalise_url
from podfetch_tui.model.errors import ArchiveUnusable, UsageError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import ChangeFeed, NewFeed

_COLUMNS = ("id", "state", "breaker", "episodes", "archived", "pending", "failed", "title", "url")


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def import_command(
    context: Context,
    *,
    files: tuple[str, ...],
    dry_run: bool,
    yes: bool,  # noqa: ARG001  every changing command takes it; nothing is asked here
    as_json: bool,
) -> None:
    """Take feed lists in: CSV with a header, or text with a URL a line; - is standard input."""
    settings = load_settings(context).settings
    wanted = lists.read(files, settings)
    if dry_run:
        _show_plan(wanted, settings, as_json=as_json)
        return
    with archives.changing(settings) as archive:
        summary = lists.take_in(archive, wanted)
    lists.report(summary)
    if as_json:
        document(summary)


def _show_plan(wanted: tuple[lists.NamedList, ...], settings: Settings, *, as_json: bool) -> None:
    """Say what an import would add, and what fetching it would mean as far as it is known."""
    known: set[str] = set()
    with contextlib.suppress(ArchiveUnusable), archives.reading(settings) as (_, catalog):
        known = {str(row["url"]) for row in pages.rows(catalog, PageRequest(kind="feeds"))}
    new = [feed for entry in wanted for feed in entry.feeds.entries if feed.url not in known]
    plan: dict[str, object] = {
        "new": len(new),
        "duplicate": sum(len(e.feeds.entries) + len(e.feeds.duplicates) for e in wanted) - len(new),
        "rejected": sum(len(entry.feeds.rejected) for entry in wanted),
        "rejects": [reject for entry in wanted for reject in lists.rejects_of(entry)],
        "first_poll_requests": sum(feed.enabled for feed in new),
        "paused": sum(not feed.enabled for feed in new),
        "backlog": settings.feeds.backlog.kind.value,
        "episodes": None,
        "bytes": None,
    }
    if as_json:
        document(plan)
        return
    say(f"{plan['new']} new, {plan['duplicate']} duplicate, {plan['rejected']} rejected (dry run)")
    say(
        f"{plan['first_poll_requests']} feeds would be polled; how many episodes and bytes"
        f" they hold is known after the first poll (backlog = {plan['backlog']})"
    )


@click.group("feeds")
def feeds_group() -> None:
    """List, show and change feeds."""


@feeds_group.command("list")
@click.option("--state", type=click.Choice([state.value for state in FeedState]), default=None)
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_feeds(context: Context, *, state: str | None, limit: int | None, as_json: bool) -> None:
    """List the feeds."""
    with archives.reading(load_settings(context).settings) as (_, catalog):
        rows = pages.rows(catalog, PageRequest(kind="feeds", state=state), limit=limit)
        if as_json:
            lines(rows)
        elif not table(rows, _COLUMNS):
            say("no feeds; add some with `podfetch import FILE` or `podfetch feeds add URL`")


@feeds_group.command("show")
@click.argument("feed")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show_feed(context: Context, *, feed: str, as_json: bool) -> None:
    """Show one feed, by id or URL."""
    with archives.reading(load_settings(context).settings) as (_, catalog):
        (feed_id,) = choose_feeds(catalog, (feed,))
        row = pages.feed_detail(catalog, feed_id)
    if as_json:
        document(row)
        return
    for key, value in row.items():
        click.echo(f"{key:22} {'-' if value is None else value}")


@feeds_group.command("add")
@click.argument("urls", nargs=-1, required=True, metavar="URL…")
@click.option("--title", default="", help="Name until the feed says its own.")
@click.option("--priority", type=int, default=0, help="Higher first.")
@click.option("--tag", "tags", multiple=True, help="May be given again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def add_feeds(
    context: Context,
    *,
    urls: tuple[str, ...],
    title: str,
    priority: int,
    tags: tuple[str, ...],
    yes: bool,  # noqa: ARG001  every changing command takes it; nothing is asked here
    as_json: bool,
) -> None:
    """Add feeds by URL."""
    settings = load_settings(context).settings
    entries = []
    for url in urls:
        try:
            normal = normalise_url(url)
        except ValueError as error:
            raise UsageError(f"{url}: {error}") from error
        entries.append(NewFeed(url=normal, title=title, priority=priority, tags=tags))
    wanted = lists.NamedList("command", FeedList(entries=tuple(entries)))
    with archives.changing(settings) as archive:
        summary = lists.take_in(archive, (wanted,))
    lists.report(summary)
    if as_json:
        document(summary)


@feeds_group.command("remove")
@click.argument("feeds", nargs=-1, required=True, metavar="FEED…")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def remove_feeds(
    context: Context, *, feeds: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Retire feeds: they are polled no more; their episodes and files stay."""
    with _chosen(context, feeds, all_feeds=False, dry_run=dry_run, yes=yes, verb="retire") as both:
        archive, ids = both
        for feed_id in ids if archive else ():
            now = archive.clock.now_ms() if archive else 0
            change = ChangeFeed(
                feed_id=feed_id, state=FeedState.RETIRED, reason="removed by command", at=now
            )
            if archive:
                archive.writer.submit(change).result()
    _report("retired", len(ids), as_json=as_json, dry_run=dry_run)


@feeds_group.command("check")
@click.argument("feeds", nargs=-1, metavar="FEED…")
@click.option("--all", "all_feeds", is_flag=True, help="Every feed.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def check_feeds(
    context: Context,
    *,
    feeds: tuple[str, ...],
    all_feeds: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make feeds due now; those that are not active are skipped."""
    if bool(feeds) == all_feeds:
        raise UsageError("name feeds to check, or --all")
    skipped = 0
    due = 0
    with _chosen(
        context, feeds, all_feeds=all_feeds, dry_run=dry_run, yes=yes, verb="check"
    ) as both:
        archive, ids = both
        if archive:
            active = set(pages.feed_ids(archive.catalog, state=FeedState.ACTIVE))
            skipped = sum(feed_id not in active for feed_id in ids)
            now = archive.clock.now_ms()
            futures = [
                archive.writer.submit(ChangeFeed(feed_id=feed_id, next_poll_at=now, at=now))
                for feed_id in ids
                if feed_id in active
            ]
            for future in futures:
                future.result()
            due = len(futures)
        else:
            due = len(ids)
    say(f"{due} feeds are due now, {skipped} skipped because they are not active")
    if as_json:
        document({"due": due, "skipped": skipped, "dry_run": dry_run})


@contextlib.contextmanager
def _chosen(
    context: Context,
    names: tuple[str, ...],
    *,
    all_feeds: bool,
    dry_run: bool,
    yes: bool,
    verb: str,
) -> Iterator[tuple[archives.OpenArchive | None, tuple[int, ...]]]:
    """Choose feeds, ask when they are many, and open the archive for changes unless dry."""
    settings = load_settings(context).settings
    with archives.reading(settings) as (_, catalog):
        ids = pages.feed_ids(catalog) if all_feeds else choose_feeds(catalog, names)
    if dry_run:
        yield None, ids
        return
    confirm(len(ids), verb, "feeds", yes=yes)
    with archives.changing(settings, create=False) as archive:
        yield archive, ids


def confirm(count: int, verb: str, noun: str, *, yes: bool) -> None:
    """Ask before more than one thing changes.

    Raises:
        UsageError: There is nobody to ask and no ``--yes``.
    """
    if count <= 1 or yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"this would {verb} {count} {noun}; say --yes if that is meant")
    if not click.confirm(f"{verb} {count} {noun}?", err=True):
        raise click.Abort


def _report(word: str, count: int, *, as_json: bool, dry_run: bool) -> None:
    say(f"{count} {word}" + (" (dry run)" if dry_run else ""))
    if as_json:
        document({word: count, "dry_run": dry_run})
