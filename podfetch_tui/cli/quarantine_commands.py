"""``podfetch quarantine``: the feeds that wait for the operator, and what he does about them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click
from msgspec.structs import replace

from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.decide import HowAsked, decision_options
from podfetch_tui.cli.feed_decisions import carry_out
from podfetch_tui.cli.lazy import LazyGroup
from podfetch_tui.config.loaded import Loaded
from podfetch_tui.model.decisions import FeedAsk, FeedDecision
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.moments import duration_of, parse_until
from podfetch_tui.system.clock import Clock


@click.group(
    "quarantine",
    cls=LazyGroup,
    lazy={
        "edit-url": "quarantine_edit:edit_url_command",
        "list": "quarantine_list:list_command",
        "probe": "quarantine_probe:probe_command",
        "show": "quarantine_show:show_command",
    },
)
def quarantine_group() -> None:
    """See which feeds are in quarantine and why, and probe, release, snooze or retire them."""


@quarantine_group.command("release")
@click.argument("feeds", nargs=-1, metavar="[FEED…]")
@click.option("--all", "all_feeds", is_flag=True, help="Everything in quarantine.")
@click.option(
    "--stagger", metavar="TIME", help="Poll them evenly over this time (15m); 0: all at once."
)
@click.option(
    "--if-answers", is_flag=True, help="Probe each first; release those alone that answer."
)
@decision_options
@click.pass_context
def release_command(
    ctx: click.Context,
    /,
    *,
    feeds: tuple[str, ...],
    all_feeds: bool,
    stagger: str | None,
    if_answers: bool,
    **options: Any,
) -> None:
    """Poll feeds again, on probation: one failure sends them back. By id, URL or filter.

    One is polled at once. Of many, engine.per_host of a host and engine.batch_min in all are
    polled every 30 s, or as --stagger says.
    """
    over = None if stagger is None else _milliseconds(stagger)
    ask = FeedAsk(feed_ids=(), decision=FeedDecision.RELEASE, over_ms=over)
    _decide(ctx, feeds, ask, all_feeds=all_feeds, options=options, if_answers=if_answers)


@quarantine_group.command("snooze")
@click.argument("feeds", nargs=-1, metavar="[FEED…]")
@click.option("--all", "all_feeds", is_flag=True, help="Everything in quarantine.")
@click.option("--until", required=True, metavar="TIME", help="So long (1d, 2w), or until a time.")
@decision_options
@click.pass_context
def snooze_command(
    ctx: click.Context,
    /,
    *,
    feeds: tuple[str, ...],
    all_feeds: bool,
    until: str,
    **options: Any,
) -> None:
    """Leave feeds in quarantine alone until a time: no probes. By id, URL or filter."""
    at = parse_until(until, Clock().now_ms())
    ask = FeedAsk(feed_ids=(), decision=FeedDecision.SNOOZE, until=at)
    _decide(ctx, feeds, ask, all_feeds=all_feeds, options=options)


@quarantine_group.command("retire")
@click.argument("feeds", nargs=-1, metavar="[FEED…]")
@click.option("--all", "all_feeds", is_flag=True, help="Everything in quarantine.")
@decision_options
@click.pass_context
def retire_command(
    ctx: click.Context, /, *, feeds: tuple[str, ...], all_feeds: bool, **options: Any
) -> None:
    """Poll feeds no more, for good; their episodes and files stay. By id, URL or filter."""
    ask = FeedAsk(feed_ids=(), decision=FeedDecision.RETIRE)
    _decide(ctx, feeds, ask, all_feeds=all_feeds, options=options)


def _decide(
    ctx: click.Context,
    feeds: tuple[str, ...],
    ask: FeedAsk,
    *,
    all_feeds: bool,
    options: dict[str, Any],
    if_answers: bool = False,
) -> None:
    if bool(feeds) == all_feeds:
        raise UsageError(f"name feeds to {ask.decision.value}, or --all")
    context: Context = ctx.obj
    how = HowAsked(**options)
    ask = replace(ask, reason=how.reason)
    loaded = load_settings(context)
    ctx.exit(
        carry_out(
            loaded.settings,
            feeds,
            ask,
            how,
            quarantined=True,
            all_feeds=all_feeds,
            fails=partial(_fails, loaded) if if_answers else None,
        )
    )


def _fails(loaded: Loaded, feed_ids: Sequence[int]) -> dict[int, str]:
    from podfetch_tui.cli.quarantine_probe import fails  # with what it takes to fetch

    return fails(loaded, feed_ids)


def _milliseconds(text: str) -> int:
    return duration_of("--stagger", text)
