"""Commands for the settings of a running engine: its limits, and reading the files again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from podfetch_tui.cli.context import Context, source_of
from podfetch_tui.cli.doorway import engine_for
from podfetch_tui.cli.output import document, say
from podfetch_tui.config.loaded import refuse
from podfetch_tui.config.values import describe_range
from podfetch_tui.model.applying import is_limit
from podfetch_tui.model.commands import ChangeSettings, CommandResult, Reload, SettingsResult
from podfetch_tui.model.errors import ArchiveUnusable, BadConfiguration, NoEngine, UsageError
from podfetch_tui.model.moments import duration_of
from podfetch_tui.model.setting import Key
from podfetch_tui.model.settings import keys
from podfetch_tui.model.snapshot import LaneView, PageRequest

_LANES = {"engine.poll_workers": "poll", "engine.download_workers": "download"}


def _answer(result: CommandResult, *, as_json: bool) -> None:
    done = result.settings or SettingsResult()
    if as_json:
        document(
            {
                "ok": result.ok,
                "text": result.text,
                "changed": list(done.changed),
                "pending": list(done.pending),
                "gave_way": list(done.gave_way),
                "problems": list(done.problems),
                "diff": done.diff,
                "operation": result.operation,
            }
        )
    elif done.diff:
        click.echo(done.diff)
    if not result.ok:
        raise BadConfiguration(result.text) if done.problems else UsageError(result.text)
    say(result.text)


@click.command("reload")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def reload_command(context: Context, *, as_json: bool) -> None:
    """Have the running engine read its settings and feed lists again, and say what changed.

    It does so by itself when a file changes. With a problem in a file nothing changes (exit 3).
    """
    with engine_for(context) as client:
        _answer(client.send(Reload()), as_json=as_json)


@click.group("limits")
def limits_group() -> None:
    """Show and change the limits of the running engine."""


@limits_group.command("get")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def get_limits(context: Context, *, as_json: bool) -> None:
    """Show every limit that can be changed while the engine runs, and how workers stand."""
    with engine_for(context, read_only=True) as client:
        lanes = client.snapshot().lanes
        rows = client.query(PageRequest(kind="settings", limit=len(keys()))).rows
    values = {str(row["key"]): row for row in rows}
    found = {
        key.id: {**_lane(lanes.get(_LANES.get(key.id, ""))), **_value(key, values[key.id])}
        for key in keys()
        if is_limit(key)
    }
    if as_json:
        document(found)
        return
    for id_, facts in found.items():
        source = "" if facts["source"] == "default" else f"  # {facts['source']}"
        source += f" until {facts['ends_at']}" if facts["ends_at"] else ""
        busy = f" ({facts['busy']} busy)" if "busy" in facts else ""
        why = f"  {facts['reason']}" if facts.get("reason") else ""
        click.echo(f"{id_:36} {facts['text']}{busy}{source}{why}")


def _lane(view: LaneView | None) -> dict[str, object]:
    if view is None:
        return {}
    return {
        "limit": view.limit,
        "target": view.target,
        "busy": view.busy,
        "reason": view.reason,
    }


def _value(key: Key, row: Mapping[str, object]) -> dict[str, object]:
    facts = {name: row[name] for name in ("value", "text", "source", "in_file", "ends_at")}
    return {**facts, "range": describe_range(key)}


@limits_group.command("set")
@click.argument("changes", nargs=-1, required=True, metavar="SECTION.KEY=VALUE…")
@click.option("--save", is_flag=True, help="Write them into the INI, too, and show what changed.")
@click.option("--for", "length", metavar="TIME", help="Until so long from now, such as 2h.")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def set_limits(
    context: Context,
    *,
    changes: tuple[str, ...],
    save: bool,
    length: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Change limits of the running engine, all of them or none, until it ends.

    Any number or yes-or-no that needs no restart: see `podfetch config describe`.
    """
    if save and length:
        raise UsageError("--for and --save: what is set for a time is not saved")
    command = ChangeSettings(
        changes=_pairs(changes), save=save, dry_run=dry_run, for_s=_seconds(length)
    )
    try:
        with engine_for(context) as client:
            result = client.send(command)
    except (NoEngine, ArchiveUnusable):
        if not save:
            raise
        result = _save_for_next_start(context, command.changes, dry_run=dry_run)
    _answer(result, as_json=as_json)


@limits_group.command("reset")
@click.argument("ids", nargs=-1, metavar="[SECTION.KEY…]")
@click.option("--all", "everything", is_flag=True, help="Everything that was set while running.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def reset_limits(
    context: Context, *, ids: tuple[str, ...], everything: bool, as_json: bool
) -> None:
    """Let limits that were set while the engine runs be as without that."""
    if bool(ids) == everything:
        raise UsageError("name the limits, or --all")
    with engine_for(context) as client:
        known = client.snapshot().settings.runtime
        wanted = tuple(id_.strip().lower() for id_ in ids) or known
        unknown = [id_ for id_ in wanted if id_ not in known]
        if unknown:
            raise UsageError(f"{unknown[0]} is not set while running: `podfetch limits get`")
        if wanted:
            _answer(client.send(ChangeSettings(changes=(), forget=wanted)), as_json=as_json)
        else:
            _answer(CommandResult(ok=True, text="nothing is set while running"), as_json=as_json)


def _seconds(length: str | None) -> float | None:
    if length is None:
        return None
    return duration_of("--for", length) / 1000


def _save_for_next_start(
    context: Context, changes: Sequence[tuple[str, str]], *, dry_run: bool
) -> CommandResult:
    """Write changes into the INI without an engine.

    Raises:
        BadConfiguration: The settings have problems.
        UsageError: A change is refused.
        Failure: The INI cannot be written.
    """
    from podfetch_tui.engine.setting_changes import checked, plan_save, reasons, save

    source = source_of(context)
    loaded = source.read()
    refuse(loaded.problems)
    wanted = checked(changes)
    again = source.again(loaded, list(wanted.items()))
    if again.problems:
        raise UsageError(reasons(again.problems))
    saved = (plan_save if dry_run else save)(source, loaded, wanted, {})
    word = "to be saved" if dry_run else "saved"
    return CommandResult(
        ok=True,
        text=f"{word} in {saved.file}: {', '.join(wanted)}; no engine runs",
        affected=len(wanted),
        settings=SettingsResult(diff=saved.diff),
    )


def _pairs(changes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise UsageError(f"{change!r}: write section.key=value")
        pairs.append((key.strip(), value.strip()))
    return tuple(pairs)
