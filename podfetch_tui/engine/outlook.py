"""What comes next: batches, the head of the queue and closed hosts, as a snapshot shows them."""

from __future__ import annotations

from collections.abc import Mapping

from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.model.job import Job, PollJob, url_of
from podfetch_tui.model.snapshot import MOST_HOSTS, BatchView, HostView, UpcomingView
from podfetch_tui.model.text import clean, redact
from podfetch_tui.policy import priority
from podfetch_tui.policy.hosts import host_of

UPCOMING = 10
_LONGEST_TITLE = 120


def batch_view(batches: Batches, *, due: int, lateness_p95_s: float) -> BatchView:
    """Return how batches stand.

    Args:
        batches: The engine's.
        due: Feeds that are due in all.
        lateness_p95_s: Of the latest polls.
    """
    now = batches.view
    waits = "downloads" if now.waits_for_downloads else "catching up" if now.paced else ""
    return BatchView(
        size=now.size,
        left=now.left,
        eta_s=now.left / now.rate if now.rate else None,
        due=due,
        cycle_eta_s=due / now.rate if now.rate else None,
        lateness_p95_s=lateness_p95_s,
        waits=waits,
    )


def upcoming(schedule: Schedule, now: int) -> tuple[UpcomingView, ...]:
    """Return the next jobs of each lane, and why it is their turn."""
    return tuple(
        _upcoming(lane, job, now) for lane in Lane for job in schedule.upcoming(lane, UPCOMING)
    )


def closed_hosts(
    schedule: Schedule, now: int, feeds: Mapping[str, int] | None = None
) -> tuple[HostView, ...]:
    """Return hosts that are not asked freely, the one that is asked first in front.

    Args:
        schedule: Knows the hosts.
        now: UTC milliseconds.
        feeds: How many active feeds are at each, as far as it is known.
    """
    at = feeds or {}
    told = schedule.told_hosts(now)
    found = [
        HostView(
            host=name,
            breaker=h.breaker.value,
            until=h.open_until,
            opened=h.opened,
            told_until=told.pop(name, None),
            feeds=at.get(name, 0),
        )
        for name, h in schedule.open_hosts().items()
    ]
    found += [
        HostView(host=name, breaker="closed", told_until=until, feeds=at.get(name, 0))
        for name, until in told.items()
    ]
    found.sort(key=lambda view: (view.waits_until, view.host))
    return tuple(found[:MOST_HOSTS])


def _upcoming(lane: Lane, job: Job, now: int) -> UpcomingView:
    if isinstance(job, PollJob):
        title, episode_id = job.feed.title, None
        why = priority.reason(job.feed, now)
    else:
        title, episode_id = job.episode.title, job.episode.id
        why = "new" if job.attempt == 1 else f"attempt {job.attempt}"
        if job.episode.durable:
            why = f"resumes at {job.episode.durable} bytes"
    return UpcomingView(
        lane=lane.value,
        feed_id=job.feed.id,
        episode_id=episode_id,
        title=clean(title or redact(url_of(job)))[:_LONGEST_TITLE],
        host=host_of(url_of(job)),
        why=why,
    )
