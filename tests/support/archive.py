"""A whole engine on an archive in a test's folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from podfetch_tui.catalog import lookups, pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.host_writes import SaveHost
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import Imported, ImportFeeds, NewFeed

LOOPBACK = ("127.0.0.0/8",)


def settings_for(root: Path, **changes: dict[str, Any]) -> Settings:
    """Settings for an archive below ``root``; ``changes`` are by section."""
    settings = Settings()
    wanted: dict[str, dict[str, Any]] = {
        "archive": {"root": str(root), "min_free": 0, "min_free_percent": 0.0},
        "network": {"allow_private": LOOPBACK},
        "retry": {"base": 0.01, "cap": 0.05},
        "throttle": {"adaptive": False},  # tests run beside one another: the machine is busy
    }
    for section, values in changes.items():
        wanted[section] = {**wanted.get(section, {}), **values}
    for section, values in wanted.items():
        part = msgspec.structs.replace(getattr(settings, section), **values)
        settings = msgspec.structs.replace(settings, **{section: part})
    return settings


def add_feeds(archive: archives.OpenArchive, *urls: str) -> tuple[int, ...]:
    """Import feeds by URL; return the new ids."""
    write = ImportFeeds(
        source="test",
        feeds=tuple(NewFeed(url=url) for url in urls),
        at=archive.clock.now_ms(),
    )
    receipt = archive.writer.submit(write).result()
    assert isinstance(receipt, Imported)
    return receipt.new


def run_once(settings: Settings, *urls: str, credentials: Credentials | None = None) -> Engine:
    """Run ``--once`` on the archive, adding ``urls`` first; return the engine that did it."""
    with archives.changing(settings) as archive:
        if urls:
            add_feeds(archive, *urls)
        with compose.engine_on(archive, settings, credentials, once=True) as engine:
            assert engine.finished.wait(100)
            engine.stop(timeout=5)
        return engine


@contextlib.contextmanager
def running(settings: Settings, *urls: str) -> Iterator[Engine]:
    """Run an engine continuously while the block runs."""
    with archives.changing(settings) as archive:
        add_feeds(archive, *urls)
        with compose.engine_on(archive, settings) as engine:
            yield engine


def rows(settings: Settings, kind: str, **more: Any) -> list[dict[str, Any]]:
    """All rows of a kind, in the shape of the command line's JSON."""
    with archives.reading(settings) as (_, catalog):
        return list(pages.rows(catalog, PageRequest(kind=kind, **more)))


def hold_host(settings: Settings, name: str) -> None:
    """Let a host have told us to wait for a day."""
    with archives.changing(settings) as archive:
        now = archive.clock.now_ms()
        write = SaveHost(host=name, not_before=now + 86_400_000, at=now)
        archive.writer.submit(write).result()


def make_due(settings: Settings) -> None:
    """Make every feed and failed episode due now."""
    from podfetch_tui.model.writes import ChangeFeed

    with archives.changing(settings) as archive:
        now = archive.clock.now_ms()
        for feed_id in lookups.feed_ids(archive.catalog):
            archive.writer.submit(ChangeFeed(feed_id=feed_id, next_poll_at=now, at=now)).result()
