"""Pages of the documentation that are made from the program itself.

``python -m podfetch_tui.cli.handbook docs`` writes ``commands.md``, ``events.md``, ``keys.md``
and ``words.md`` into that folder (``make docs`` does); tests compare.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from podfetch_tui.cli.exit_codes import EXIT_CODES
from podfetch_tui.cli.json_keys import JSON_KEYS, JsonKeys
from podfetch_tui.cli.main import podfetch
from podfetch_tui.model import actions
from podfetch_tui.model.event_kinds import KINDS
from podfetch_tui.model.words import WORDS

_MADE = "This page is made from the program itself (`make docs`); a test keeps them alike.\n"
_HELP = {"-h", "--help"}


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with its words, groups before what is in them; the program first."""
    yield from _below((), podfetch, None)


def _below(
    path: tuple[str, ...], command: click.Command, parent: click.Context | None
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, parent=parent)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _below((*path, name), found, context)


def commands_page() -> str:
    """Return the text of ``docs/commands.md``."""
    lines = [
        "# Commands",
        _MADE,
        "`podfetch` alone opens the terminal application on the archive and runs its engine;"
        " without a terminal it runs headless. Options of the bare command hold for every"
        " command: `podfetch --archive DIR feeds list --json`.",
        "",
        "stdout carries data only; progress and logs go to stderr. `--json` prints one document,"
        " or one object a line for lists. Times are RFC 3339 in UTC, identifiers are integers,"
        " keys are only ever added. Feeds and episodes are named by id, URL or a"
        " [filter](filters.md).",
        "",
        "## Exit codes",
        "| code | meaning |",
        "| --- | --- |",
        *(f"| {code} | {text} |" for code, text in EXIT_CODES.items()),
    ]
    for path, command in commands():
        lines += _command(path, command)
    return "\n".join(lines) + "\n"


def _command(path: tuple[str, ...], command: click.Command) -> list[str]:
    context = click.Context(command)
    words = " ".join(("podfetch", *path))
    places = [
        part.make_metavar(context) for part in command.params if isinstance(part, click.Argument)
    ]
    is_group = isinstance(command, click.Group)
    lines = ["", f"{'##' if len(path) < 2 else '###'} `{' '.join((words, *places))}`"]
    lines += [_prose(command.help or "")]
    options = [part for part in command.params if isinstance(part, click.Option)]
    if options:
        lines += ["", "| option | what it does |", "| --- | --- |"]
        lines += [_option(option, context) for option in options]
    if is_group and path:
        return lines
    for name, keys in _keys_of(path):
        lines += ["", *_keys(name, keys)]
    return lines


def _prose(text: str) -> str:
    return " ".join(text.split())


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    if not option.is_flag and not option.count:
        is_number = isinstance(option.type, (click.types.IntParamType, click.IntRange))
        value = "NUMBER" if is_number else option.make_metavar(context)
        names += f" `{value}`"
    text = _prose(option.help or "")
    if option.multiple and "again" not in text:
        text += " May be given again."
    cells = (cell.replace("|", "\\|") for cell in (names, text))
    return f"| {' | '.join(cells)} |"


def _keys_of(path: tuple[str, ...]) -> Iterator[tuple[str, JsonKeys]]:
    """Yield what is known of the JSON of a command, each with what makes it so."""
    for name, keys in JSON_KEYS.items():
        words = tuple(name.split())
        more = words[len(path) :]
        if words[: len(path)] == path and all(not word.islower() or "-" in word for word in more):
            yield " ".join(more), keys


def _keys(name: str, keys: JsonKeys) -> list[str]:
    what = "one object a line" if keys.lines else "one document"
    of = f" `{name}`" if name else ""
    lines = [f"JSON{of}, {what}: `{keys.keys}`"]
    lines += [f"- in `{inner}`: `{words}`" for inner, words in keys.inner]
    return lines


def events_page() -> str:
    """Return the text of ``docs/events.md``."""
    lines = [
        "# Events",
        _MADE,
        "`podfetch events` prints what the catalogue keeps; a running engine shows the others"
        " too, on its screen and on stderr. Every event has"
        " `at kind feed_id episode_id family code text feed_title episode_title`; `family` and"
        " `code` are those of [failures.md](failures.md).",
        "",
        "| kind | what happened | kept |",
        "| --- | --- | --- |",
        *(
            f"| `{kind}` | {event.text} | {'yes' if event.kept else 'no'} |"
            for kind, event in KINDS.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def keys_page() -> str:
    """Return the text of ``docs/keys.md``."""
    lines = [
        "# Keys",
        _MADE,
        "The id is what a key is put on anew by in the INI: `[keys]`, then `feeds.check = ctrl+r`."
        " A key that works everywhere, in tables or in lists means the same on every screen;"
        " the others belong to one screen, whose last line and `?` say what they do: `b`, `c`,"
        " `e`, `K` and `l` differ from one screen to the next."
        " UPPERCASE is wide, forced or cannot be taken back."
        " Everything can be done by mouse too: tabs, labels of columns, rows, the footer.",
        "",
        "| where | keys | what | id |",
        "| --- | --- | --- | --- |",
    ]
    for scope in actions.SCOPES:
        for one in actions.of_scope(scope.id):
            shown = " ".join(f"`{key}`" for key in one.keys.split(","))
            lines.append(f"| {scope.where} | {shown} | {one.help} | `{one.id}` |")
    return "\n".join(lines) + "\n"


def words_page() -> str:
    """Return the text of ``docs/words.md``."""
    lines = [
        "# Words",
        _MADE,
        "What the screens and the commands call things; `?` on any screen has it, too. The states"
        " of a feed are in [screens.md](screens.md#lists), the ways to fail in"
        " [failures.md](failures.md).",
        "",
        "| word | meaning |",
        "| --- | --- |",
        *(f"| {word.name} | {word.text} |" for word in WORDS),
    ]
    return "\n".join(lines) + "\n"


PAGES = {
    "commands.md": commands_page,
    "events.md": events_page,
    "keys.md": keys_page,
    "words.md": words_page,
}
"""The pages by file name."""


def main() -> None:
    """Write all pages into the folder that is named."""
    (folder,) = sys.argv[1:]
    for name, page in PAGES.items():
        Path(folder, name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
