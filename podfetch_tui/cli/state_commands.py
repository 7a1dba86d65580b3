"""``init events verify``: the archive as a whole."""

from __future__ import annotations

from collections.abc import Mapping

import click

from podfetch_tui.catalog import erasures, media, pages
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.context import Context, leading, load_settings
from podfetch_tui.cli.moments import parse_since
from podfetch_tui.cli.output import document, lines, say, table
from podfetch_tui.model.text import clean
from podfetch_tui.storage.verify import OwnPaths, check_file, walk
from podfetch_tui.system.clock import Clock

_EVENT_COLUMNS = ("at", "kind", "feed", "episode", "family", "code", "text")
_TITLE_CHARS = 30
_FIRST_LINES = 10


@click.command("init")
@click.pass_obj
def init_command(context: Context) -> None:
    """Make the archive's folder an archive, also when it holds other files already."""
    with archives.changing(load_settings(context).settings, init=True) as archive:
        say(f"{archive.layout.root} is an archive")


@click.command("events")
@click.option("--since", default=None, metavar="TIME", help="A duration (2h) or a time.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="The newest so many.")
@click.option(
    "--follow",
    is_flag=True,
    help="Go on with what happens, from the engine while one answers; begins with the newest 10.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def events_command(
    context: Context, *, since: str | None, limit: int | None, follow: bool, as_json: bool
) -> None:
    """Show what happened, from the audit trail, oldest first; then perhaps what happens."""
    start = parse_since(since, Clock().now_ms()) if since else 0
    if follow:
        settings = leading(context).settings
        from podfetch_tui.cli.events_follow import Follower

        newest = _FIRST_LINES if limit is None and not since else limit
        Follower(settings, as_json=as_json).run(since=start, limit=newest)
        return
    with archives.reading_for(context) as (_, catalog, _):
        rows = pages.events(catalog, since=start, limit=limit)
        if as_json:
            lines(rows)
        elif not table(map(_titled, rows), _EVENT_COLUMNS):
            say("no events")


def _titled(row: Mapping[str, object]) -> dict[str, object]:
    """Name feed and episode of an event by number and title."""
    named: dict[str, object] = dict(row)
    for noun in ("feed", "episode"):
        number, title = row[f"{noun}_id"], row[f"{noun}_title"]
        named[noun] = number if not title else f"{number} {clean(str(title), _TITLE_CHARS)}"
    return named


@click.command("verify")
@click.option("--deep", is_flag=True, help="Read every file and compare its digest.")
@click.option("--list", "with_items", is_flag=True, help="Name what is not in order.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def verify_command(ctx: click.Context, *, deep: bool, with_items: bool, as_json: bool) -> None:
    """Compare the archive's files with its catalogue; exit 6 when something is damaged."""
    with archives.reading_for(ctx.obj) as (layout, catalog, _):
        own = OwnPaths(layout)
        counts = dict.fromkeys(("checked", "ok", "missing", "mismatched", "foreign", "parts"), 0)
        items: list[dict[str, object]] = []
        beside = False
        for file in media.files(catalog):
            if not own.add(file.path) or not file.settled:
                continue
            counts["checked"] += 1
            found = check_file(
                layout, file.path, size=file.size, sha256=file.sha256 if deep else b""
            )
            word = found.value
            counts[word] += 1
            if word != "ok":
                beside = beside or file.kind != "media"
                items.append(
                    {
                        "path": file.path,
                        "problem": word,
                        "episode_id": file.episode_id,
                        "kind": file.kind,
                    }
                )
        for path in erasures.erasures(catalog):
            own.add(path)
        for path, _size in walk(layout):
            if path not in own and not _is_held(catalog, own, path):
                counts["foreign"] += 1
                items.append({"path": path, "problem": "foreign", "episode_id": None, "kind": None})
        counts["parts"] = sum(1 for _ in layout.parts.glob("*.part"))
    report: dict[str, object] = {**counts}
    if with_items:
        report["items"] = items
    if as_json:
        document(report)
    else:
        click.echo(", ".join(f"{count} {word}" for word, count in counts.items()))
        if with_items:
            table(items, ("problem", "episode_id", "kind", "path"))
    if beside:
        say("what lies beside a file is made anew by `podfetch episodes derive EPISODE…`")
    if counts["missing"] or counts["mismatched"]:
        ctx.exit(6)


def _is_held(catalog: Catalog, own: OwnPaths, path: str) -> bool:
    """Say whether a row has, or is about to have, a file that was not known before the walk."""
    for held in media.held_like(catalog, path):
        own.add(held)
    return path in own
