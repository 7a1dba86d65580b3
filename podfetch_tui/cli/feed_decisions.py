"""Deciding about feeds from the command line: plan, ask, have it done, say how to undo it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click
from msgspec.structs import replace

from podfetch_tui.catalog.deciding import decide, planned, release_times
from podfetch_tui.catalog.quarantine import feed_marks
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import are_names, choose_feeds, choose_quarantined
from podfetch_tui.cli.context import program
from podfetch_tui.cli.decide import HowAsked, confirm, report
from podfetch_tui.cli.output import remark, say
from podfetch_tui.model import figures
from podfetch_tui.model.decisions import (
    DONE,
    UNDO_MS,
    Decided,
    FeedAsk,
    FeedDecision,
    FeedMark,
)
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.clock import Clock


def carry_out(
    settings: Settings,
    names: tuple[str, ...],
    ask: FeedAsk,
    how: HowAsked,
    *,
    quarantined: bool = False,
    all_feeds: bool = False,
    fails: Callable[[Sequence[int]], dict[int, str]] | None = None,
) -> int:
    """Decide about the feeds that ``names`` mean; return the exit code.

    Args:
        settings: Those of the archive.
        names: Ids, URLs or a filter.
        ask: What is wanted; its feeds are found here.
        how: The options.
        quarantined: A filter looks among the feeds in quarantine alone.
        all_feeds: All in quarantine, without names.
        fails: Looks at feeds and returns which of them are to be left out, and why.

    Raises:
        UsageError: A name means nothing, or nobody is there to ask.
    """
    how = replace(how, named=are_names(names))
    choose = choose_quarantined if quarantined else choose_feeds
    with archives.reading(settings) as (_, catalog):
        ids = choose(catalog, ("",)) if all_feeds else choose(catalog, names)
        marks = feed_marks(catalog, ids)
    left: dict[int, str] = {}
    if fails is not None:
        left = fails([mark.id for mark in marks])
        marks = [mark for mark in marks if mark.id not in left]
    out = Decided((), tuple(left.items()))
    ask = replace(
        ask,
        feed_ids=tuple(mark.id for mark in marks),
        seen=tuple(mark.state_at for mark in marks),
        reason=how.reason,
    )
    if ask.decision is FeedDecision.RELEASE:
        _say_when(marks, ask, settings)
    word = DONE[ask.decision]
    if how.dry_run:
        return report([planned(marks, ask), out], "feed", word, how=how, operation=True)
    confirm(len(marks), ask.decision.value, "feeds", yes=how.yes)
    with archives.deciding(settings, create=False) as archive:
        decided = decide(
            archive.catalog,
            ask,
            lambda write: archive.writer.submit(write).result(),
            settings=settings.engine,
            now=archive.clock.now_ms(),
        )
    code = report([decided, out], "feed", word, how=how, operation=True)
    if decided.operation:
        called = program(click.get_current_context().obj)
        remark(f"{called} undo {decided.operation} takes it back within {UNDO_MS // 1000} s")
    return code


def _say_when(marks: list[FeedMark], ask: FeedAsk, settings: Settings) -> None:
    """Say what a release of many means for their hosts."""
    if len(marks) < 2:
        return
    now = Clock().now_ms()
    last = max(release_times(marks, ask, settings=settings.engine, now=now))
    hosts = len({host_of(mark.url) for mark in marks})
    when = "all at once" if last == now else f"the last in {figures.span((last - now) / 1000)}"
    what = f"{counted(len(marks), 'feed')} at {counted(hosts, 'host')}"
    say(f"{what}: polled one after the other, {when}")
