"""INI text → its lines, sections and entries, each with its place.

The grammar is configparser's (``=`` or ``:``, full-line and inline comments with ``#`` or
``;``, indented lines continue a value, blank lines inside a value are kept, names of keys in
any case), without interpolation and with one addition: in double quotes, at the start of a
value or after a comma, comment signs mean nothing. Unlike configparser it goes on after a
problem and forgets nothing: the writer changes one value and keeps every other byte. It
knows nothing of which sections and keys exist.
"""

from __future__ import annotations

import re

import msgspec

LARGEST = 1024 * 1024
"""Longest text, in characters, that is taken for settings."""
MOST_PROBLEMS = 200
"""After so many problems a text is not read any further."""

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_DELIMITER = re.compile(r"[=:]")
_SPECIAL = re.compile(r'[",#;]')
_HEADER = re.compile(r"\[(.+)\](.*)\Z")


class Line(msgspec.Struct, frozen=True):
    """One line as it stands in the file."""

    text: str
    ending: str
    """``\\n``, ``\\r\\n``, ``\\r``, or nothing at the end of the file."""


class Header(msgspec.Struct, frozen=True):
    """One section header."""

    name: str
    """As written; empty when it cannot be read."""
    line: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One key and its value."""

    section: str
    """Name of the section as written."""
    name: str
    """Name of the key, lower case."""
    value: str
    """Lines joined by ``\\n``, comments and blanks at the ends taken off, quotes kept."""
    line: int
    """Line of the key, from 1."""
    last_line: int
    """Last line that adds to the value."""
    start: int
    """Column in the first line where the value begins, from 0."""
    end: int
    """Column in the first line just after the value."""
    comment: str = ""
    """The comment that ends the first line, its sign included."""


class Complaint(msgspec.Struct, frozen=True):
    """A line that cannot be understood."""

    line: int
    message: str
    hint: str = ""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A text taken apart; ``"".join(text + ending)`` of its lines gives it back."""

    lines: tuple[Line, ...]
    headers: tuple[Header, ...]
    entries: tuple[Entry, ...]
    complaints: tuple[Complaint, ...]
    bom: bool
    """The text began with a byte-order mark; it is in no line."""


def scan(text: str) -> Scan:
    """Take ``text`` apart; raises nothing, what is wrong is among the complaints."""
    bom = text.startswith("\ufeff")
    text = text[1:] if bom else text
    refused = _refusal(text)
    if refused:
        return Scan(lines=(), headers=(), entries=(), complaints=(refused,), bom=bom)
    reading = _Reading(split_lines(text))
    reading.read()
    return Scan(
        lines=reading.lines,
        headers=tuple(reading.headers),
        entries=tuple(reading.entries),
        complaints=tuple(reading.complaints),
        bom=bom,
    )


def split_lines(text: str) -> tuple[Line, ...]:
    """Return the lines of ``text``; only LF, CR LF and CR end one."""
    lines = []
    for match in _LINE.finditer(text):
        if match[0]:
            lines.append(Line(match[1], match[2]))
    return tuple(lines)


def _refusal(text: str) -> Complaint | None:
    if len(text) > LARGEST:
        return Complaint(0, f"the file is longer than {LARGEST} characters", "is it an INI file?")
    zero = text.find("\0")
    if zero >= 0:
        line = 1 + text.count("\n", 0, zero)
        return Complaint(line, "there is a zero byte: this is not a text file")
    return None


class _Reading:
    """One pass over the lines; holds the section and entry that is being read."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.lines = lines
        self.headers: list[Header] = []
        self.entries: list[Entry] = []
        self.complaints: list[Complaint] = []
        self._parts: list[str] = []
        self._indent = 0
        self._open = False
        """The last entry may be continued."""

    def read(self) -> None:
        for number, line in enumerate(self.lines, start=1):
            stripped = line.text.strip()
            if not stripped or stripped[0] in "#;":
                if not stripped and self._open:
                    self._parts.append("")
                continue
            indent = len(line.text) - len(line.text.lstrip())
            if self._open and indent > self._indent:
                self._continue(number, line.text)
                continue
            self._close()
            self._indent = indent
            self._begin(number, line.text)
            if len(self.complaints) >= MOST_PROBLEMS:
                self._complain(number, "there are too many problems to read on")
                break
        self._close()

    def _begin(self, number: int, text: str) -> None:
        if text.strip()[0] == "[":
            self._header(number, text.strip())
            return
        delimiter = _DELIMITER.search(text, 0, comment_start(text, quotes=False))
        if delimiter is None or not text[: delimiter.start()].strip():
            self._complain(number, "expected key = value, [section] or a comment")
        elif not self.headers:
            self._complain(number, "there is no [section] above this key")
        else:
            self._entry(number, text, delimiter.start())

    def _header(self, number: int, text: str) -> None:
        match = _HEADER.match(text[: comment_start(text, quotes=False)].rstrip())
        if match is None:
            self._complain(number, "expected ] at the end of a section's name")
        elif match[2].strip():
            self._complain(number, "there is text after the section's name", "begin a new line")
        self.headers.append(Header(match[1].strip() if match else "", number))

    def _entry(self, number: int, text: str, delimiter: int) -> None:
        start = len(text) - len(text[delimiter + 1 :].lstrip())
        comment = comment_start(text, start)
        value = text[start:comment].rstrip()
        self._parts = [value]
        self._open = True
        self.entries.append(
            Entry(
                section=self.headers[-1].name,
                name=text[:delimiter].strip().lower(),
                value=value,
                line=number,
                last_line=number,
                start=start,
                end=start + len(value),
                comment=text[comment:],
            )
        )

    def _continue(self, number: int, text: str) -> None:
        stripped = text.strip()
        self._parts.append(stripped[: comment_start(stripped)].rstrip())
        self.entries[-1] = msgspec.structs.replace(self.entries[-1], last_line=number)

    def _close(self) -> None:
        if self._open:
            value = "\n".join(self._parts).rstrip()
            self.entries[-1] = msgspec.structs.replace(self.entries[-1], value=value)
        self._parts, self._open = [], False

    def _complain(self, number: int, message: str, hint: str = "") -> None:
        self.complaints.append(Complaint(number, message, hint))


def comment_start(text: str, begin: int = 0, *, quotes: bool = True) -> int:
    """Return where an inline comment begins at or after ``begin``, or the end; one pass."""
    position = after_comma = begin
    while match := _SPECIAL.search(text, position):
        position, sign = match.end(), match[0]
        if sign in "#;":
            if text[max(position - 2, 0)].isspace():
                return position - 1
        elif sign == ",":
            after_comma = position
        elif quotes:
            if after_comma >= 0 and not text[after_comma : position - 1].strip():
                closing = _closing_quote(text, position)
                quotes = closing > 0  # none ahead: do not search again and again
                position = max(position, closing + 1)
            after_comma = -1
    return len(text)


def _closing_quote(text: str, position: int) -> int:
    """Return where the quote that began before ``position`` ends, or -1; ``""`` is a quote."""
    while (position := text.find('"', position)) >= 0:
        if not text.startswith('""', position):
            return position
        position += 2
    return -1
