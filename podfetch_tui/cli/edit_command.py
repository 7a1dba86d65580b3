"""``podfetch feeds edit``: what holds for single feeds."""

from __future__ import annotations

import sys
import threading

import click
import msgspec

from podfetch_tui.catalog import episodes, lookups
from podfetch_tui.catalog.backlog import count_wanted
from podfetch_tui.catalog.feed_own import feed_own
from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import choose_feeds
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.decide import confirm
from podfetch_tui.cli.edit_plan import CLEARED, Asked, Plan, is_elsewhere, plan, read_options
from podfetch_tui.cli.output import document, remark, say
from podfetch_tui.config.loaded import Loaded
from podfetch_tui.model.errors import Failure, UsageError
from podfetch_tui.model.feed import Backlog, FeedState
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import clean, counted, redact
from podfetch_tui.system.clock import Clock

_MOST_SHOWN = 20


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a new URL."""

    title: str
    items: int
    known_items: int
    known_episodes: int
    final_url: str
    stranger: bool


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one feed, as it is shown."""

    id: int
    changes: dict[str, dict[str, str | None]]
    queued: int
    """Episodes that were skipped for the backlog and become due."""
    probe: _Found | None
    warnings: tuple[str, ...]


@click.command("edit")
@click.argument("feeds", nargs=-1, required=True, metavar="FEED…")
@click.option("--url", metavar="URL", help="Poll it there from now on; looked at first.")
@click.option("--title", help="Your name for it, before its own.")
@click.option("--priority", metavar="N", help="Higher first.")
@click.option("--interval", metavar="TIME", help="Poll it so often: 30m, 6h.")
@click.option("--backlog", metavar="WHAT", help="all, none, a number, since DATE.")
@click.option("--user-agent", metavar="TEXT", help="Who we say we are, for it and its media.")
@click.option("--feed-max", metavar="SIZE", help="Largest document: 64 MiB.")
@click.option("--allow-private", multiple=True, metavar="CIDR", help="Networks open to it alone.")
@click.option("--auth", metavar="NAME", help="Section of the credentials file to use.")
@click.option("--tag", multiple=True, help="Add a tag; may be given again.")
@click.option("--untag", multiple=True, help="Take a tag away; may be given again.")
@click.option(
    "--clear", multiple=True, metavar="KEY", help=f"Go by the settings again: {', '.join(CLEARED)}."
)
@click.option("--no-probe", is_flag=True, help="Do not look at a new URL first.")
@click.option("--dry-run", is_flag=True, help="Show old and new; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def edit_command(
    context: Context,
    /,
    *,
    feeds: tuple[str, ...],
    allow_private: tuple[str, ...],
    tag: tuple[str, ...],
    untag: tuple[str, ...],
    clear: tuple[str, ...],
    no_probe: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **given: str | None,
) -> None:
    """Change what holds for feeds alone: where, how often, as whom, how much."""
    loaded = load_settings(context)
    asked = read_options(
        given,
        allow_private=allow_private,
        clear=clear,
        tag=tag,
        untag=untag,
        credentials=loaded.credentials,
    )
    with archives.reading(loaded.settings) as (_, catalog):
        plans = _plans(catalog, choose_feeds(catalog, feeds), asked, loaded.settings)
        looks = "url" in asked.values and not no_probe
        reports = [_report(catalog, planned, loaded, looks=looks) for planned in plans]
    for report in reports[:_MOST_SHOWN]:
        _tell(report)
    if len(reports) > _MOST_SHOWN:
        say(f"… and {len(reports) - _MOST_SHOWN} more feeds, in the same way")
    if not dry_run:
        confirm(len(plans), "edit", "feeds", yes=yes)
        _confirm_strangers(reports, yes=yes)
        _write(plans, loaded.settings)
    if not plans:
        say("nothing to change: it is all so already")
    things = "feed" if len(plans) == 1 else "feeds"
    remark(f"{len(plans)} {things} edited" + (" (dry run)" if dry_run else ""))
    if as_json:
        document({"edited": len(plans), "dry_run": dry_run, "feeds": reports})


