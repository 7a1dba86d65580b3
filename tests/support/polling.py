"""Polls one after the other, each with all its real parts, at a time the test sets."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.archive import settings_for
from support.clock import FakeClock

from podfetch_tui.catalog import episodes, feeds, lookups, pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.engine.endings import ending_of
from podfetch_tui.model.feed import Feed
from podfetch_tui.model.job import PollJob, RunResult
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import Imported, ImportFeeds, NewFeed
from podfetch_tui.net.client import HttpClient
from podfetch_tui.pipeline import poll_run
from podfetch_tui.pipeline.outcomes import guarded
from podfetch_tui.pipeline.parsing import Parsers
from podfetch_tui.pipeline.services import Services
from podfetch_tui.sandbox.pool import Sandbox

DAY_S = 24 * 3600.0
HOUR_S = 3600.0


class Poller:
    """An archive whose feeds are polled by hand: sockets, sandbox and catalogue are real."""

    def __init__(
        self, archive: archives.OpenArchive, services: Services, settings: Settings
    ) -> None:
        self._archive = archive
        self._services = services
        self.settings = settings
        self.clock = archive.clock
        assert isinstance(self.clock, FakeClock)

    def add(self, *urls: str, **own: Any) -> int:
        """Import feeds, with what they have of their own; return the id of the first."""
        write = ImportFeeds(
            source="test",
            feeds=tuple(NewFeed(url=url, **own) for url in urls),
            at=self.clock.now_ms(),
        )
        receipt = self._archive.writer.submit(write).result()
        assert isinstance(receipt, Imported)
        return receipt.new[0]

    def due(self) -> list[str]:
        """Return the GUIDs of what is to be downloaded, in its order."""
        rows = episodes.due_episodes(self._services.catalog, self.clock.now_ms(), 99)
        return [row.episode.guid for row in rows]

    def poll(self, feed_id: int = 1, *, after: float = 0.0) -> RunResult:
        """Poll a feed once, ``after`` seconds later, and write down what came of it."""
        assert isinstance(self.clock, FakeClock)
        self.clock.advance(after)
        job = PollJob(feed=self.feed(feed_id), settings=self.settings)
        result = guarded(poll_run.run, job, self._services, lambda _: None, threading.Event())
        ending = ending_of(job, result, now=self.clock.now_ms(), rng=random.Random(3))
        self._archive.writer.submit(ending.finish).result()
        return result

    def feed(self, feed_id: int = 1) -> Feed:
        found = feeds.get_feed(self._archive.catalog, feed_id)
        assert found is not None
        return found

    def rows(self, kind: str = "episodes", **more: Any) -> list[dict[str, Any]]:
        return list(pages.rows(self._archive.catalog, PageRequest(kind=kind, **more)))

    def detail(self, feed_id: int = 1) -> dict[str, Any]:
        return lookups.feed_detail(self._archive.catalog, feed_id)

    def episode(self, episode_id: int) -> dict[str, Any]:
        return lookups.episode_detail(self._archive.catalog, episode_id)

    def guids(self, feed_id: int | None = None) -> list[str]:
        return sorted(row["guid"] for row in self.rows(feed_id=feed_id))


@contextlib.contextmanager
def poller(root: Path, **changes: dict[str, Any]) -> Iterator[Poller]:
    """Open an archive below ``root``; ``changes`` are settings by section."""
    settings = settings_for(root, **changes)
    with archives.changing(settings) as opened:
        archive = dataclasses.replace(opened, clock=FakeClock())
        http = HttpClient(settings.network, per_host=2, clock=archive.clock)
        with contextlib.closing(http), Sandbox(size=1) as sandbox:
            services = Services(
                http=http,
                parsers=Parsers(sandbox, sandbox),
                sandbox=sandbox,
                catalog=archive.catalog,
                writer=archive.writer,
                layout=archive.layout,
                clock=archive.clock,
                rng=random.Random(7),
            )
            yield Poller(archive, services, settings)
