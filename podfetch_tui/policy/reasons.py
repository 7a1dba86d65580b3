"""Why a feed or an episode is tried when it is, in words; and what can be done about it.

Nothing here decides: it says what ``interval``, ``breaker``, ``retry`` and the operator decided,
from what the catalogue remembers of it.
"""

from __future__ import annotations

import msgspec

from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Family
from podfetch_tui.model.feed import BreakerState, Feed, FeedState
from podfetch_tui.model.settings import FeedSettings
from podfetch_tui.model.text import counted
from podfetch_tui.model.units import format_duration
from podfetch_tui.policy.interval import interval_s
from podfetch_tui.policy.rhythm import hints_of


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a host that is not to be asked freely."""

    name: str
    open_until: int | None = None
    """UTC milliseconds."""
    not_before: int | None = None
    """It told us to wait so long, UTC milliseconds."""
    error: str = ""

    def is_held(self, now: int) -> bool:
        """Whether it is left alone at ``now``, UTC milliseconds."""
        return max(self.open_until or 0, self.not_before or 0) > now


class EpisodeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What says when an episode is tried."""

    state: EpisodeState
    error: str = ""
    family: str = ""
    next_attempt_at: int | None = None
    attempts: int = 0
    durable: int = 0
    """Bytes of it that are on the disk."""


def poll_reason(
    feed: Feed, settings: FeedSettings, *, last_family: str | None, host: HostFacts | None, now: int
) -> str:
    """Return why a feed is polled when it is, or why it is not.

    Args:
        feed: As the catalogue has it.
        settings: The ``[feeds]`` section.
        last_family: Family of its newest outcome, if that was no success.
        host: What is remembered of its host, if anything.
        now: UTC milliseconds.
    """
    if feed.state not in (FeedState.ACTIVE, FeedState.QUARANTINED):
        return f"never: it is {feed.state.value}" + _because(feed.state_reason)
    reason = _own_reason(feed, settings, last_family)
    closed = _closed(host, now)
    return f"{reason}; {closed}" if closed else reason


def _own_reason(feed: Feed, settings: FeedSettings, last_family: str | None) -> str:
    health = feed.health
    if feed.state is FeedState.QUARANTINED:
        return "probe of a quarantined feed" + _because(feed.state_reason)
    if health.breaker is not BreakerState.CLOSED:
        return (
            f"cool-down after {counted(health.consecutive_failures, 'failure')} in a row;"
            f" its breaker opened {_times(health.opened)} without a success,"
            " and each time it lasts longer"
        )
    if last_family == Family.DEFERRED.value:
        return "its host said when to come back"
    if last_family == Family.SYSTEM.value:
        return "this machine had trouble at the last poll; the feed is not blamed"
    if health.consecutive_failures:
        return f"re-check after {counted(health.consecutive_failures, 'failure')} in a row"
    if not feed.polls_ok:
        return "its first poll"
    if feed.page_url:
        return "its back-catalogue goes on at another page"
    return _interval_reason(feed, settings)


def _interval_reason(feed: Feed, settings: FeedSettings) -> str:
    hints = hints_of(feed.rhythm)
    seconds = interval_s(feed, settings, hints)
    every = f"every {format_duration(round(seconds))}"
    if feed.interval is not None:
        least = " (feeds.min_interval)" if feed.interval < settings.min_interval else ""
        return f"{every}: set for this feed alone{least}"
    if seconds == settings.max_interval:
        bound = ", but not longer (feeds.max_interval)"
    elif seconds == settings.min_interval:
        bound = ", but not shorter (feeds.min_interval)"
    else:
        bound = ""
    if feed.rhythm.ttl_s and feed.rhythm.ttl_s >= seconds:
        return f"{every}: the feed asks for it (ttl){bound}"
    if settings.adaptive and feed.rhythm.gap_ms:
        gap = format_duration(feed.rhythm.gap_ms // 1000)
        return f"{every}: its rhythm, an episode every {gap}{bound}"
    return f"{every}: feeds.default_interval"


def attempt_reason(episode: EpisodeFacts, feed: Feed, *, host: HostFacts | None, now: int) -> str:
    """Return why an episode is tried when it is, or why it is not.

    Args:
        episode: As the catalogue has it.
        feed: Its feed.
        host: What is remembered of the host of its file, if anything.
        now: UTC milliseconds.
    """
    state = episode.state
    if state is EpisodeState.ARCHIVED:
        return "it is archived"
    if state in (EpisodeState.SKIPPED, EpisodeState.DELETED, EpisodeState.MISSING):
        return f"never by itself: it is {state.value}" + _because(episode.error)
    if state is EpisodeState.SEALED:
        return "its bytes are whole; it only has to be published, also after a crash"
    if feed.state is not FeedState.ACTIVE:
        return f"held: its feed is {feed.state.value}" + _because(feed.state_reason)
    reason = _attempt(episode, now)
    closed = _closed(host, now)
    return f"{reason}; {closed}" if closed else reason


def _attempt(episode: EpisodeFacts, now: int) -> str:
    resumes = f", goes on at byte {episode.durable}" if episode.durable else ""
    if episode.state is EpisodeState.CLAIMED:
        return f"a download was begun{resumes}"
    if episode.next_attempt_at is None:
        return "never by itself" + _because(episode.error)
    if episode.family == Family.DEFERRED.value:
        return f"its host said when to come back{resumes}"
    if episode.state is EpisodeState.FAILED or episode.state is EpisodeState.GONE:
        return f"re-check after {counted(episode.attempts, 'attempt')}{resumes}"
    if episode.next_attempt_at <= now:
        return f"due, waits for its turn{resumes}"
    return f"tried again after {counted(episode.attempts, 'attempt')}{resumes}"


def _closed(host: HostFacts | None, now: int) -> str:
    if host is None:
        return ""
    if host.not_before is not None and host.not_before > now:
        return f"{host.name} told us to wait"
    if host.open_until is not None and host.open_until > now:
        return f"{host.name} is not asked for the moment" + _because(host.error)
    return ""


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
