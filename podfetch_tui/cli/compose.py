"""The composition root: the only place that knows every class."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.errors import ArchiveUnusable, Failure
from podfetch_tui.model.settings import Settings
from podfetch_tui.net.client import HttpClient
from podfetch_tui.pipeline.services import Services
from podfetch_tui.sandbox.pool import Sandbox
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.storage.template import parse_template
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.instance import InstanceLock
from podfetch_tui.system.paths import user_data_root, user_state_dir
from podfetch_tui.system.resources import raise_open_files_limit


@dataclass(frozen=True, slots=True)
class OpenArchive:
    """An archive under its lock, ready to be changed."""

    layout: Layout
    catalog: Catalog
    writer: Writer
    clock: Clock


def root_of(settings: Settings) -> Path:
    """Return the archive's folder: the one configured, else the user's data folder."""
    root = settings.archive.root
    return Path(root).expanduser().absolute() if root else user_data_root()


def catalog_path(settings: Settings, layout: Layout) -> Path:
    """Return where the catalogue is."""
    configured = settings.archive.catalog
    return Path(configured).expanduser().absolute() if configured else layout.catalog


@contextlib.contextmanager
def reading(settings: Settings) -> Iterator[tuple[Layout, Catalog]]:
    """Open an archive for reading; an engine may be running on it.

    Raises:
        ArchiveUnusable: There is no archive, or it cannot be read.
    """
    layout = open_archive(
        root_of(settings), create=False, state_dir=user_state_dir(), read_only=True
    )
    catalog = Catalog.open(catalog_path(settings, layout), create=False, read_only=True)
    try:
        yield layout, catalog
    finally:
        catalog.close()


@contextlib.contextmanager
def changing(
    settings: Settings, *, create: bool = True, init: bool = False
) -> Iterator[OpenArchive]:
    """Open an archive for changes, under its lock.

    Raises:
        ArchiveLocked: Another process holds it.
        ArchiveUnusable: The folder or its catalogue cannot be used.
    """
    clock = Clock()
    state_dir = user_state_dir()
    layout = open_archive(root_of(settings), create=create, init=init, state_dir=state_dir)
    with InstanceLock(layout.lock, clock=clock):
        catalog = Catalog.open(catalog_path(settings, layout), create=True)
        try:
            writer = Writer(catalog, clock)
            try:
                yield OpenArchive(layout, catalog, writer, clock)
            finally:
                writer.close()
        except Failure as failure:
            raise ArchiveUnusable(f"{layout.root}: {failure}") from failure
        finally:
            catalog.close()


@contextlib.contextmanager
def engine_on(
    archive: OpenArchive, settings: Settings, *, once: bool = False, paused: bool = False
) -> Iterator[Engine]:
    """Build an engine on an open archive and start it; what it made is closed at the end."""
    work = settings.engine
    raise_open_files_limit(2 * (work.poll_workers + work.download_workers) + 256)
    template = parse_template(settings.archive.filename)
    http = HttpClient(settings.network, per_host=work.per_host, clock=archive.clock)
    with contextlib.closing(http), Sandbox(size=2) as sandbox:
        services = Services(
            http=http,
            sandbox=sandbox,
            catalog=archive.catalog,
            writer=archive.writer,
            layout=archive.layout,
            template=template,
            clock=archive.clock,
            rng=random.Random(),
        )
        engine = Engine(services, settings, once=once, paused=paused)
        try:
            engine.start()
            yield engine
        finally:
            engine.stop(timeout=0.0)
