"""Opening an archive: to read beside a running engine, or to change under its lock.

What only reads loads neither the engine nor the network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podfetch_tui.cli.context import Context, leading
from podfetch_tui.config.loaded import refuse
from podfetch_tui.model.errors import ArchiveLocked, ArchiveUnusable, Failure
from podfetch_tui.model.settings import Settings
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import bind_catalog, open_archive
from podfetch_tui.storage.unusable import unusable
from podfetch_tui.storage.verify import walk
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.instance import InstanceLock, holder
from podfetch_tui.system.paths import user_data_root, user_state_dir

if TYPE_CHECKING:
    from podfetch_tui.catalog.open import Catalog
    from podfetch_tui.catalog.writer import TakesWrites, Writer


@dataclass(frozen=True, slots=True)
class ChangeableArchive:
    """An archive that takes an operator's changes: opened here, or by a running engine."""

    layout: Layout
    catalog: Catalog
    writer: TakesWrites
    clock: Clock


@dataclass(frozen=True, slots=True)
class OpenArchive(ChangeableArchive):
    """An archive under its lock, ready to be changed."""

    writer: Writer
    lock: InstanceLock


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
    from podfetch_tui.catalog.open import Catalog

    layout = open_archive(
        root_of(settings), create=False, state_dir=user_state_dir(), read_only=True
    )
    path = catalog_path(settings, layout)
    _check_is_there(layout, path)
    catalog = Catalog.open(path, create=False, read_only=True, archive=layout.uuid)
    try:
        _check_belongs(layout, catalog)
        yield layout, catalog
    finally:
        catalog.close()


@contextlib.contextmanager
def reading_for(context: Context) -> Iterator[tuple[Layout, Catalog, Settings]]:
    """Open the archive of the settings for reading, also where those have problems.

    What only reads needs to know where the archive is, and no more.

    Raises:
        BadConfiguration: The settings have problems and do not say where, or lead nowhere.
        ArchiveUnusable: There is no archive, or it cannot be read.
    """
    loaded = leading(context)
    with contextlib.ExitStack() as stack:
        try:
            layout, catalog = stack.enter_context(reading(loaded.settings))
        except ArchiveUnusable:
            refuse(loaded.problems)  # they are why it was looked for in the wrong place
            raise
        yield layout, catalog, loaded.settings


def is_made(settings: Settings) -> bool:
    """Return whether there is an archive in its folder already, whatever its condition."""
    return _is_there(Layout(root_of(settings)).marker)


def _is_there(path: Path) -> bool:
    """Say whether there is something; where nobody may look there is, and opening it says why."""
    try:
        return path.exists()
    except PermissionError:
        return True


def check(settings: Settings) -> None:
    """Look quickly whether an archive could be changed, making it where that is allowed.

    Raises:
        ArchiveLocked: Another process holds it.
        ArchiveUnusable: The folder cannot be used.
    """
    layout = open_archive(root_of(settings), create=True, state_dir=user_state_dir())
    with InstanceLock(layout.lock):
        return


@contextlib.contextmanager
def changing(
    settings: Settings,
    *,
    create: bool = True,
    init: bool = False,
    prepare: Callable[[Layout, Path], Layout] | None = None,
) -> Iterator[OpenArchive]:
    """Open an archive for changes, under its lock.

    Args:
        settings: Which archive.
        create: Make it where that is allowed.
        init: Make it beside foreign files, too.
        prepare: Called under the lock with the archive and the path of its catalogue, before
            that is opened; returns the archive as it is then.

    Raises:
        ArchiveLocked: Another process holds it.
        ArchiveUnusable: The folder or its catalogue cannot be used.
    """
    from podfetch_tui.catalog.open import Catalog  # a screen is there before it
    from podfetch_tui.catalog.writer import Writer  # what only reads does not wait for it

    clock = Clock()
    state_dir = user_state_dir()
    layout = open_archive(root_of(settings), create=create, init=init, state_dir=state_dir)
    path = catalog_path(settings, layout)
    with InstanceLock(layout.lock, clock=clock) as lock, _lock_beside(path, layout, clock):
        if prepare is not None:
            layout = prepare(layout, path)
        if not init:
            _check_is_there(layout, path)
        # Beside media a missing catalogue is a lost one: a new one would fetch all again.
        is_wanted = init or _is_there(path) or next(walk(layout), None) is None
        catalog = Catalog.open(path, create=is_wanted, archive=layout.uuid)
        try:
            if not init:
                _check_belongs(layout, catalog)
            bind_catalog(layout, catalog.identity.catalog)
            writer = Writer(catalog, clock)
            try:
                yield OpenArchive(layout, catalog, writer, clock, lock)
            finally:
                writer.close()
        except Failure as failure:
            raise unusable(layout.root, failure) from failure
        finally:
            catalog.close()


@contextlib.contextmanager
def deciding(settings: Settings, *, create: bool = True) -> Iterator[ChangeableArchive]:
    """Open an archive for an operator's changes, through the engine if one runs on it.

    Raises:
        ArchiveLocked: Another process holds it and takes no commands.
        ArchiveUnusable: The folder or its catalogue cannot be used.
        NoEngine: The engine went away.
    """
    with contextlib.ExitStack() as stack:
        try:
            archive: ChangeableArchive = stack.enter_context(changing(settings, create=create))
        except ArchiveLocked as locked:
            archive = stack.enter_context(_through_engine(settings, locked))
        yield archive


@contextlib.contextmanager
def _through_engine(settings: Settings, locked: ArchiveLocked) -> Iterator[ChangeableArchive]:
    from podfetch_tui.api.carrying import CarryingWriter
    from podfetch_tui.api.remote import RemoteClient

    with reading(settings) as (layout, catalog):
        who = holder(layout.lock)
        if who is None or not who.socket:
            raise locked
        with contextlib.closing(RemoteClient(Path(who.socket))) as client:
            writer = CarryingWriter(client)
            yield ChangeableArchive(layout, catalog, writer, Clock())
            writer.flush()


def _lock_beside(
    path: Path, layout: Layout, clock: Clock
) -> contextlib.AbstractContextManager[object]:
    """Lock a catalogue that lies apart: a copy of the root has a lock of its own."""
    if path == layout.catalog or not path.parent.is_dir():
        return contextlib.nullcontext()
    lock = path.with_name(f"{path.name}.lock")
    return InstanceLock(lock, clock=clock, what=f"the catalogue {path}")


def _check_is_there(layout: Layout, path: Path) -> None:
    """Raise when the archive has a catalogue and none is at ``path``: it may lie elsewhere."""
    if layout.catalog_uuid and not _is_there(path):
        raise ArchiveUnusable(
            f"the catalogue of archive {layout.root} is missing at {path}: set archive.catalog"
            " to where it is, or restore the newest backup there"
        )


def _check_belongs(layout: Layout, catalog: Catalog) -> None:
    """Raise unless the marker means this catalogue, or none yet."""
    own = catalog.identity.catalog
    if layout.catalog_uuid and own and own != layout.catalog_uuid:
        raise ArchiveUnusable(
            f"archive {layout.root} has another catalogue ({layout.catalog_uuid}) than"
            f" {catalog.path} ({own}), made here or on another machine: set archive.catalog to"
            " that one, or run `podfetch init` to go on with this one"
        )
