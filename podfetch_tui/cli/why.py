"""Putting together why a feed or an episode is as it is: one document, for people and JSON."""

from __future__ import annotations

import os
from typing import Any

from podfetch_tui.catalog import lookups, trail
from podfetch_tui.catalog.evidence import last_answer
from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli.choose import one_episode, one_feed
from podfetch_tui.model import figures
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import Feed
from podfetch_tui.model.settings import Settings
from podfetch_tui.policy import advice
from podfetch_tui.policy.filters import BadFilter
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.policy.reasons import HostFacts, attempt_reason, poll_reason
from podfetch_tui.storage.layout import Layout
from podfetch_tui.system.times import rfc3339, rfc3339_or_none

NEWEST = 10
"""Outcomes and actions that are shown."""
_REASONS = 8
_FEED, _EPISODE = "feed:", "episode:"
Document = dict[str, Any]


def find(catalog: Catalog, name: str) -> tuple[str, int]:
    """Return whether ``name`` means a feed or an episode, and its id.

    Args:
        catalog: An open catalogue.
        name: ``feed:12``, ``episode:12``, a number (a feed's, if there is one), a URL, or a
            filter that one feed, or else one episode, passes.

    Raises:
        UsageError: It means nothing, or several.
    """
    if name.startswith(_EPISODE):
        return "episode", one_episode(catalog, name.removeprefix(_EPISODE))
    if name.startswith(_FEED):
        return "feed", one_feed(catalog, name.removeprefix(_FEED))
    try:
        return "feed", one_feed(catalog, name)
    except UsageError as error:
        if not isinstance(error, BadFilter) and "name one" in str(error):
            raise
        first = error
    try:
        return "episode", one_episode(catalog, name)
    except UsageError as error:
        if isinstance(first, BadFilter) or "name one" in str(error):
            raise
        raise UsageError(
            f"neither a feed nor an episode is {name!r}: `podfetch feeds list` and"
            " `podfetch episodes list` show what there is"
        ) from error


def feed_document(catalog: Catalog, feed_id: int, settings: Settings, now: int) -> Document:
    """Return all that says why a feed is as it is. Raises :class:`Failure`."""
    row = lookups.feed_detail(catalog, feed_id)
    feed = _feed(catalog, feed_id)
    times = trail.feed_times(catalog, feed_id)
    polls = trail.polls(catalog, feed_id, most=NEWEST)
    host = trail.host_facts(catalog, host_of(feed.url))
    last = polls[0] if polls else {}
    polled = feed.state.value in ("active", "quarantined")
    return {
        "kind": "feed",
        "id": feed_id,
        "feed": row,
        "since": rfc3339(times.state_at or times.added_at),
        "snoozed_until": rfc3339_or_none(times.snoozed_until),
        "cool_down_until": rfc3339_or_none(feed.health.open_until),
        "opened": feed.health.opened,
        "probation": feed.health.probation,
        "last_answer": last_answer(catalog, feed) or None,
        "polls": polls,
        "days": trail.days(catalog, feed_id, most=NEWEST),
        "next": _next(
            feed.next_poll_at if polled else None,
            poll_reason(
                feed, settings.feeds, last_family=_text(last.get("family")), host=host, now=now
            ),
            now,
        ),
        "host": _host(host),
        "episodes": trail.episode_counts(catalog, feed_id),
        "episode_reasons": [
            {"state": state, "reason": reason, "episodes": count}
            for state, reason, count in trail.episode_reasons(catalog, feed_id, most=_REASONS)
        ],
        "actions": trail.feed_actions(catalog, feed_id, most=NEWEST),
        "do": advice.for_feed(
            feed_id,
            feed.state,
            code=(feed.health.last_error or "").partition(":")[0],
            family=feed.health.last_family or _text(last.get("family")),
            merged_into=_number(row.get("merged_into")),
            held_host=host.name if host is not None and host.is_held(now) else "",
        ),
    }


def episode_document(catalog: Catalog, layout: Layout, episode_id: int, now: int) -> Document:
    """Return all that says why an episode is as it is. Raises :class:`Failure`."""
    row = lookups.episode_detail(catalog, episode_id)
    feed = _feed(catalog, int(str(row["feed_id"])))
    facts, times = trail.episode_facts(catalog, episode_id)
    made = trail.derivatives(catalog, episode_id)
    files = _files(layout, row, made)
    host = trail.host_facts(catalog, host_of(str(row["enclosure_url"])))
    waits = facts.next_attempt_at is not None and feed.state.value == "active"
    return {
        "kind": "episode",
        "id": episode_id,
        "episode": row,
        "feed": {"id": feed.id, "title": feed.title, "state": feed.state.value},
        "seen_at": rfc3339(times.first_seen_at),
        "archived_at": rfc3339_or_none(times.archived_at),
        "durable_bytes": facts.durable,
        "attempts": trail.attempts(catalog, feed.id, episode_id, most=NEWEST),
        "next": _next(
            max(facts.next_attempt_at or 0, times.first_seen_at) if waits else None,
            attempt_reason(facts, feed, host=host, now=now),
            now,
        ),
        "host": _host(host),
        "files": files,
        "derivatives": made,
        "actions": trail.episode_actions(catalog, feed.id, episode_id, most=NEWEST),
        "do": advice.for_episode(
            episode_id,
            feed.id,
            facts.state,
            feed_state=feed.state,
            error=facts.error,
            family=facts.family,
            is_there=all(file["present"] for file in files if file["kind"] == "media"),
            is_suspect=row["validity"] == "suspect",
            is_whole=all(file["present"] for file in files)
            and not any(one["state"] == "failed" for one in made),
        ),
    }


def _next(at: int | None, reason: str, now: int) -> Document:
    if at is None:
        return {"at": None, "in": None, "why": reason}
    words = f"in {figures.span((at - now) / 1000)}"
    if at <= now:
        words = f"due for {figures.span((now - at) / 1000)}"
    return {"at": rfc3339(at), "in": words, "why": reason}


def _feed(catalog: Catalog, feed_id: int) -> Feed:
    feed = get_feed(catalog, feed_id)
    if feed is None:
        raise UsageError(f"no feed {feed_id}")
    return feed


def _files(layout: Layout, row: Document, made: list[Document]) -> list[Document]:
    """Return the files of an archived episode, and whether each is there."""
    if row["state"] != EpisodeState.ARCHIVED.value:
        return []
    paths = [("media", row["path"], row["bytes"])]
    paths += [(made_["kind"], made_["path"], made_["bytes"]) for made_ in made if made_["path"]]
    return [
        {
            "kind": kind,
            "path": path,
            "bytes": size,
            "present": os.path.lexists(layout.media(str(path))),
        }
        for kind, path, size in paths
        if path
    ]


def _host(host: HostFacts | None) -> Document | None:
    if host is None:
        return None
    return {
        "name": host.name,
        "open_until": rfc3339_or_none(host.open_until),
        "not_before": rfc3339_or_none(host.not_before),
        "error": host.error or None,
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
