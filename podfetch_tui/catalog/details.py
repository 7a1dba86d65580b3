"""All that is known of one feed, for who looks at it alone: pages of kinds ``feed``, ``raw``."""

from __future__ import annotations

import zlib

from podfetch_tui.catalog import lookups, trail
from podfetch_tui.catalog.evidence import last_answer
from podfetch_tui.catalog.feed_bodies import feed_body_of
from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.model.text import clean, redact_markup
from podfetch_tui.policy import advice
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.times import rfc3339, rfc3339_or_none

KINDS = frozenset({"feed", "raw"})
_POLLS = 60
_ACTIONS = 30
_REASONS = 8
_RAW_LINES = 2_000
_RAW_BYTES = 256 * 1024
_RAW_WIDTH = 400


def query(catalog: Catalog, request: PageRequest) -> Page:
    """Return the one row of ``feed`` or the lines of ``raw`` for ``request.feed_id``.

    Raises:
        UsageError: There is no such feed.
        Failure: The catalogue could not be read.
    """
    feed_id = request.feed_id
    if feed_id is None or lookups.feed_by_id(catalog, feed_id) is None:
        raise UsageError(f"there is no feed {feed_id}")
    rows = _feed(catalog, feed_id) if request.kind == "feed" else _raw(catalog, feed_id)
    return Page(rows, None)


def _feed(catalog: Catalog, feed_id: int) -> tuple[dict[str, JsonValue], ...]:
    row = lookups.feed_detail(catalog, feed_id)
    times = trail.feed_times(catalog, feed_id)
    polls = trail.polls(catalog, feed_id, most=_POLLS)
    code = str(row["last_error"] or "").partition(":")[0]
    merged = row["merged_into"]
    host = trail.host_facts(catalog, host_of(str(row["url"])))
    row["since"] = rfc3339(times.state_at)
    row["added_at"] = rfc3339(times.added_at)
    row["snoozed_until"] = rfc3339_or_none(times.snoozed_until)
    row["polls"] = list(polls)
    row["actions"] = list(trail.feed_actions(catalog, feed_id, most=_ACTIONS))
    row["states"] = dict(trail.episode_counts(catalog, feed_id))
    row["reasons"] = [
        {"state": state, "reason": reason, "episodes": number}
        for state, reason, number in trail.episode_reasons(catalog, feed_id, most=_REASONS)
    ]
    feed = get_feed(catalog, feed_id)
    row["last_answer"] = last_answer(catalog, feed) if feed is not None else ""
    row["do"] = advice.for_feed(
        feed_id,
        FeedState(str(row["state"])),
        code=code,
        family=str(row["last_family"]) if row["last_family"] else None,
        merged_into=merged if isinstance(merged, int) else None,
        held_host=host.name if host is not None and host.is_held(Clock().now_ms()) else "",
    )
    return (row,)


def _raw(catalog: Catalog, feed_id: int) -> tuple[dict[str, JsonValue], ...]:
    """Return the beginning of a feed's document, a row a line, cleaned and without secrets."""
    try:
        kept = feed_body_of(catalog, feed_id)
    except zlib.error:
        return ({"id": 1, "text": "(what was kept is damaged; the next change replaces it)"},)
    if kept is None:
        return ()
    text = kept.body[:_RAW_BYTES].decode("utf-8", errors="replace")
    feed = get_feed(catalog, feed_id)
    url = feed.url if feed is not None else ""
    lines = [redact_markup(line, url) for line in text.splitlines()[:_RAW_LINES]]
    return tuple(
        {"id": number, "text": clean(line, _RAW_WIDTH)} for number, line in enumerate(lines, 1)
    )
