"""Changing keys in the text of an INI and nothing else: every other byte stays as it is.

Comments, blank lines, the order of keys, line ends, a byte-order mark and the way names are
written belong to whoever wrote the file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from podfetch_tui.config.scanner import Entry, Line, Scan, comment_start, scan
from podfetch_tui.model.settings import keys_by_id

_BOM = "\ufeff"
_SECRET = "***"


def set_values(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with keys set to values; those that stand there are changed in place.

    A key that does not stand there goes below its line in the example, where that line is
    still there as a comment, else to the end of its section; a section that does not stand
    there goes to the end of the file.

    Args:
        text: An INI without problems.
        values: ``section.key`` → text of one line.
    """
    for id_, value in values.items():
        text = _set_value(text, id_, value)
    return text


def shown_diff(before: str, after: str, name: str) -> str:
    """Return what differs as a unified diff, the values of secret keys as ``***``."""
    lines = difflib.unified_diff(
        _shown_lines(before), _shown_lines(after), name, name, lineterm="", n=1
    )
    return "\n".join(lines)


def _set_value(text: str, id_: str, value: str) -> str:
    section, _, name = id_.partition(".")
    found = scan(text)
    bom = _BOM if found.bom else ""
    lines = [line.text + line.ending for line in found.lines]
    for entry in found.entries:
        if (entry.section.lower(), entry.name) == (section, name):
            return bom + "".join(_replaced(found, lines, entry, value))
    return bom + "".join(_added(found, lines, section, f"{name} = {value}"))


def _replaced(found: Scan, lines: list[str], entry: Entry, value: str) -> list[str]:
    """Put the value in; of lines that continued the old one their comments stay."""
    at = entry.line - 1
    line = found.lines[at]
    before, after = line.text[: entry.start], line.text[entry.end :]
    lead = "" if entry.end > entry.start or before[-1:].isspace() else " "
    tail = " " if after and not after[0].isspace() else ""
    changed = [f"{before}{lead}{value}{tail}{after}{line.ending}"]
    for further in found.lines[entry.line : entry.last_line]:
        changed += _comment_of(further)
    return [*lines[:at], *changed, *lines[entry.last_line :]]


def _comment_of(line: Line) -> list[str]:
    if _is_idle(line.text):
        return [line.text + line.ending]
    stripped = line.text.lstrip()
    indent = line.text[: len(line.text) - len(stripped)]
    comment = stripped[comment_start(stripped) :]
    return [f"{indent}{comment}{line.ending}"] if comment else []


def _added(found: Scan, lines: list[str], section: str, setting: str) -> list[str]:
    ending = next((line.ending for line in found.lines if line.ending), "\n")
    headers = [header for header in found.headers if header.name.lower() == section]
    if lines and not found.lines[-1].ending:
        lines = [*lines[:-1], lines[-1] + ending]
    if not headers:
        gap = [ending] if lines and found.lines[-1].text.strip() else []
        return [*lines, *gap, f"[{section}]{ending}", f"{setting}{ending}"]
    begin = headers[0].line
    end = min((h.line - 1 for h in found.headers if h.line > begin), default=len(lines))
    at = _place(found, begin, end, setting.partition(" ")[0])
    indent = _indent(found, at)
    return [*lines[:at], f"{indent}{setting}{ending}", *lines[at:]]


def _indent(found: Scan, at: int) -> str:
    """Return the blanks that a line before line ``at`` needs to stand for itself.

    A line that is indented more than the key above it would continue that key's value.
    """
    following = (line.text for line in found.lines[at:] if not _is_idle(line.text))
    above = [entry.line for entry in found.entries if entry.line <= at]
    above += [header.line for header in found.headers if header.line <= at]
    text = next(following, found.lines[max(above) - 1].text)
    return text[: len(text) - len(text.lstrip())]


def _is_idle(text: str) -> bool:
    stripped = text.strip()
    return not stripped or stripped[0] in "#;"


def _place(found: Scan, begin: int, end: int, name: str) -> int:
    """Return before which line, from 0, a key goes in a section of lines ``begin`` to ``end``."""
    example = re.compile(rf"\s*[#;]\s*{re.escape(name)}\s*[=:]", re.IGNORECASE)
    taken = [entry for entry in found.entries if begin < entry.line <= end]
    for number in range(begin, end):
        is_inside = any(e.line <= number < e.last_line for e in taken)
        if example.match(found.lines[number].text) and not is_inside:
            return number + 1
    return max((entry.last_line for entry in taken), default=begin)


def _shown_lines(text: str) -> list[str]:
    found = scan(text)
    shown = [line.text for line in found.lines]
    for entry in found.entries:
        key = keys_by_id().get(f"{entry.section.lower()}.{entry.name}")
        if key is not None and key.secret:
            shown[entry.line - 1] = f"{entry.name} = {_SECRET}"
            for number in range(entry.line, entry.last_line):
                shown[number] = _SECRET
    return shown
