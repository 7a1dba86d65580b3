"""The evidence about a feed: why it is in quarantine, and what came of its polls."""

from __future__ import annotations

from typing import Any

from podfetch_tui.catalog import lookups, trail
from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.quarantine import evidence
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import Feed
from podfetch_tui.model.text import clean, redact_markup
from podfetch_tui.policy import advice
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.times import rfc3339_or_none

_POLLS = 20
_ACTIONS = 10
_HEAD = 1000


def last_answer(catalog: Catalog, feed: Feed, most: int = 300) -> str:
    """Return the head of the answer that a feed failed with last, without secrets and controls.

    Empty where its last poll succeeded or nobody answered: many a host says in words where a
    feed has moved.

    Raises:
        Failure: The catalogue could not be read.
    """
    if not feed.health.last_error:
        return ""
    return _in_words(evidence(catalog, feed.id), feed, most)


def _in_words(head: bytes, feed: Feed, most: int) -> str:
    return clean(redact_markup(head.decode("utf-8", "replace"), feed.url), most)


def evidence_document(catalog: Catalog, feed_id: int) -> dict[str, Any]:
    """Return all that is known of a feed's failures, in the shape of ``quarantine show --json``.

    Raises:
        UsageError: There is no such feed.
        Failure: The catalogue could not be read.
    """
    feed = get_feed(catalog, feed_id)
    if feed is None:
        raise UsageError(f"no feed {feed_id}")
    row = lookups.feed_detail(catalog, feed_id)
    times = trail.feed_times(catalog, feed_id)
    host = trail.host_facts(catalog, host_of(feed.url))
    head = evidence(catalog, feed_id)
    code = (feed.health.last_error or "").partition(":")[0]
    return {
        "id": feed_id,
        "title": row["title"],
        "url": row["url"],
        "state": row["state"],
        "since": rfc3339_or_none(times.quarantined_at or times.state_at),
        "reason": row["state_reason"],
        "cause": code or None,
        "consecutive_failures": row["consecutive_failures"],
        "first_failure_at": rfc3339_or_none(feed.health.first_failure_at),
        "last_success_at": row["last_success_at"],
        "last_error": row["last_error"],
        "last_family": row["last_family"],
        "last_status": row["last_status"],
        "probation": feed.health.probation,
        "probes": times.probes,
        "next_probe_at": row["next_poll_at"],
        "snoozed_until": rfc3339_or_none(times.snoozed_until),
        "host": host_of(feed.url),
        "host_open_until": rfc3339_or_none(host.open_until if host else None),
        "polls": trail.polls(catalog, feed_id, most=_POLLS),
        "evidence": _in_words(head, feed, _HEAD) if head else None,
        "evidence_bytes": len(head),
        "actions": trail.feed_actions(catalog, feed_id, most=_ACTIONS),
        "do": advice.for_feed(feed_id, feed.state, code=code, family=feed.health.last_family),
    }
