"""Why something is tried when it is, in words that name the rule."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.feed import BreakerState, Feed, FeedState, Health, Rhythm
from podfetch_tui.model.settings import FeedSettings
from podfetch_tui.policy.reasons import EpisodeFacts, HostFacts, attempt_reason, poll_reason

NOW = 1_700_000_000_000
FEED = Feed(id=1, url="https://a.example/", polls_ok=3)


def why_feed(host: HostFacts | None = None, family: str | None = None, **changes: Any) -> str:
    feed = replace(FEED, **changes)
    return poll_reason(feed, FeedSettings(), last_family=family, host=host, now=NOW)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": FeedState.PAUSED, "state_reason": "by operator"}, "never: it is paused (by op"),
        ({"state": FeedState.GONE}, "never: it is gone"),
        ({"state": FeedState.QUARANTINED, "state_reason": "replaced"}, "probe of a quarantined"),
        (
            {"health": Health(breaker=BreakerState.OPEN, consecutive_failures=6, opened=2)},
            "cool-down after 6 failures in a row; its breaker opened 2 times",
        ),
        ({"health": Health(consecutive_failures=1)}, "re-check after 1 failure in a row"),
        ({"polls_ok": 0}, "its first poll"),
        ({"page_url": "https://a.example/?page=2"}, "goes on at another page"),
        ({"interval": 7200}, "every 2h: set for this feed alone"),
        ({"interval": 60}, "every 15m: set for this feed alone (feeds.min_interval)"),
        ({}, "every 1h: feeds.default_interval"),
        ({"rhythm": Rhythm(gap_ms=7 * 86_400_000)}, "every 1d: its rhythm, an episode every 7d"),
        ({"rhythm": Rhythm(gap_ms=3_600_000)}, "but not shorter (feeds.min_interval)"),
        ({"rhythm": Rhythm(ttl_s=7200)}, "every 2h: the feed asks for it (ttl)"),
    ],
)
def test_the_rule_behind_the_next_poll_is_named(changes: dict[str, Any], says: str) -> None:
    assert says in why_feed(**changes)


def test_a_host_that_is_not_asked_is_named_too() -> None:
    waits = HostFacts(name="a.example", not_before=NOW + 1)
    assert why_feed(waits).endswith("; a.example told us to wait")
    closed = HostFacts(name="a.example", open_until=NOW + 1, error="reset")
    assert why_feed(closed).endswith("; a.example is not asked for the moment (reset)")
    assert ";" not in why_feed(HostFacts(name="a.example", open_until=NOW - 1))


def test_nobody_is_blamed_for_a_deferral_or_this_machine() -> None:
    assert why_feed(family="deferred") == "its host said when to come back"
    assert "not blamed" in why_feed(family="system")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (EpisodeFacts(state=EpisodeState.ARCHIVED), "it is archived"),
        (
            EpisodeFacts(state=EpisodeState.SKIPPED, error="backlog none"),
            "never by itself: it is skipped (backlog none)",
        ),
        (EpisodeFacts(state=EpisodeState.DELETED, error="by operator"), "it is deleted (by op"),
        (EpisodeFacts(state=EpisodeState.SEALED), "only has to be published"),
        (EpisodeFacts(state=EpisodeState.CLAIMED, durable=8), "begun, goes on at byte 8"),
        (EpisodeFacts(state=EpisodeState.PENDING, next_attempt_at=0), "due, waits for its turn"),
        (
            EpisodeFacts(state=EpisodeState.PENDING, next_attempt_at=NOW + 1, attempts=2),
            "tried again after 2 attempts",
        ),
        (
            EpisodeFacts(state=EpisodeState.PENDING, next_attempt_at=NOW, family="deferred"),
            "its host said when",
        ),
        (
            EpisodeFacts(state=EpisodeState.FAILED, next_attempt_at=NOW, attempts=1),
            "re-check after 1 attempt",
        ),
        (EpisodeFacts(state=EpisodeState.GONE, error="http_410: gone"), "never by itself (http"),
    ],
)
def test_the_rule_behind_the_next_attempt_is_named(facts: EpisodeFacts, says: str) -> None:
    assert says in attempt_reason(facts, FEED, host=None, now=NOW)


def test_episodes_of_a_feed_that_is_not_active_are_held() -> None:
    feed = replace(FEED, state=FeedState.PAUSED, state_reason="by operator")
    facts = EpisodeFacts(state=EpisodeState.PENDING, next_attempt_at=0)
    assert attempt_reason(facts, feed, host=None, now=NOW) == (
        "held: its feed is paused (by operator)"
    )
