"""What a start owes to the process before it; O(work in flight), not O(archive)."""

from __future__ import annotations

import logging

import msgspec

from podfetch_tui.catalog import episodes
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage.sweep import sweep_parts, sweep_rejected

logger = logging.getLogger(__name__)


class Recovered(msgspec.Struct, frozen=True):
    """What was found at the start."""

    claimed: int
    sealed: int
    swept: int
    """Part files that no row names, deleted."""


def recover(services: Services, schedule: Schedule, settings: Settings) -> Recovered:
    """Queue what was in flight and delete parts that no row names.

    A claimed episode goes on at its durable offset, a sealed one is published without a
    download. A published file is never deleted.

    Raises:
        Failure: Disk or catalogue refused.
    """
    rows = episodes.in_flight(services.catalog)
    schedule.add(EpisodeJob(episode=e, feed=f, settings=settings) for e, f in rows)
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
