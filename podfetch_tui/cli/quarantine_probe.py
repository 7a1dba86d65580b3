"""``podfetch quarantine probe``: one look at feeds that changes nothing about them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import click
import msgspec

from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import choose_quarantined
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.doorway import engine_or_none
from podfetch_tui.cli.output import lines, say
from podfetch_tui.config.loaded import Loaded
from podfetch_tui.model.commands import ProbeFeed
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.figures import size
from podfetch_tui.model.probes import ProbeReport

_Look = Callable[[int], "ProbeReport | None"]


@click.command("probe")
@click.argument("feeds", nargs=-1, metavar="[FEED…]")
@click.option("--all", "all_feeds", is_flag=True, help="Everything in quarantine.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def probe_command(
    ctx: click.Context, *, feeds: tuple[str, ...], all_feeds: bool, as_json: bool
) -> None:
    """Fetch feeds once and say what came and what a release would do; changes nothing.

    By id, URL or filter. One after the other; exit 1 when one of them brought no feed.
    """
    if bool(feeds) == all_feeds:
        raise UsageError("name feeds to probe, or --all")
    context: Context = ctx.obj
    loaded = load_settings(context)
    with archives.reading(loaded.settings) as (_, catalog):
        ids = choose_quarantined(catalog, feeds or ("",))
    bad = 0
    with looking(loaded) as look:
        for feed_id in ids:
            report = look(feed_id)
            if report is None:
                continue
            bad += not report.ok
            if as_json:
                lines([msgspec.to_builtins(report)])
            else:
                _tell(report)
    if not ids:
        say("nothing in quarantine passes the filter" if feeds else "nothing is in quarantine")
    ctx.exit(1 if bad else 0)


def fails(loaded: Loaded, feed_ids: Sequence[int]) -> dict[int, str]:
    """Look at feeds one after the other; return those that do not answer, and why not."""
    left = {}
    with looking(loaded) as look:
        for feed_id in feed_ids:
            report = look(feed_id)
            if report is not None and not report.answers:
                left[feed_id] = f"is left: {report.said}"
    return left


@contextlib.contextmanager
def looking(loaded: Loaded) -> Iterator[_Look]:
    """Look through the engine if one runs: it knows which hosts want to be left alone."""
    with engine_or_none(loaded.settings) as client:
        if client is not None:
            yield lambda feed_id: client.send(ProbeFeed(feed_id=feed_id)).probe
            return
    from podfetch_tui.cli.compose import diagnosing
    from podfetch_tui.pipeline.probing import note_of

    with (
        archives.changing(loaded.settings, create=False) as archive,
        diagnosing(loaded.settings, loaded.credentials, archive.catalog) as diagnose,
    ):

        def look(feed_id: int) -> ProbeReport | None:
            feed = get_feed(archive.catalog, feed_id)
            if feed is None:
                return None
            report = diagnose(feed)
            note = note_of(report, actor="command", at=archive.clock.now_ms())
            archive.writer.submit(note).result()
            return report

        yield look


def _tell(report: ProbeReport) -> None:
    click.echo(f"feed {report.feed_id} · {report.title or '(no title yet)'} · {report.url}")
    status = f"status {report.status}, " if report.status else ""
    kind = f", {report.content_type}" if report.content_type else ""
    took = f"{report.duration_ms / 1000:.1f} s, {size(report.bytes)}{kind}"
    family = f" ({report.family})" if report.family else ""
    click.echo(f"  came      {report.said}{family}: {status}{took}")
    if report.final_url and report.final_url != report.url:
        click.echo(f"  from      {report.final_url}")
    if report.found_title:
        click.echo(f"  title     {report.found_title}")
    if report.head:
        click.echo(f"  begins    {report.head}")
    click.echo(f"  release   {report.release_text}")
