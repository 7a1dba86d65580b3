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
from podfetch_tui.config.loaded import Loaded, Problem, Source
from podfetch_tui.config.values import format_value
from podfetch_tui.model.errors import BadConfiguration, UsageError
from podfetch_tui.model.setting import Key
from podfetch_tui.model.settings import BINDINGS_SECTION, Settings, changed_keys, keys, value_of

_SECRET = "***"

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_names = click.argument("names", nargs=-1, metavar="[SECTION|SECTION.KEY]...")


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One key as ``config show`` and ``config diff`` print it."""

    key: str
    value: object
    """Typed: seconds, bytes, percent, list … ; ``text`` is how it is written."""
    text: str
    default: str
    source: str
    origin: str
    applies: str


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
def show(context: Context, names: tuple[str, ...], as_json: bool) -> None:
    """Print what holds and where it comes from."""
    wanted = _wanted(names)
    _print_values((s for s in _shown(load_settings(context)) if _is_wanted(s.key, wanted)), as_json)


@config_group.command("diff")
@_json
@click.pass_obj
def diff(context: Context, as_json: bool) -> None:
    """Print the settings that differ from their defaults."""
    loaded = load_settings(context)
    changed = set(changed_keys(Settings(), loaded.settings))
    _print_values((shown for shown in _shown(loaded) if shown.key in changed), as_json)


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


def _shown(loaded: Loaded) -> Iterable[_Shown]:
    for key in keys():
        yield _shown_key(loaded, key)
    for name, bound in loaded.settings.keys.bindings:
        id_ = f"{BINDINGS_SECTION}.{name}"
        source = loaded.sources.get(id_, Source())
        yield _Shown(
            key=id_,
            value=bound,
            text=bound,
            default="",
            source=source.text,
            origin=str(source.origin.value),
            applies="live",
        )


def _shown_key(loaded: Loaded, key: Key) -> _Shown:
    value = value_of(loaded.settings, key)
    hidden = key.secret and bool(value)
    source = loaded.sources[key.id]
    return _Shown(
        key=key.id,
        value=_SECRET if hidden else value,
        text=_SECRET if hidden else format_value(key, value),
        default=format_value(key, key.default),
        source=source.text,
        origin=str(source.origin.value),
        applies=str(key.applies.value),
    )


def _print_values(values: Iterable[_Shown], as_json: bool) -> None:
    for shown in values:
        if as_json:
            click.echo(msgspec.json.encode(shown).decode())
        else:
            setting = f"{shown.key} = {shown.text}".rstrip()
            click.echo(f"{setting:<60}  # {shown.source}")


def _described(found: Description) -> str:
    facts = f"default {found.default or 'none'}; {found.allowed}; applies {found.applies}"
    return f"{found.key}\n    {found.help}\n    {facts}"
