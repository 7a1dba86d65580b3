"""``podfetch verify``: the archive's files compared with its catalogue."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
from msgspec.structs import replace

from podfetch_tui.catalog import erasures, media
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.decide import in_parts
from podfetch_tui.cli.output import document, file_name, remark, say, table
from podfetch_tui.model.decisions import Decided, NoteFiles
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.verify import Check, OwnPaths, check_file, walk

_COUNTS = ("checked", "ok", "missing", "mismatched", "foreign", "parts", "unreadable")
_UNREADABLE = "unreadable"
_DAMAGE = ("missing", "mismatched", _UNREADABLE)


@click.command("verify")
@click.option("--deep", is_flag=True, help="Read every file and compare its digest.")
@click.option("--list", "with_items", is_flag=True, help="Name what is not in order.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def verify_command(ctx: click.Context, *, deep: bool, with_items: bool, as_json: bool) -> None:
    """Compare the archive's files with its catalogue; exit 6 when something is damaged.

    A file or folder that cannot be read is counted as unreadable, and the look goes on. No
    file is touched. Episodes whose file is gone become missing, and archived again when a
    later look finds it; `episodes retry state:missing` fetches them.
    """
    with archives.reading_for(ctx.obj) as (layout, catalog, settings):
        look = _Look(layout, catalog, deep=deep)
        look.at_archived()
        look.at_missing()
        look.at_folders()
    counts, items = look.counts, look.items
    if as_json:
        named = [{**item, "path": file_name(str(item["path"]))} for item in items]
        document({**counts, "items": named} if with_items else counts)
    else:
        click.echo(", ".join(f"{count} {word}" for word, count in counts.items()))
        if with_items:
            table(items, ("problem", "episode_id", "kind", "path"))
    if look.first_failure:
        say(f"not everything could be read; the first: {look.first_failure}")
    if any(item["kind"] not in (None, "media") for item in items):
        say("what lies beside a file is made anew by `podfetch episodes derive EPISODE…`")
    _note(settings, look)
    if any(counts[word] for word in _DAMAGE):
        ctx.exit(6)


def _note(settings: Settings, look: _Look) -> None:
    """Write down which files are gone or back, through the engine if one runs."""
    layout = look.layout
    gone = [number for number, path in look.gone if not os.path.lexists(layout.media(path))]
    if not gone and not look.back:
        return
    try:
        with archives.deciding(settings, create=False) as archive:
            lost = _written(archive, [NoteFiles(gone=part, at=0) for part in in_parts(gone)])
            found = _written(archive, [NoteFiles(back=part, at=0) for part in in_parts(look.back)])
    except (PodfetchError, Failure) as error:
        say(f"the episodes stay in their state: {error}")
        return
    if lost:
        noun = counted(lost, "episode is", "episodes are")
        remark(f"{noun} missing now; `podfetch episodes retry state:missing` fetches them again")
    if found:
        noun = counted(found, "episode", "episodes")
        remark(f"{noun} that had been missing archived again: the files are there")


def _written(archive: archives.ChangeableArchive, writes: Sequence[NoteFiles]) -> int:
    """Write down what was seen; return how many episodes were still as they were seen."""
    at = archive.clock.now_ms()
    futures = [archive.writer.submit(replace(write, at=at)) for write in writes]
    receipts = [future.result() for future in futures]
    return sum(len(receipt.done) for receipt in receipts if isinstance(receipt, Decided))


class _Look:
    """One look at the catalogue's files and at what else there is."""

    def __init__(self, layout: Layout, catalog: Catalog, *, deep: bool) -> None:
        self.layout = layout
        self._catalog = catalog
        self._deep = deep
        self._own = OwnPaths(layout)
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.items: list[dict[str, object]] = []
        self.gone: list[tuple[int, str]] = []
        """Archived episodes whose file is not there, and its path."""
        self.back: list[int] = []
        """Missing ones whose file is there as it was."""
        self.first_failure = ""
        """Why the first thing that is unreadable could not be read."""

    def at_archived(self) -> None:
        """Compare every file that a row has with that row."""
        absent: set[str] = set()
        for file in media.files(self._catalog):
            found = None
            if self._own.add(file.path):
                found = self._compare(file) if file.settled else None
            elif file.path in absent:
                found = Check.MISSING  # two episodes of one file
            if found is Check.MISSING and file.kind == "media":
                absent.add(file.path)
                self.gone.append((file.episode_id, file.path))

    def at_missing(self) -> None:
        """Look whether files that were gone are there again; what is still gone is no news."""
        for file in media.files(self._catalog, EpisodeState.MISSING):
            if file.kind != "media":
                self._own.add(file.path)  # it waits for its episode
            elif os.path.lexists(self.layout.media(file.path)) and self._is_as_it_was(file):
                self.back.append(file.episode_id)

    def _is_as_it_was(self, file: media.ArchivedFile) -> bool:
        """Say whether a file is its episode's again; another one of its name is foreign."""
        if file.path in self._own:
            return True
        try:
            found = self._check(file)
        except Failure:
            return False  # the look at the folders, or the next one, tells
        if found is Check.OK:
            self._own.add(file.path)
            self.counts["checked"] += 1
            self.counts["ok"] += 1
        return found is Check.OK

    def _check(self, file: media.ArchivedFile) -> Check:
        digest = file.sha256 if self._deep else b""
        return check_file(self.layout, file.path, size=file.size, sha256=digest)

    def _compare(self, file: media.ArchivedFile) -> Check | None:
        """Count how a file is; return it, or ``None`` when it cannot be read."""
        self.counts["checked"] += 1
        try:
            found = self._check(file)
        except Failure as failure:
            self._unreadable(file.path, failure, file.episode_id, file.kind)
            return None
        self.counts[found.value] += 1
        if found is not Check.OK:
            self._item(file.path, found.value, file.episode_id, file.kind)
        return found

    def at_folders(self) -> None:
        """Count what nobody knows, and what is under way."""
        for path in erasures.erasures(self._catalog):
            self._own.add(path)
        for path, _size in walk(self.layout, on_unreadable=self._unreadable):
            if path not in self._own and not self._is_held(path):
                self.counts["foreign"] += 1
                self._item(path, "foreign")
        self.counts["parts"] = sum(1 for _ in self.layout.parts.glob("*.part"))

    def _is_held(self, path: str) -> bool:
        """Say whether a row has, or is about to have, a file that was not known before."""
        try:
            path.encode()
        except UnicodeEncodeError:
            return False  # no text, so no name of ours
        for held in media.held_like(self._catalog, path):
            self._own.add(held)
        return path in self._own

    def _unreadable(
        self, path: str, failure: Failure, episode_id: int | None = None, kind: str | None = None
    ) -> None:
        self.counts[_UNREADABLE] += 1
        self._item(path or ".", _UNREADABLE, episode_id, kind)
        self.first_failure = self.first_failure or str(failure)

    def _item(
        self, path: str, problem: str, episode_id: int | None = None, kind: str | None = None
    ) -> None:
        self.items.append(
            {"path": path, "problem": problem, "episode_id": episode_id, "kind": kind}
        )
