"""The two lanes of work; each has its own limit, so that downloads cannot starve polling."""

from __future__ import annotations

from enum import Enum

from podfetch_tui.model.job import Job, PollJob
from podfetch_tui.model.work_settings import MOST_DOWNLOAD_WORKERS, MOST_POLL_WORKERS


class Lane(str, Enum):
    """A kind of work with a limit of its own."""

    POLL = "poll"
    DOWNLOAD = "download"


MOST_WORKERS = {Lane.POLL: MOST_POLL_WORKERS, Lane.DOWNLOAD: MOST_DOWNLOAD_WORKERS}
"""Permitted maximum of each lane: the size of its slot table and thread pool."""


def lane_of(job: Job) -> Lane:
    """Return the lane that ``job`` runs in."""
    return Lane.POLL if isinstance(job, PollJob) else Lane.DOWNLOAD


def key_of(job: Job) -> tuple[Lane, int]:
    """Return what makes ``job`` the same work as another: feed or episode."""
    if isinstance(job, PollJob):
        return Lane.POLL, job.feed.id
    return Lane.DOWNLOAD, job.episode.id
