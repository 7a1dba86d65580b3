"""``podfetch undo``: take back what an operator did within the last minute."""

from __future__ import annotations

from collections.abc import Sequence

import click

from podfetch_tui.catalog.quarantine import operation
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import LARGEST_ID
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.doorway import engine_or_none
from podfetch_tui.cli.output import document, say
from podfetch_tui.model.commands import CommandResult, Undo
from podfetch_tui.model.decisions import Undone, UndoOperation
from podfetch_tui.model.errors import Failure, UsageError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted

_MOST_SHOWN = 20


@click.command("undo")
@click.argument("number", required=False, metavar="[ID]", type=click.IntRange(1, LARGEST_ID))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--yes", is_flag=True, help="Do not ask; nothing is asked.")
@click.pass_context
def undo_command(ctx: click.Context, *, number: int | None, as_json: bool, yes: bool) -> None:  # noqa: ARG001
    """Take back the newest change of feeds or limits, or the one with this number.

    For 60 s after it, and only where nothing else has touched the feed since.
    """
    context: Context = ctx.obj
    settings = load_settings(context).settings
    with engine_or_none(settings) as client:
        if client is not None:
            result = client.send(Undo(operation=number or 0))
        else:
            result = _without_engine(settings, number or 0)
    if not result.ok and not result.refused:
        raise UsageError(result.text)
    _say(result.text.partition(";")[0], result.refused)
    if as_json:
        refused = [{"id": feed_id, "reason": why} for feed_id, why in result.refused]
        document({"ok": result.ok, "undone": result.affected, "refused": refused})
    ctx.exit(0 if result.ok and not result.refused else 1)


def _without_engine(settings: Settings, number: int) -> CommandResult:
    with archives.changing(settings, create=False) as archive:
        now = archive.clock.now_ms()
        found = operation(archive.catalog, number, now)
        if found is None:
            raise UsageError(
                f"there is no operation {number}"
                if number
                else "nothing to undo: no action of the last minute stands"
            )
        write = UndoOperation(operation=found.number, at=now)
        future = archive.writer.submit(write)
        error = future.exception()
    if isinstance(error, Failure):
        raise UsageError(error.detail)
    receipt = future.result()
    if not isinstance(receipt, Undone):
        raise TypeError(receipt)
    count = len(receipt.done)
    return CommandResult(
        ok=bool(receipt.done),
        text=f"{receipt.action} of {counted(count, 'feed')} undone"
        if count
        else f"{receipt.action} not undone",
        affected=len(receipt.done),
        refused=receipt.refused,
    )


def _say(text: str, refused: Sequence[tuple[int, str]]) -> None:
    say(text)
    for feed_id, why in refused[:_MOST_SHOWN]:
        say(f"  feed {feed_id} {why}")
