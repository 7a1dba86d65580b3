"""``podfetch config``: what holds, where it comes from, what is wrong with it.

Reads only. Standard output carries the data; secrets are shown as ``***``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import click
import msgspec

from podfetch_tui.cli.context import Context, load_settings, read_settings
from podfetch_tui.config.example import Description, describe
from podfetch_tui.config.loaded import Problem
from podfetch_tui.config.shown import ShownSetting, shown
from podfetch_tui.model.errors import (
    ArchiveUnusable,
    BadConfiguration,
    Failure,
    NoEngine,
    UsageError,
)
from podfetch_tui.model.settings import BINDINGS_SECTION, Settings, changed_keys, keys

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_names = click.argument("names", nargs=-1, metavar="[SECTION|SECTION.KEY]...")


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    """What ``config check`` found."""

    ok: bool
    file: str | None
    problems: tuple[Problem, ...]


@click.group("config")
def config_group() -> None:
    """Show, check and describe the settings."""


@config_group.command("show")
@_names
@_json
@click.pass_obj
def show_command(context: Context, names: tuple[str, ...], as_json: bool) -> None:
    """Print what holds and where it comes from."""
    wanted = _wanted(names)
    _print_values((s for s in shown(load_settings(context)) if _is_wanted(s.key, wanted)), as_json)


@config_group.command("diff")
@_json
@click.pass_obj
def diff(context: Context, as_json: bool) -> None:
    """Print the settings that differ from their defaults, and what waits for a restart."""
    loaded = load_settings(context)
    changed = set(changed_keys(Settings(), loaded.settings))
    pending = _pending(loaded.settings)
    found = (s for s in shown(loaded, pending) if s.key in changed or s.pending)
    _print_values(found, as_json)


def _pending(settings: Settings) -> tuple[str, ...]:
    """Return what a running engine takes over at its next start; nothing where none answers."""
    from podfetch_tui.cli.doorway import engine_of

    try:
        with engine_of(settings, read_only=True) as client:
            return client.snapshot().settings.pending
    except (NoEngine, ArchiveUnusable, Failure):
        return ()


@config_group.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Read the settings and list every problem; exit 3 when there is one."""
    loaded = read_settings(ctx.find_object(Context) or Context())
    if as_json:
        report = _Report(ok=not loaded.problems, file=loaded.file, problems=loaded.problems)
        click.echo(msgspec.json.encode(report).decode())
    else:
        for problem in loaded.problems:
            click.echo(problem.text)
        if not loaded.problems:
            click.echo(f"{loaded.file or 'no settings file'}: ok")
    if loaded.problems:
        ctx.exit(BadConfiguration.exit_code)


@config_group.command("describe")
@_names
@_json
def describe_keys(names: tuple[str, ...], as_json: bool) -> None:
    """Print what each setting means, its default and its range."""
    wanted = _wanted(names)
    for found in describe():
        if not _is_wanted(found.key, wanted):
            continue
        click.echo(msgspec.json.encode(found).decode() if as_json else _described(found))


def _wanted(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``names`` in lower case, after a look at whether they exist."""
    known = [*Settings.__struct_fields__, *(key.id for key in keys())]
    lowered = tuple(name.lower() for name in names)
    for name in lowered:
        if name not in known and not name.startswith(f"{BINDINGS_SECTION}."):
            close = difflib.get_close_matches(name[:80], known, n=1)
            hint = f": did you mean {close[0]}?" if close else ": see podfetch config describe"
            raise UsageError(f"there is no setting {name}{hint}")
    return lowered


def _is_wanted(key: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or key in wanted or key.partition(".")[0] in wanted


def _print_values(values: Iterable[ShownSetting], as_json: bool) -> None:
    for found in values:
        if as_json:
            click.echo(msgspec.json.encode(found).decode())
        else:
            setting = f"{found.key} = {found.text}".rstrip()
            waits = ", takes effect after a restart" if found.pending else ""
            click.echo(f"{setting:<60}  # {found.source}{waits}")


def _described(found: Description) -> str:
    facts = f"default {found.default or 'none'}; {found.allowed}; applies {found.applies}"
    return f"{found.key}\n    {found.help}\n    {facts}"
