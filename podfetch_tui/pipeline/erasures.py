"""Removing the files of deleted episodes: the row first, then the file, then the reminder.

A kill in between leaves the reminder; the next start, or the next deletion, finishes it. A
command does it beside a running engine, too: a lock of its own keeps two from removing at a
path at once, for what the second one finds there may be somebody else's already.
"""

from __future__ import annotations

import logging
import threading
from itertools import islice

from podfetch_tui.catalog.erasures import erasures, owner_of
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import TakesWrites
from podfetch_tui.model.decisions import ForgetErasures
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import ArchiveLocked
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.remove import remove_files
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.instance import InstanceLock

logger = logging.getLogger(__name__)

LOCK_NAME = "erasing"
_AT_A_TIME = 200
_LOOKS = 100
_LOOK_EVERY_S = 0.1
_ON_ITS_WAY = (EpisodeState.CLAIMED, EpisodeState.SEALED)
"""States in which the engine may publish a file at the path at any moment."""


def finish_erasures(layout: Layout, catalog: Catalog, writer: TakesWrites, clock: Clock) -> int:
    """Remove what is still to be removed; return how many files there were.

    A file that an episode was archived to meanwhile is left alone.

    Raises:
        Failure: Disk or catalogue refused; what is left is still remembered.
    """
    if next(erasures(catalog), None) is None:
        return 0
    for _ in range(_LOOKS):
        try:
            lock = InstanceLock(layout.marker_dir / LOCK_NAME, clock=clock).acquire()
        except ArchiveLocked:  # another process removes them, and perhaps these as well
            clock.wait(threading.Event(), _LOOK_EVERY_S)
            continue
        with lock:
            return _erase(layout, catalog, writer)
    return 0


def _erase(layout: Layout, catalog: Catalog, writer: TakesWrites) -> int:
    done = 0
    waiting = erasures(catalog)
    while paths := list(islice(waiting, _AT_A_TIME)):
        owners = {path: owner_of(catalog, path) for path in paths}
        kept = (*_ON_ITS_WAY, EpisodeState.ARCHIVED)
        ours = [path for path in paths if owners[path] not in kept]
        for strange in remove_files(layout, ours):
            logger.warning("Not removed, for it is no plain file", extra={"path": strange})
        # What lies there now, nobody can say: later.
        settled = [path for path in paths if owners[path] not in _ON_ITS_WAY]
        writer.submit(ForgetErasures(paths=tuple(settled))).result()
        done += len(ours)
    return done
