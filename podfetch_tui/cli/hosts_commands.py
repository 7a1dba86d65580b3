"""``podfetch hosts``: the hosts that are left alone, and asking them all the same."""

from __future__ import annotations

import click

from podfetch_tui.catalog.hosts import HostRow, held_hosts
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.output import document, lines, say, table
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.host_writes import HostsReleased, ReleaseHosts
from podfetch_tui.model.text import counted
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.times import rfc3339_or_none


@click.group("hosts")
def hosts_group() -> None:
    """See which hosts are left alone and until when, and ask them all the same."""


@hosts_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a host.")
@click.pass_obj
def list_command(context: Context, *, as_json: bool) -> None:
    """List the hosts that are not asked now: they told us to wait, or did not answer."""
    with archives.reading_for(context) as (_, catalog, _):
        rows = [_shown(row) for row in held_hosts(catalog, Clock().now_ms())]
    if as_json:
        lines(rows)
    elif not table(rows, ("host", "until", "why")):
        say("no host is left alone")


@hosts_group.command("release")
@click.argument("names", nargs=-1, metavar="[HOST…]")
@click.option("--all", "all_hosts", is_flag=True, help="Every host that is left alone.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def release_command(
    ctx: click.Context, *, names: tuple[str, ...], all_hosts: bool, dry_run: bool, as_json: bool
) -> None:
    """Ask hosts at once, also those that told us to wait; what was put off for them is due.

    A host that fails again is left alone again.
    """
    if bool(names) == all_hosts:
        raise UsageError("name hosts as `podfetch hosts list` does, or --all")
    settings = load_settings(ctx.obj).settings
    with archives.reading(settings) as (_, catalog):
        held = [row.name for row in held_hosts(catalog, Clock().now_ms())]
    wanted = tuple(held) if all_hosts else tuple(dict.fromkeys(name.lower() for name in names))
    done = tuple(name for name in wanted if name in held)
    receipt = HostsReleased(done=done, refused=tuple(n for n in wanted if n not in held))
    if wanted and not dry_run:
        with archives.deciding(settings, create=False) as archive:
            write = ReleaseHosts(hosts=wanted, at=archive.clock.now_ms())
            answer = archive.writer.submit(write).result()
        if not isinstance(answer, HostsReleased):
            raise TypeError(answer)
        receipt = answer
    said = f"{counted(len(receipt.done), 'host')} would be released" if dry_run else receipt.text
    say(said or "no host is left alone")
    if as_json:
        document(
            {
                "released": list(receipt.done),
                "refused": list(receipt.refused),
                "feeds": receipt.feeds,
                "episodes": receipt.episodes,
                "dry_run": dry_run,
            }
        )
    ctx.exit(1 if receipt.refused else 0)


def _shown(row: HostRow) -> dict[str, object]:
    told = (row.not_before or 0) >= (row.open_until or 0)
    return {
        "host": row.name,
        "until": rfc3339_or_none(row.held_until),
        "breaker": row.breaker.value,
        "opened": row.opened,
        "why": "it told us to wait" if told else row.last_error,
    }
