"""``podfetch feeds check|pause|resume|retire|remove``: whether and when feeds are polled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from podfetch_tui.catalog import lookups
from podfetch_tui.catalog.hosts import held_hosts
from podfetch_tui.catalog.quarantine import feed_marks
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import are_names, choose_feeds
from podfetch_tui.cli.context import load_settings
from podfetch_tui.cli.decide import HowAsked, confirm, decision_options
from podfetch_tui.cli.feed_decisions import carry_out
from podfetch_tui.cli.output import document, remark, say
from podfetch_tui.model.decisions import FeedAsk, FeedDecision
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.text import counted
from podfetch_tui.model.writes import ChangeFeed
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.times import rfc3339


def _command(name: str, decision: FeedDecision, help_: str) -> click.Command:
    def run(ctx: click.Context, *, feeds: tuple[str, ...], **options: Any) -> None:
        settings = load_settings(ctx.obj).settings
        ask = FeedAsk(feed_ids=(), decision=decision)
        ctx.exit(carry_out(settings, feeds, ask, HowAsked(**options)))

    taking: Callable[..., Any] = click.pass_context(run)
    taking = decision_options(taking)
    taking = click.argument("feeds", nargs=-1, required=True, metavar="FEED…")(taking)
    return click.command(name, help=help_)(taking)


pause_command = _command(
    "pause", FeedDecision.PAUSE, "Poll feeds no more until they are resumed; by id, URL or filter."
)
resume_command = _command(
    "resume", FeedDecision.RESUME, "Poll paused, retired or gone feeds again; by id, URL or filter."
)
retire_command = _command(
    "retire",
    FeedDecision.RETIRE,
    "Poll feeds no more, for good; their episodes and files stay. By id, URL or filter.",
)
remove_command = _command(
    "remove",
    FeedDecision.RETIRE,
    "The same as retire: polled no more, episodes and files stay.",
)


@click.command("check")
@click.argument("feeds", nargs=-1, metavar="FEED…")
@click.option("--all", "all_feeds", is_flag=True, help="Every feed.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def check_command(
    ctx: click.Context,
    *,
    feeds: tuple[str, ...],
    all_feeds: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make feeds due now; by id, URL or filter. Those that are not active are skipped."""
    if bool(feeds) == all_feeds:
        raise UsageError("name feeds to check, or --all")
    settings = load_settings(ctx.obj).settings
    with archives.reading(settings) as (_, catalog):
        ids = lookups.feed_ids(catalog) if all_feeds else choose_feeds(catalog, feeds)
        marks = feed_marks(catalog, ids)
        held = list(held_hosts(catalog, Clock().now_ms()))
    active = {mark.id for mark in marks if mark.state is FeedState.ACTIVE}
    if not dry_run:
        confirm(len(ids), "check", "feeds", yes=yes)
        with archives.deciding(settings, create=False) as archive:
            now = archive.clock.now_ms()
            for number in active:
                archive.writer.submit(
                    ChangeFeed(feed_id=number, next_poll_at=now, at=now), lazy=True
                )
            archive.writer.flush()
    asked = {host_of(mark.url) for mark in marks if mark.id in active}
    for host in held:
        if host.name in asked:
            until = rfc3339(host.held_until)
            release = f"`podfetch hosts release {host.name}`"
            say(f"{host.name} is left alone until {until}: {release} asks it now")
    skipped = len(ids) - len(active)
    due = counted(len(active), "feed is", "feeds are")
    said = f"{due} due now, {skipped} skipped because they are not active"
    remark(said + (" (dry run)" if dry_run else ""))
    if as_json:
        document({"due": len(active), "skipped": skipped, "dry_run": dry_run})
    ctx.exit(1 if skipped and are_names(feeds) else 0)
