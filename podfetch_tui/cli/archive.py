"""Opening an archive: to read beside a running engine, or to change under its lock.

What only reads loads neither the engine nor the network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.model.errors import ArchiveUnusable, Failure
from podfetch_tui.model.settings import Settings
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.storage.verify import walk
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.instance import InstanceLock
from podfetch_tui.system.paths import user_data_root, user_state_dir


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
        path = catalog_path(settings, layout)
        # Beside media a missing catalogue is a lost one: a new one would fetch all again.
        is_wanted = init or path.exists() or next(walk(layout), None) is None
        catalog = Catalog.open(path, create=is_wanted)
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
