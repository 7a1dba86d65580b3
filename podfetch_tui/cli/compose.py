"""The composition root: the only place that knows every class."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator

from podfetch_tui.api.local import LocalClient
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli.archive import OpenArchive
from podfetch_tui.config.loaded import Loaded
from podfetch_tui.config.source import SettingsSource, fixed_source
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.episode import KnownFeed
from podfetch_tui.model.feed import Access, Feed
from podfetch_tui.model.first_run import Heard
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.settings import Settings
from podfetch_tui.net.client import HttpClient
from podfetch_tui.notify.notifier import Notifier
from podfetch_tui.pipeline.parsing import Parsers
from podfetch_tui.pipeline.probing import Probe, diagnose, hear, probe
from podfetch_tui.pipeline.services import Services
from podfetch_tui.sandbox.pool import Sandbox
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.collector import YOUNG, YOUNG_BESIDE_A_SCREEN, collecting_rarely
from podfetch_tui.system.memory import share_heaps
from podfetch_tui.system.paths import user_state_dir
from podfetch_tui.system.resources import raise_open_files_limit


@contextlib.contextmanager
def engine_on(
    archive: OpenArchive,
    settings: Settings,
    credentials: Credentials | None = None,
    *,
    source: SettingsSource | None = None,
    loaded: Loaded | None = None,
    once: bool = False,
    paused: bool = False,
    with_ui: bool = False,
) -> Iterator[Engine]:
    """Build an engine on an open archive and start it; what it made is closed at the end.

    Args:
        archive: Under its lock.
        settings: What holds.
        credentials: What hosts may be shown.
        source: Where settings are read again; without it they only change by commands.
        loaded: What ``source`` gave, with ``settings`` and ``credentials``.
        once: Do what is due, then be finished.
        paused: Start paused.
        with_ui: A screen is in the same process.
    """
    if source is None or loaded is None:
        source, loaded = fixed_source(settings, credentials or Credentials())
    work = settings.engine
    share_heaps()
    raise_open_files_limit(2 * (work.poll_workers + work.download_workers) + 256)
    http = HttpClient(
        settings.network, per_host=work.per_host, clock=archive.clock, credentials=credentials
    )
    with (
        contextlib.closing(http),
        _fast_parsers() as fast,
        Sandbox(size=2) as sandbox,
        collecting_rarely(YOUNG_BESIDE_A_SCREEN if with_ui else YOUNG),
    ):
        services = Services(
            http=http,
            parsers=Parsers(fast, sandbox),
            sandbox=sandbox,
            catalog=archive.catalog,
            writer=archive.writer,
            layout=archive.layout,
            clock=archive.clock,
            rng=random.Random(),
        )
        engine = Engine(
            services,
            source,
            loaded,
            once=once,
            paused=paused,
            is_held=archive.lock.is_intact,
            crash_folder=user_state_dir() / "crashes",
        )
        try:
            engine.start()
            with contextlib.closing(_notifier(engine, http)):
                yield engine
        finally:
            engine.stop(timeout=0.0)


def _notifier(engine: Engine, http: HttpClient) -> Notifier:
    """Tell webhook and program of the engine's alerts, but not again of those that stood."""
    return Notifier(
        LocalClient(engine),
        lambda: engine.settings.alerts,
        told=engine.alerts.restored,
        post=http.post,
        emit=engine.events.emit,
        count=engine.telemetry.note,
        clock=engine.services.clock,
    )


def _fast_parsers() -> Sandbox:
    """The pool of the fast path: its tasks are many, short and bounded."""
    return Sandbox(size=2, memory=256 << 20, cpu_s=5, wall_s=15, tasks_per_child=10_000)


Diagnose = Callable[[Feed], ProbeReport]
"""Fetches a feed once and says what came."""


@contextlib.contextmanager
def diagnosing(
    settings: Settings, credentials: Credentials, catalog: Catalog
) -> Iterator[Diagnose]:
    """Build what looks at feeds need where no engine runs; it is closed at the end."""
    clock, stop = Clock(), threading.Event()
    http = HttpClient(settings.network, per_host=1, clock=clock, credentials=credentials)
    with contextlib.closing(http), Sandbox(size=1) as sandbox:

        def look(feed: Feed) -> ProbeReport:
            return diagnose(
                feed,
                catalog=catalog,
                max_items=settings.feeds.max_items,
                http=http,
                parsers=Parsers(sandbox, sandbox),
                clock=clock,
                stop=stop,
            )

        yield look


Look = Callable[[str, Access, KnownFeed, threading.Event], Probe]
"""Takes a URL, what the feed has of its own, what is known of it, and a stop."""


@contextlib.contextmanager
def probing(settings: Settings, credentials: Credentials) -> Iterator[Look]:
    """Build what one look at a URL needs; it is closed at the end."""
    http = HttpClient(settings.network, per_host=1, clock=Clock(), credentials=credentials)
    with contextlib.closing(http), Sandbox(size=1) as sandbox:

        def look(url: str, access: Access, known: KnownFeed, stop: threading.Event) -> Probe:
            return probe(
                url,
                access=access,
                known=known,
                max_items=settings.feeds.max_items,
                http=http,
                parsers=Parsers(sandbox, sandbox),
                stop=stop,
            )

        yield look


Hear = Callable[[str, Access, threading.Event], Heard]
"""Takes a URL, what the feed has of its own, and a stop."""


@contextlib.contextmanager
def hearing(settings: Settings) -> Iterator[Hear]:
    """Build what feeds are asked with before there is an archive; it is closed at the end."""
    http = HttpClient(settings.network, per_host=1, clock=Clock(), credentials=Credentials())
    with contextlib.closing(http), Sandbox(size=2) as sandbox:

        def ask(url: str, access: Access, stop: threading.Event) -> Heard:
            return hear(
                url,
                access=access,
                feeds=settings.feeds,
                accept=settings.media.accept,
                http=http,
                parsers=Parsers(sandbox, sandbox),
                stop=stop,
            )

        yield ask
