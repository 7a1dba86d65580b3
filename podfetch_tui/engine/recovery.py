"""What a start owes to the process before it; O(work in flight), not O(archive)."""

from __future__ import annotations

import logging

import msgspec

from podfetch_tui.catalog import episodes
from podfetch_tui.catalog.batches import open_batches
from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.model.job import EpisodeJob, PollJob
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.erasures import finish_erasures
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage.sweep import sweep_parts, sweep_rejected

logger = logging.getLogger(__name__)


class Recovered(msgspec.Struct, frozen=True):
    """What was found at the start."""

    claimed: int
    sealed: int
    swept: int
    """Part files that no row names, deleted."""


def recover(
    services: Services, schedule: Schedule, batches: Batches, settings: Settings
) -> Recovered:
    """Queue what was in flight, what is left of batches, and delete parts that no row names.

    A claimed episode goes on at its durable offset, a sealed one is published without a
    download. A published file is never deleted, unless an operator deleted its episode and
    the process before did not come to it.

    Raises:
        Failure: Disk or catalogue refused.
    """
    finish_erasures(services.layout, services.catalog, services.writer, services.clock)
    rows = episodes.in_flight(services.catalog)
    schedule.add(EpisodeJob(episode=e, feed=f, settings=settings) for e, f in rows)
    for left in open_batches(services.catalog):
        batches.resume(left.id, [feed.id for feed in left.feeds])
        schedule.add(PollJob(feed=feed, settings=settings, batch_id=left.id) for feed in left.feeds)
    swept = sweep_parts(services.layout, episodes.parts_in_use(services.catalog))
    sweep_rejected(services.layout)
    sealed = sum(episode.state == "sealed" for episode, _ in rows)
    found = Recovered(len(rows) - sealed, sealed, swept.removed)
    if rows or swept.removed:
        logger.info(
            "Recovered what was in flight",
            extra={"claimed": found.claimed, "sealed": found.sealed, "swept": found.swept},
        )
    return found
