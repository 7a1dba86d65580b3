"""``podfetch quarantine list``: what is in quarantine, grouped by cause and host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import MOST_ROWS, filter_of
from podfetch_tui.cli.context import Context
from podfetch_tui.cli.output import lines, say
from podfetch_tui.model.figures import span
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import clean, counted
from podfetch_tui.policy.quarantine_groups import SEVERAL, Group, grouped
from podfetch_tui.system.clock import Clock

_TITLE = 60
_Row = Mapping[str, Any]


@click.command("list")
@click.argument("words", nargs=-1, metavar="[FILTER]")
@click.option("--sort", default="", metavar="[-]FIELD", help="By this field; - greatest first.")
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=None, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_command(
    context: Context, *, words: tuple[str, ...], sort: str, limit: int | None, as_json: bool
) -> None:
    """List the feeds in quarantine that pass a filter, grouped by cause and host."""
    wanted = filter_of(words)
    request = PageRequest(kind="quarantine", filter=wanted, sort=sort)
    with archives.reading_for(context) as (_, catalog, _):
        rows = pages.rows(catalog, request, limit=limit)
        if as_json:
            lines(rows)
            return
        found: Sequence[_Row] = list(rows)
    if not found:
        say("nothing in quarantine passes the filter" if wanted else "nothing is in quarantine")
        return
    now = Clock().now_ms()
    for group in grouped([(row["cause"] or "", row["host"] or "") for row in found]):
        _show(group, [found[place] for place in group.members], now)


def _show(group: Group, rows: Sequence[_Row], now: int) -> None:
    where = "several hosts" if group.host == SEVERAL else group.host
    feeds = "feed" if len(rows) == 1 else "feeds"
    oldest = min(str(row["since"]) for row in rows)
    click.echo(f"{group.cause or '-'} · {where}: {len(rows)} {feeds}, first {_ago(oldest, now)}")
    for row in rows:
        title = clean(row["title"] or row["url"], _TITLE)
        click.echo(f"  {row['id']:>6}  {title}: {_words(row, now)}")


def _words(row: _Row, now: int) -> str:
    parts = [f"{row['reason']}, since {_ago(row['since'], now)}"]
    ok = row["last_success_at"]
    parts.append(f"last ok {_ago(ok, now)}" if ok else "never ok")
    parts.append(counted(row["probes"], "probe"))
    snoozed = row["snoozed_until"]
    if snoozed and _ms(snoozed) > now:
        parts.append(f"snoozed for {span((_ms(snoozed) - now) / 1000)}")
    else:
        wait = (_ms(row["next_probe_at"]) - now) / 1000
        parts.append(f"next probe in {span(wait)}" if wait > 0 else "next probe is due")
    return ", ".join(parts)


def _ago(stamp: str, now: int) -> str:
    return f"{span(max(0, now - _ms(stamp)) / 1000)} ago"


def _ms(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000)
