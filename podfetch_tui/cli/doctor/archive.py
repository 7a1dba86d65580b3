"""The archive: folder, file system, space, lock, catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from podfetch_tui.catalog.facts import WAL_LIMIT, CatalogFacts, catalog_facts
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.places import unsafe_place
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.doctor.check import Check, bad, ok, warn
from podfetch_tui.model import figures
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.settings import ArchiveSettings, Settings
from podfetch_tui.storage.backups import backups_in, default_folder, last_backup
from podfetch_tui.storage.layout import MARKER_DIR, Layout
from podfetch_tui.storage.space import room
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.filesystems import file_system_of
from podfetch_tui.system.instance import holder
from podfetch_tui.system.paths import user_state_dir
from podfetch_tui.system.resources import UNKNOWN_FREE
from podfetch_tui.system.times import rfc3339

CHECKED_UNASKED = 512 << 20
"""A catalogue of at most so many bytes is read whole without being asked to."""
_FUTURE_MS = 5 * 60 * 1000
_TIGHT = 2
_OLD_MS = 14 * 86_400_000


def check_archive(settings: Settings, *, deep: bool) -> Iterator[Check]:
    """Yield what the archive is like; an engine may be running on it.

    Args:
        settings: Which archive.
        deep: Read the whole catalogue, however large.
    """
    root = archives.root_of(settings)
    if not root.exists() and not root.is_symlink():
        yield warn("archive", f"{root} does not exist yet", "the first import or run makes it")
        yield from _place(_existing(root), settings.archive)
        return
    yield from _place(root, settings.archive)
    yield _lock(Layout(root))
    try:
        with archives.reading(settings) as (layout, catalog):
            yield ok("archive", f"{root}, {layout.uuid}")
            yield from _catalog(catalog, deep=deep)
            yield _backups(layout)
    except (PodfetchError, Failure) as error:
        yield bad("archive", str(error), "see what the message says")


def feed_host(settings: Settings) -> str:
    """Return the host of a feed that answered lately, to look up; empty if there is none."""
    from podfetch_tui.catalog import pages
    from podfetch_tui.model.snapshot import PageRequest
    from podfetch_tui.policy.hosts import host_of

    wanted = PageRequest(kind="feeds", filter="state:active last:*", sort="-last")
    try:
        with archives.reading(settings) as (_, catalog):
            for row in pages.rows(catalog, wanted, limit=1):
                return host_of(str(row["url"])).partition(":")[0]
    except (PodfetchError, Failure):
        pass  # the archive's own check says why
    return ""


def _existing(path: Path) -> Path:
    return next(folder for folder in path.parents if folder.exists())


def _place(folder: Path, settings: ArchiveSettings) -> Iterator[Check]:
    found = file_system_of(folder)
    if found is None:
        yield ok("file system", "the system does not say")
    else:
        shared = " (shared with other machines: one of them may use it)" * found.is_network
        yield ok("file system", f"{found.kind} at {found.point or folder}{shared}")
    if not os.access(folder, os.W_OK | os.X_OK):
        yield bad("writable", f"{folder} cannot be written", "give this user the right to write")
    try:
        space = room(folder, settings)
    except Failure as failure:
        yield bad("space", str(failure), "look at the disk")
        return
    if space.free == UNKNOWN_FREE:
        yield warn("space", "the file system does not say how much is free", "keep an eye on it")
        return
    text = f"{figures.size(space.free)} of {figures.size(space.total)} free"
    kept = f"{figures.size(space.floor)} have to stay free"
    if space.free <= space.floor:
        mend = "make room, or lower archive.min_free and archive.min_free_percent"
        yield bad("space", f"{text}, and {kept}: downloads wait", mend)
    elif space.free < _TIGHT * space.floor:
        yield warn("space", f"{text}, and {kept}", "make room soon")
    else:
        yield ok("space", text)


def _lock(layout: Layout) -> Check:
    if not (layout.root / MARKER_DIR).is_dir():
        return ok("engine", "none")
    try:
        who = holder(layout.lock)
    except PodfetchError as error:
        return bad("engine", str(error), "look at the rights of the file")
    if who is None:
        return ok("engine", "none runs on this archive")
    return ok("engine", f"process {who.pid} since {rfc3339(who.started_at)}")


def _catalog(catalog: Catalog, *, deep: bool) -> Iterator[Check]:
    unsafe = unsafe_place(catalog.path)
    if unsafe is not None:
        yield bad("catalogue", unsafe, "set archive.catalog to a file on a local disk")
    small = catalog.path.stat().st_size <= CHECKED_UNASKED
    facts = catalog_facts(catalog, check=deep or small)
    yield _content(catalog, facts)
    yield _log(facts)
    yield _outcomes(facts)


def _content(catalog: Catalog, facts: CatalogFacts) -> Check:
    text = f"{catalog.path}, format {facts.format}, {figures.size(facts.bytes)}"
    if facts.problems:
        found = "; ".join(facts.problems[:3])
        return bad("catalogue", f"{text}: {found}", "podfetch restore the newest backup")
    whole = "whole" if facts.checked else "not read whole (--deep does)"
    return ok("catalogue", f"{text}, {whole}")


def _log(facts: CatalogFacts) -> Check:
    text = f"{figures.size(facts.wal_bytes)} wait in the catalogue's log"
    if facts.wal_bytes > 2 * WAL_LIMIT:
        mend = "end programs that read the catalogue for long; the log shrinks by itself then"
        return warn("log", text, mend)
    return ok("log", text)


def _outcomes(facts: CatalogFacts) -> Check:
    newest = facts.newest_outcome_at
    if newest is None:
        return ok("outcomes", "none yet")
    if newest > Clock().now_ms() + _FUTURE_MS:
        text = f"the newest is of {rfc3339(newest)}, in the future"
        mend = "the clock was wrong then, or is now: set it, and let NTP keep it"
        return bad("outcomes", text, mend)
    return ok("outcomes", f"the newest is of {rfc3339(newest)}")


def _backups(layout: Layout) -> Check:
    known = last_backup(user_state_dir(), layout.uuid)
    if known is None:
        found = backups_in(default_folder(layout), layout.uuid)
        if found:
            return ok("backup", f"{found[-1]}")
        return warn("backup", "none was made here", "podfetch backup --to DIR, on another disk")
    age = Clock().now_ms() - known.at
    text = f"{known.path}, {figures.span(age / 1000)} old"
    if age > _OLD_MS:
        return warn("backup", text, "podfetch backup --to DIR, from a timer")
    return ok("backup", text)
