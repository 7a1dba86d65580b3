"""``podfetch verify``: the archive's files compared with its catalogue."""

from __future__ import annotations

import click

from podfetch_tui.catalog import erasures, media
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.output import document, file_name, say, table
from podfetch_tui.model.errors import Failure
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

    A file or folder that cannot be read is counted as unreadable, and the look goes on.
    """
    with archives.reading_for(ctx.obj) as (layout, catalog, _):
        look = _Look(layout, catalog, deep=deep)
        look.at_rows()
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
    if any(counts[word] for word in _DAMAGE):
        ctx.exit(6)


class _Look:
    """One look at the catalogue's files and at what else there is."""

    def __init__(self, layout: Layout, catalog: Catalog, *, deep: bool) -> None:
        self._layout = layout
        self._catalog = catalog
        self._deep = deep
        self._own = OwnPaths(layout)
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.items: list[dict[str, object]] = []
        self.first_failure = ""
        """Why the first thing that is unreadable could not be read."""

    def at_rows(self) -> None:
        """Compare every file that a row has with that row."""
        for file in media.files(self._catalog):
            if not self._own.add(file.path) or not file.settled:
                continue
            self.counts["checked"] += 1
            digest = file.sha256 if self._deep else b""
            try:
                found = check_file(self._layout, file.path, size=file.size, sha256=digest)
            except Failure as failure:
                self._unreadable(file.path, failure, file.episode_id, file.kind)
                continue
            self.counts[found.value] += 1
            if found is not Check.OK:
                self._item(file.path, found.value, file.episode_id, file.kind)

    def at_folders(self) -> None:
        """Count what nobody knows, and what is under way."""
        for path in erasures.erasures(self._catalog):
            self._own.add(path)
        for path, _size in walk(self._layout, on_unreadable=self._unreadable):
            if path not in self._own and not self._is_held(path):
                self.counts["foreign"] += 1
                self._item(path, "foreign")
        self.counts["parts"] = sum(1 for _ in self._layout.parts.glob("*.part"))

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
