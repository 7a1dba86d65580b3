"""``podfetch quarantine edit-url``: the same as ``feeds edit --url``, where it is looked for."""

from __future__ import annotations

import click

from podfetch_tui.cli.edit_command import edit_command


@click.command("edit-url")
@click.argument("feed")
@click.argument("url")
@click.option("--no-probe", is_flag=True, help="Do not look at the new URL first.")
@click.option("--dry-run", is_flag=True, help="Show old and new; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def edit_url_command(
    ctx: click.Context,
    *,
    feed: str,
    url: str,
    no_probe: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Poll a feed at another URL from now on; it is looked at first, the old one is kept."""
    ctx.invoke(
        edit_command,
        feeds=(feed,),
        url=url,
        no_probe=no_probe,
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
    )
