"""What is made from the table of settings: the example INI, the docs page, descriptions.

``python -m podfetch_tui.config.example ini`` (or ``page``) writes to standard output what
``podfetch.ini.example`` and ``docs/settings.md`` must hold; tests compare.
"""

from __future__ import annotations

import sys
import textwrap
from itertools import groupby

import msgspec

from podfetch_tui.config.values import describe_range, format_value
from podfetch_tui.model.setting import Applies, Form, Key
from podfetch_tui.model.settings import Settings, keys

_WRITTEN = {
    Form.DURATION: "duration",
    Form.SIZE: "size",
    Form.RATE: "rate",
    Form.PERCENT: "percentage",
    Form.FLAG: "yes or no",
    Form.INTEGER: "whole number",
    Form.CHOICE: "choice",
    Form.WORDS: "list of words",
    Form.TEXT: "text",
    Form.COMMAND: "command line",
    Form.URL: "URL",
    Form.PATH: "path",
    Form.PATHS: "list of paths",
    Form.ADDRESS: "host:port",
    Form.NETWORKS: "list of networks",
    Form.PRIORITIES: "list of tag=number",
    Form.BACKLOG: "all, none, a number, since DATE",
}
_WHEN = {
    Applies.LIVE: "",
    Applies.NEXT_BATCH: "; from the next batch",
    Applies.RESTART: "; after a restart",
}
_INI_HEAD = """\
# PodFetch settings. Every key stands here with its default; take the # away to change one.
# A running engine reads this file again when it changes, and applies it at once where nothing
# else is said; a file with a mistake changes nothing.
# Durations: 30s 15m 1h30m 7d. Sizes: 512 KiB, 20 GiB, 4 GB. Rates: 80 MB/s, 100 Mbit/s.
# Lists: comma separated, or one a line, indented. Relative paths begin at this file's folder.
# A # or ; after a blank begins a comment; double quotes around a value keep it.
# Check it with: podfetch config check
"""
_PAGE_HEAD = """\
# Settings

This page is made from the table of settings in the program;
`podfetch config describe` prints the same.

## Where settings come from

A later place wins over an earlier one:

1. the default,
2. the INI file,
3. the environment: `PODFETCH_ENGINE__PER_HOST=4` sets `per_host` in `[engine]`,
4. the command line: `--set engine.per_host=4`,
5. a change made while the engine runs, until it is saved, the engine stops,
   or that key changes in the INI.

The INI file is the one named with `--config`, else the one in `$PODFETCH_CONFIG`,
else `./podfetch.ini`, else `podfetch.ini` in the user's configuration folder.
`podfetch config show` prints every value with its source,
`podfetch config diff` those that differ from the default.
`podfetch config check` lists every problem with its file and line;
nothing is applied while there is one.

## How values are written

- Durations take units, largest first: `250ms`, `30s`, `15m`, `1h30m`, `7d`, `2w`.
- Sizes take `B`, `KiB MiB GiB TiB PiB` (1024) or `kB MB GB TB PB` (1000).
- Rates are sizes with `/s`, or `bit/s kbit/s Mbit/s Gbit/s Tbit/s`.
- A number without a unit is refused where a unit could be meant, except 0.
- Lists are comma separated, or one entry a line when the lines after the first are indented.
- Paths may begin with `~`. Relative ones begin at the folder of the INI file;
  in the environment and on the command line, at the current folder.
- `#` and `;` begin a comment at the start of a line and after a blank.
  Double quotes keep them: `filename = "{feed}/{title} #{number}"`.
- `$` and `%` mean themselves; nothing is interpolated.
- Only UTF-8 is read, with or without a byte-order mark, with any line ends.

A change applies `live`, from the `next_batch` of feeds on, or after a `restart`.
"""
_KEYS_PAGE = """\
## `[keys]`

Other keys for actions, by the id that the help screen shows: `feeds.check = ctrl+r`.
Several keys are comma separated.
The same key on two actions of one screen is a problem.
So are `ctrl+i`, `ctrl+m`, `ctrl+h` and `ctrl+[`:
terminals send the same for tab, enter, backspace and escape.
"""
_KEYS_INI = """\
[keys]
# Other keys for actions, by the id that the help screen shows; several are comma separated.
#feeds.check = ctrl+r
"""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """One key as ``config describe`` shows it."""

    key: str
    """``section.name``."""
    default: str
    """As it stands in the INI; empty for none."""
    type: str
    """What kind of value it is."""
    allowed: str
    """Range or choices, in words."""
    choices: tuple[str, ...]
    """Words that are allowed, for screens and completion."""
    applies: str
    """``live``, ``next_batch`` or ``restart``."""
    secret: bool
    help: str


def describe() -> tuple[Description, ...]:
    """Return all fixed keys, in the order of the INI."""
    return tuple(
        Description(
            key=key.id,
            default=format_value(key, key.default),
            type=str(key.form.value),
            allowed=_allowed(key),
            choices=key.choices,
            applies=str(key.applies.value),
            secret=key.secret,
            help=key.help,
        )
        for key in keys()
    )


def render_example() -> str:
    """Return the text of ``podfetch.ini.example``: every key, commented out, explained."""
    parts = [_INI_HEAD]
    for section, group in _sections():
        if section == "logging":
            parts.append(_KEYS_INI)
        lines = [f"[{section}]"]
        for key in group:
            facts = f"({_allowed(key)}{_WHEN[key.applies]})"
            lines.extend(f"# {line}" for line in textwrap.wrap(f"{key.help} {facts}", 96))
            lines.append(f"#{key.name} = {format_value(key, key.default)}".rstrip())
            lines.append("")
        parts.append("\n".join(lines))
    return "\n".join(parts).rstrip("\n") + "\n"


def render_page() -> str:
    """Return the text of ``docs/settings.md``."""
    parts = [_PAGE_HEAD]
    for section, group in _sections():
        if section == "logging":
            parts.append(_KEYS_PAGE)
        rows = [
            f"## `[{section}]`\n",
            "| key | default | value | applies | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        rows.extend(_row(key) for key in group)
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _sections() -> list[tuple[str, list[Key]]]:
    grouped = [
        (section, list(group)) for section, group in groupby(keys(), lambda key: key.section)
    ]
    return sorted(grouped, key=lambda pair: Settings.__struct_fields__.index(pair[0]))


def _allowed(key: Key) -> str:
    """Return range or choices in words, else how the value is written."""
    written = _WRITTEN[key.form]
    if key.form in (Form.PATH, Form.ADDRESS) and key.choices:
        return f"{' or '.join(key.choices)}, or {written}"
    if key.form is Form.WORDS and key.choices:
        return f"list of {', '.join(key.choices)}"
    return describe_range(key) or ", ".join(key.choices) or written


def _row(key: Key) -> str:
    default = format_value(key, key.default)
    shown = f"`{default}`" if default else ""
    cells = [f"`{key.name}`", shown, _allowed(key), str(key.applies.value), key.help]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(render_page() if sys.argv[1:] == ["page"] else render_example())
