"""``podfetch backup``: a copy of the catalogue, also while an engine runs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from podfetch_tui.catalog.backups import copy_catalog, inspect_backup, require_room
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.output import document, say
from podfetch_tui.model import figures
from podfetch_tui.model.errors import Failure, UsageError
from podfetch_tui.model.text import counted
from podfetch_tui.storage import backups
from podfetch_tui.storage.layout import Layout
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.paths import user_state_dir
from podfetch_tui.system.resources import free_bytes


@click.command("backup")
@click.option("--to", "folder", metavar="DIR", default=None, help="Put it there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def backup_command(context: Context, *, folder: str | None, as_json: bool) -> None:
    """Copy the catalogue, also while an engine runs; the media are not copied.

    The copy is read back whole before it gets its name. The newest archive.backup_keep of a
    folder are kept. Without --to they are in the archive, beside the catalogue.
    """
    settings = load_settings(context).settings
    now = Clock().now_ms()
    with archives.reading(settings) as (layout, catalog):
        where = _folder(layout, folder)
        made = _make(catalog, layout, where, now)
    removed = backups.prune(where, layout.uuid, settings.archive.backup_keep)
    backups.remember(user_state_dir(), layout.uuid, backups.LastBackup(str(made), now))
    facts = inspect_backup(made)
    say(
        f"{made}: {counted(facts.feeds, 'feed')}, {counted(facts.episodes, 'episode')},"
        f" {figures.size(facts.bytes)}; {len(removed)} older ones removed"
    )
    if as_json:
        kept = backups.backups_in(where, layout.uuid)
        document(
            {
                "path": str(made),
                "bytes": facts.bytes,
                "archive": facts.archive,
                "format": facts.format,
                "feeds": facts.feeds,
                "episodes": facts.episodes,
                "kept": len(kept),
                "removed": [str(path) for path in removed],
            }
        )


def _folder(layout: Layout, named: str | None) -> Path:
    if named is None:
        return backups.default_folder(layout)
    folder = Path(named).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--to {folder}: that is a file; name a folder")
    return folder


def _make(catalog: Catalog, layout: Layout, folder: Path, now: int) -> Path:
    """Copy, read the copy back, and give it its name."""
    temp = backups.begin(folder, now)
    try:
        require_room(folder, catalog.path.stat().st_size, free_bytes(folder)[0])
        copy_catalog(catalog, temp)
        inspect_backup(temp)
        return backups.finish(temp, layout.uuid, now)
    except OSError as error:
        raise UsageError(f"--to {folder}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError, Failure):
            temp.unlink(missing_ok=True)
