"""``init status events verify``: the archive as a whole."""

from __future__ import annotations

import click

from podfetch_tui.catalog import media, pages, totals
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.moments import parse_since
from podfetch_tui.cli.output import document, lines, say, table
from podfetch_tui.model.settings import Settings
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.verify import check_file, walk
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.instance import holder
from podfetch_tui.system.resources import free_bytes

_EVENT_COLUMNS = ("at", "kind", "feed_id", "episode_id", "family", "code", "text")


@click.command("init")
@click.pass_obj
def init_command(context: Context) -> None:
    """Make the archive's folder an archive, also when it holds other files already."""
    with archives.changing(load_settings(context).settings, init=True) as archive:
        say(f"{archive.layout.root} is an archive")


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def status_command(context: Context, *, as_json: bool) -> None:
    """Say what the archive holds and whether an engine runs on it."""
    settings = load_settings(context).settings
    with archives.reading(settings) as (layout, catalog):
        clock = Clock()
        counts = totals.counts(catalog)
        running = holder(layout.lock)
        report = _status(settings, layout, counts, running=running is not None)
        if running is not None:
            uptime = max(0, clock.now_ms() - running.started_at) / 1000
            report["uptime_s"] = round(uptime, 1)
    if as_json:
        document(report)
        return
    words = {key: counts[key] for key in ("feeds", "episodes", "media")}
    click.echo(f"state     {report['state']}")
    for key, numbers in words.items():
        shown = ", ".join(f"{count} {name}" for name, count in numbers.items() if count)
        click.echo(f"{key:9} {shown or 'none'}")


def _status(
    settings: Settings,
    layout: Layout,
    counts: dict[str, dict[str, int]],
    *,
    running: bool,
) -> dict[str, object]:
    free, total = free_bytes(layout.root)
    work = settings.engine
    lanes = {
        "poll": {"limit": work.poll_workers, "target": 0, "busy": 0},
        "download": {"limit": work.download_workers, "target": 0, "busy": 0},
    }
    return {
        "state": "running" if running else "stopped",
        "uptime_s": None,
        "feeds": counts["feeds"],
        "episodes": counts["episodes"],
        "media": counts["media"],
        "lanes": lanes,
        "rates": {},
        "errors": counts.get("errors", {}),
        "resources": {"free_bytes": free, "total_bytes": total},
        "queue": counts.get("queue", {}),
        "alerts": [],
    }


@click.command("events")
@click.option("--since", default=None, metavar="TIME", help="A duration (2h) or a time.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def events_command(
    context: Context, *, since: str | None, limit: int | None, as_json: bool
) -> None:
    """Show what happened, from the audit trail, oldest first."""
    start = parse_since(since, Clock().now_ms()) if since else 0
    with archives.reading(load_settings(context).settings) as (_, catalog):
        rows = pages.events(catalog, since=start, limit=limit)
        if as_json:
            lines(rows)
        elif not table(rows, _EVENT_COLUMNS):
            say("no events")


@click.command("verify")
@click.option("--deep", is_flag=True, help="Read every file and compare its digest.")
@click.option("--list", "with_items", is_flag=True, help="Name what is not in order.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def verify_command(ctx: click.Context, *, deep: bool, with_items: bool, as_json: bool) -> None:
    """Compare the archive's files with its catalogue; exit 6 when something is damaged."""
    settings = load_settings(ctx.obj).settings
    with archives.reading(settings) as (layout, catalog):
        known: set[str] = set()
        counts = dict.fromkeys(("checked", "ok", "missing", "mismatched", "foreign", "parts"), 0)
        items: list[dict[str, object]] = []
        for file in media.files(catalog):
            if file.path in known:
                continue
            known.add(file.path)
            counts["checked"] += 1
            found = check_file(
                layout, file.path, size=file.size, sha256=file.sha256 if deep else b""
            )
            word = found.value
            counts[word] += 1
            if word != "ok":
                items.append({"path": file.path, "problem": word, "episode_id": file.episode_id})
        for path, _size in walk(layout):
            if path not in known:
                counts["foreign"] += 1
                items.append({"path": path, "problem": "foreign", "episode_id": None})
        counts["parts"] = sum(1 for _ in layout.parts.glob("*.part"))
    report: dict[str, object] = {**counts}
    if with_items:
        report["items"] = items
    if as_json:
        document(report)
    else:
        click.echo(", ".join(f"{count} {word}" for word, count in counts.items()))
        if with_items:
            table(items, ("problem", "episode_id", "path"))
    if counts["missing"] or counts["mismatched"]:
        ctx.exit(6)
