"""The command itself: all checks, one line each, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator

import click
import msgspec

from podfetch_tui.cli.context import Context, read_settings
from podfetch_tui.cli.doctor.archive import check_archive, feed_host
from podfetch_tui.cli.doctor.check import Check, State, bad, ok
from podfetch_tui.cli.doctor.machine import check_machine
from podfetch_tui.cli.doctor.programs import check_programs
from podfetch_tui.cli.output import document
from podfetch_tui.model.errors import PodfetchError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import clean

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.BAD: "red"}
_LONGEST = 400


@click.command("doctor")
@click.option("--deep", is_flag=True, help="Read the whole catalogue, however large it is.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def doctor_command(ctx: click.Context, *, deep: bool, as_json: bool) -> None:
    """Look at program, machine and archive; say what is wrong and how to mend it.

    Changes nothing, works without an archive and beside a running engine. Exit 1 when
    something is bad.
    """
    found: list[Check] = []
    for check in _checks(ctx.obj, deep=deep):
        found.append(check)
        if not as_json:
            _print(check)
    is_bad = any(check.state is State.BAD for check in found)
    if as_json:
        document({"ok": not is_bad, "checks": [msgspec.structs.asdict(c) for c in found]})
    else:
        click.echo(_sum(found))
    ctx.exit(1 if is_bad else 0)


def _checks(context: Context, *, deep: bool) -> Iterator[Check]:
    settings, problems = _settings(context)
    yield from problems
    yield from check_programs(settings)
    yield from check_archive(settings, deep=deep)
    yield from check_machine(settings, feed_host(settings))


def _settings(context: Context) -> tuple[Settings, list[Check]]:
    """Return the settings that can be read, and what is wrong with them."""
    try:
        loaded = read_settings(context)
    except PodfetchError as error:
        return Settings(), [bad("settings", str(error), "mend what the message names")]
    if loaded.problems:
        more = len(loaded.problems) - 1
        text = loaded.problems[0].text + (f" (and {more} more)" if more else "")
        return loaded.settings, [bad("settings", text, "podfetch config check names them all")]
    return loaded.settings, [ok("settings", loaded.file or "no settings file, defaults hold")]


def _print(check: Check) -> None:
    word = click.style(f"{check.state.value:4}", fg=_COLOURS[check.state])
    click.echo(f"{word}  {check.name:12}  {clean(check.text, _LONGEST)}")
    if check.mend:
        click.echo(f"{'':20}→ {clean(check.mend, _LONGEST)}")


def _sum(found: list[Check]) -> str:
    counts = {state: sum(check.state is state for check in found) for state in State}
    if not counts[State.BAD] and not counts[State.WARN]:
        return "all is well"
    return f"{counts[State.BAD]} bad, {counts[State.WARN]} to look at, {counts[State.OK]} ok"
