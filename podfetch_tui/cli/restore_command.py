"""``podfetch restore``: a backup takes the catalogue's place, and is brought up to the disk."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from podfetch_tui.catalog.backups import BackupFacts, inspect_backup, settle_log
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.output import document, file_name, harmless, say
from podfetch_tui.model.errors import ArchiveUnusable, UsageError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted
from podfetch_tui.pipeline.adopt import Adopted, adopt
from podfetch_tui.storage import backups
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import bind_catalog, open_archive, remake_marker
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.paths import user_state_dir

_MOST_SHOWN = 20


@click.command("restore")
@click.argument("file", metavar="FILE")
@click.option("--to", "root", metavar="DIR", default=None, help="Archive folder to restore into.")
@click.option("--deep", is_flag=True, help="Compare the digest of every file that is taken in.")
@click.option("--dry-run", is_flag=True, help="Look at the backup; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def restore_command(
    context: Context,
    *,
    file: str,
    root: str | None,
    deep: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Put a backup in the catalogue's place; no engine may run.

    The catalogue that is there is kept aside. Then files the backup does not know are taken
    in by their sidecars, and episodes whose file is gone are marked missing.
    """
    if root is not None:
        context = msgspec.structs.replace(context, archive=root)
    settings = load_settings(context).settings
    path = Path(file).expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file; name one that `podfetch backup` made")
    facts = inspect_backup(path)
    there = _check_fits(settings, path, facts)
    say(
        f"{path}: {counted(facts.feeds, 'feed')}, {counted(facts.episodes, 'episode')},"
        f" format {facts.format}, of archive {facts.archive or '(it does not say)'}"
    )
    if dry_run:
        if as_json:
            document({"backup": facts, "restored": False, "dry_run": True})
        return
    if there:
        _confirm(path, yes=yes)
    kept, adopted = _restore(settings, path, facts, deep=deep)
    _report(kept, adopted)
    if as_json:
        document({"backup": facts, "restored": True, "dry_run": False, **_json(kept, adopted)})


def _check_fits(settings: Settings, path: Path, facts: BackupFacts) -> bool:
    """Say whether a catalogue would be replaced.

    Raises:
        UsageError: The backup is of another archive, or nobody knows of which.
        ArchiveUnusable: The archive's folder cannot be used.
    """
    root = archives.root_of(settings)
    if not Layout(root).marker.exists():
        if not facts.archive:
            raise UsageError(
                f"{path} does not say of which archive it is, and {root} is none: restore the"
                " whole archive folder, or name the archive with --to"
            )
        return False
    layout = open_archive(root, create=False, state_dir=user_state_dir(), read_only=True)
    if facts.archive and facts.archive != layout.uuid:
        raise UsageError(
            f"{path} is of archive {facts.archive}, and {root} is {layout.uuid}: name the"
            " folder of its own archive with --to"
        )
    return archives.catalog_path(settings, layout).exists()


def _confirm(path: Path, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("this would replace the catalogue; say --yes if that is meant")
    if not click.confirm(f"replace the catalogue by {path.name}?", err=True):
        raise click.Abort


def _restore(
    settings: Settings, path: Path, facts: BackupFacts, *, deep: bool
) -> tuple[Path | None, Adopted]:
    root, state_dir = archives.root_of(settings), user_state_dir()
    aside: list[Path] = []
    now = Clock().now_ms()

    def swap(layout: Layout, catalog: Path) -> Layout:
        if not catalog.parent.is_dir():
            raise ArchiveUnusable(f"{catalog.parent}, where the catalogue goes, is no folder")
        copy = backups.copy_in(path, catalog)
        if catalog.exists():
            settle_log(catalog)
        kept = backups.take_place(copy, catalog, now)
        if kept is not None:
            aside.append(kept)
        bind_catalog(layout, facts.catalog)
        return Layout(layout.root, layout.uuid, facts.catalog)

    if facts.archive:
        remake_marker(root, facts.archive, state_dir=state_dir)
    with archives.changing(settings, create=False, prepare=swap) as archive:
        found = adopt(
            archive.layout, archive.catalog, archive.writer, now=archive.clock.now_ms(), deep=deep
        )
    return (aside[0] if aside else None), found


def _json(kept: Path | None, found: Adopted) -> dict[str, object]:
    return {
        "kept_aside": None if kept is None else str(kept),
        "adopted": len(found.adopted),
        "missing": len(found.missing),
        "foreign": len(found.foreign),
        "foreign_files": [file_name(name) for name in found.foreign],
    }


def _report(kept: Path | None, found: Adopted) -> None:
    if kept is not None:
        say(f"the catalogue that was there is kept: {kept}")
    say(
        f"{counted(len(found.adopted), 'file')} the backup did not know taken in,"
        f" {counted(len(found.missing), 'episode')} without a file now,"
        f" {counted(len(found.foreign), 'file')} of nobody"
    )
    if found.missing:
        say("  `podfetch episodes retry state:missing` fetches them again")
    for name in found.foreign[:_MOST_SHOWN]:
        say(f"  {harmless(name)}")
    if len(found.foreign) > _MOST_SHOWN:
        say(f"  … and {len(found.foreign) - _MOST_SHOWN} more; `podfetch verify --list` has all")
    if found.foreign:
        say("  they stay where they are; what the feeds still list is fetched beside them")