def _plans(catalog: Catalog, ids: tuple[int, ...], asked: Asked, settings: Settings) -> list[Plan]:
    if "url" in asked.values and len(ids) != 1:
        raise UsageError(f"--url is for one feed, and this names {len(ids)}")
    now = Clock().now_ms()
    plans = []
    for feed_id in ids:
        own, feed = feed_own(catalog, feed_id), get_feed(catalog, feed_id)
        if own is None or feed is None:
            continue
        planned = plan(feed_id, own, asked, settings, first=feed.polls_ok == 0, at=now)
        if planned is None:
            continue
        moves = planned.now.url != own.url
        owner = lookups.feed_at(catalog, planned.now.url) if moves else None
        if owner is not None:
            url = redact(planned.now.url)
            raise UsageError(f"--url {url}: feed {owner} is there (podfetch feeds show {owner})")
        plans.append(planned)
    return plans


def _report(catalog: Catalog, planned: Plan, loaded: Loaded, *, looks: bool) -> _Report:
    edit, warnings = planned.edit, []
    if is_elsewhere(planned.now, loaded.credentials):
        warnings.append(f"the credentials [{planned.now.auth}] are not for the feed's own host")
    feed = get_feed(catalog, edit.feed_id)
    if "url" in planned.changes and feed is not None and feed.state is FeedState.QUARANTINED:
        warnings.append("it leaves quarantine: due at once, and one failure sends it back")
    queue = edit.queue
    return _Report(
        id=edit.feed_id,
        changes=planned.changes,
        queued=count_wanted(catalog, edit.feed_id, queue) if isinstance(queue, Backlog) else 0,
        probe=_look(catalog, planned, loaded) if looks else None,
        warnings=tuple(warnings),
    )


def _look(catalog: Catalog, planned: Plan, loaded: Loaded) -> _Found:
    """Fetch the new URL once, under all rules, and return what stands there.

    Raises:
        UsageError: It is no feed, or cannot be fetched.
    """
    from podfetch_tui.cli.compose import probing

    now = planned.now
    known = episodes.known(catalog, planned.edit.feed_id)
    try:
        with probing(loaded.settings, loaded.credentials) as look:
            found = look(now.url, now.access, known, threading.Event())
    except Failure as failure:
        raise UsageError(
            f"--url {redact(now.url)}: {failure}; nothing was changed (--no-probe saves it unseen)"
        ) from failure
    return _Found(
        title=clean(found.title),
        items=found.items,
        known_items=found.common,
        known_episodes=found.known,
        final_url=redact(found.final_url),
        stranger=found.is_stranger,
    )


def _tell(report: _Report) -> None:
    for key, pair in report.changes.items():
        say(f"feed {report.id}: {key}: {pair['old'] or '-'} -> {pair['new'] or '-'}")
    if report.queued:
        say(
            f"feed {report.id}: {counted(report.queued, 'episode')} skipped for the backlog now due"
        )
    found = report.probe
    if found is not None:
        say(
            f"feed {report.id}: there is {found.title!r} with {counted(found.items, 'item')},"
            f" {found.known_items} of them known"
        )
        if found.stranger:
            say(f"feed {report.id}: not one item is known: is it the same podcast?")
    for warning in report.warnings:
        say(f"feed {report.id}: {warning}")


def _confirm_strangers(reports: list[_Report], *, yes: bool) -> None:
    if yes or not any(report.probe and report.probe.stranger for report in reports):
        return
    if not sys.stdin.isatty():
        raise UsageError("another podcast seems to stand there; say --yes if that is meant")
    if not click.confirm("edit it all the same?", err=True):
        raise click.Abort


def _write(plans: list[Plan], settings: Settings) -> None:
    if not plans:
        return
    with archives.deciding(settings, create=False) as archive:
        futures = [archive.writer.submit(planned.edit) for planned in plans]
        for future in futures:
            future.result()
