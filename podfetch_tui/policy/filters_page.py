"""Prints the filter language as ``docs/filters.md``.

``python -m podfetch_tui.policy.filters_page > docs/filters.md`` writes the page; a test
compares, and reads every example on it.
"""

from __future__ import annotations

import sys

from podfetch_tui.policy.filter_fields import FIELDS, Field, FieldKind

_HEAD = """\
# Filters

One language says which feeds or episodes are meant: on the command line, on the wire and on
the screens. This page is printed from `podfetch_tui/policy/filter_fields.py`; a test keeps
the two alike.

```
podfetch feeds list 'err:timeout host:anchor !tag:news fail>3 age>7d'
podfetch feeds check 'state:active late>2h'
podfetch episodes list 'state:failed family:permanent' --sort -published --limit 50
podfetch episodes retry 'state:failed err:http_5 tag:news' --dry-run
```

Write a filter in single quotes: a shell has its own meaning for `!`, `>`, `<`, `|` and `*`.
Several words on the command line are one filter. Commands that change something take ids and
URLs, or a filter.

## How it is written

| written | means |
| --- | --- |
| `harbour lights` | both words stand in the title or the URL, in any order and case |
| `"harbour lights"` | exactly this; `\\"` and `\\\\` stand for a quote and a backslash |
| `host:anchor` | a part of the host |
| `host=anchor.fm` | the whole of it |
| `state:failed,gone` | one of these |
| `fail>3`, `fail>=3`, `fail<3`, `fail<=3`, `fail:3` | numbers |
| `bytes>1GiB`, `bytes>500MB`, `bytes>1g` | sizes; a single letter counts in 1,024 |
| `age>7d`, `age<1h30m` | how long ago |
| `next<1h` | how soon |
| `published:2024-05`, `published>=2024-05-31` | dates, UTC; a month or a year is all of it |
| `published<2024-05-31T10:00` | a time, UTC |
| `published:*` | there is one at all |
| `!tag:news`, `state!=failed` | not so; what has no value passes a denial |
| `tag:news fail>3` | both |
| `tag:news \\| tag:talk fail>3` | one or the other; blanks bind closer than the bar |

Upper and lower case are alike. Letters beyond ASCII are found as they are written, in lower
case, in upper case, and with a capital in front.
A mistake is named with its column and what may have been meant, exit code 2.

Lists come by id. `--sort FIELD` or `--sort -FIELD` (the greatest first) takes any field
below that has an order; what has no value counts as 0 or as nothing.
"""

_TAKES = {
    FieldKind.TEXT: "text",
    FieldKind.TAG: "the whole tag",
    FieldKind.NUMBER: "a number",
    FieldKind.SIZE: "a size",
    FieldKind.LENGTH: "a duration",
    FieldKind.AGE: "a duration, with > or <",
    FieldKind.MOMENT: "a date",
    FieldKind.WHEN: "a date, or a duration from now with > or <",
}


def render() -> str:
    """Return the page as Markdown."""
    lines = [_HEAD]
    for kind, fields in FIELDS.items():
        lines += [
            f"## Fields of {kind}\n",
            "| field | what it is | takes | also | sorts |",
            "| --- | --- | --- | --- | --- |",
            *map(_row, fields.values()),
            "",
        ]
    return "\n".join(lines)


def _row(field: Field) -> str:
    takes = _TAKES.get(field.kind) or " ".join(f"`{word}`" for word in field.words)
    others = ", ".join(f"`{name}`" for name in field.other_names)
    sorts = "yes" if field.sortable else "no"
    return f"| `{field.name}` | {field.help} | {takes} | {others} | {sorts} |"


if __name__ == "__main__":
    sys.stdout.write(render())
