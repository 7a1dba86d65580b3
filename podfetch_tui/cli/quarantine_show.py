"""``podfetch quarantine show``: the evidence about one feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from podfetch_tui.catalog.evidence import evidence_document
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import one_feed
from podfetch_tui.cli.context import Context, program
from podfetch_tui.cli.output import document
from podfetch_tui.model.figures import size
from podfetch_tui.model.text import clean
from podfetch_tui.policy import advice

_LONGEST = 400
_Lines = Iterator[tuple[str, str]]


@click.command("show")
@click.argument("feed")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show_command(context: Context, *, feed: str, as_json: bool) -> None:
    """Show the evidence about one feed: reason, history, head of the last answer, next probe."""
    with archives.reading_for(context) as (_, catalog, _):
        found = evidence_document(catalog, one_feed(catalog, feed))
    if as_json:
        document(found)
        return
    for label, text in _lines(found):
        click.echo(f"{label:11} {clean(text, _LONGEST)}".rstrip())
    click.echo(f"what you can do: {advice.complete(found['do'], program(context))}")


def _lines(found: Mapping[str, Any]) -> _Lines:
    yield "feed", f"{found['id']} · {found['title'] or '(no title yet)'} · {found['url']}"
    reason = f" ({found['reason']})" if found["reason"] else ""
    probation = ", on probation" if found["probation"] else ""
    yield "state", f"{found['state']} since {found['since']}{reason}{probation}"
    failures = found["consecutive_failures"]
    yield "failures", f"{failures} in a row, the first {found['first_failure_at'] or '-'}"
    yield "last ok", found["last_success_at"] or "never"
    if found["last_error"]:
        yield "last error", f"{found['last_error']} ({found['last_family']})"
    if found["host_open_until"]:
        yield "host", f"{found['host']} is left alone as a whole until {found['host_open_until']}"
    label = "polls"
    for poll in found["polls"]:
        status = f" (status {poll['status']})" if poll["status"] else ""
        took = f"{poll['duration_ms'] / 1000:.1f} s, {size(poll['bytes'])}"
        detail = f": {poll['detail']}" if poll["detail"] else ""
        yield label, f"{poll['at']} {poll['result']} {poll['code']}{status}, {took}{detail}"
        label = ""
    if found["evidence"]:
        yield "last answer", f"{size(found['evidence_bytes'])}: {found['evidence']}"
    if found["state"] == "quarantined":
        snoozed = f", snoozed until {found['snoozed_until']}" if found["snoozed_until"] else ""
        yield "next probe", f"{found['next_probe_at']} ({found['probes']} so far){snoozed}"
    label = "operators"
    for action in found["actions"]:
        why = f" ({action['detail']})" if action["detail"] else ""
        undone = f", undone {action['undone_at']}" if action["undone_at"] else ""
        yield label, f"{action['at']} {action['action']} by {action['actor']}{why}{undone}"
        label = ""
