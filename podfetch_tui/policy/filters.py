"""The filter language: ``err:timeout host:anchor !tag:news fail>3 age>7d``.

``parse`` reads it, ``format_filter`` writes it so that it is read back alike. One language
for feeds and episodes, on the command line, on the wire and on the screens. Blanks mean
*and*, ``|`` means *or* and binds weaker, ``!`` means *not*. ``docs/filters.md`` explains it.
"""

from __future__ import annotations

import difflib
import re
from typing import Union

import msgspec

from podfetch_tui.model.errors import UsageError
from podfetch_tui.policy.filter_fields import FIELDS, OTHER_NAMES, Field, FieldKind, language_of
from podfetch_tui.policy.filter_values import Value, read_value, write_value

LONGEST = 10_000
"""Characters of a filter."""
MOST_TERMS = 200

ANY = "*"
"""Operator of a test whether there is a value at all, written ``field:*``."""
_COMPARISONS = frozenset({">", ">=", "<", "<="})
_HEAD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(>=|<=|!=|[:=<>])")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLAIN = re.compile(r"[\w./%@+][\w./%@+-]*\Z")


class Words(msgspec.Struct, frozen=True):
    """A part of the title or the URL, in any case."""

    part: str


class Test(msgspec.Struct, frozen=True):
    """A field against values; several are alternatives."""

    __test__ = False

    field: str
    op: str
    """``:``, ``=``, a comparison, or :data:`ANY`."""
    values: tuple[Value, ...] = ()


class Term(msgspec.Struct, frozen=True):
    """One condition."""

    atom: Union[Words, Test]
    negated: bool = False


class Filter(msgspec.Struct, frozen=True):
    """Alternatives, each of conditions that hold together; without any, everything passes."""

    any_of: tuple[tuple[Term, ...], ...] = ()


class BadFilter(UsageError):
    """A filter that cannot be read.

    Attributes:
        column: Where, from 1.
        problem: What is wrong there.
    """

    def __init__(self, column: int, problem: str) -> None:
        super().__init__(f"filter, column {column}: {problem}")
        self.column = column
        self.problem = problem


def parse(text: str, kind: str) -> Filter:
    """Return the meaning of ``text``; a blank text lets everything pass.

    Args:
        text: What was typed.
        kind: ``feeds`` or ``episodes``.

    Raises:
        BadFilter: It cannot be read.
    """
    if len(text) > LONGEST:
        raise BadFilter(LONGEST + 1, f"a filter has at most {LONGEST} characters")
    return _Reader(text, kind).filter()


def sort_of(text: str, kind: str) -> tuple[str, bool]:
    """Return the field that ``text`` sorts by, and whether the greatest comes first (``-``).

    Raises:
        BadFilter: There is no such field, or it has no order.
    """
    descending = text.startswith("-")
    name = text.removeprefix("-").strip().lower()
    kind = language_of(kind)
    fields = FIELDS[kind]
    name = OTHER_NAMES[kind].get(name, name)
    if name not in fields or not fields[name].sortable:
        known = [field.name for field in fields.values() if field.sortable]
        raise BadFilter(1, f"{kind} cannot be sorted by {name!r}{_hint(name, known)}")
    return name, descending


def format_filter(wanted: Filter) -> str:
    """Return the text of a filter; ``parse`` of it gives an equal one."""
    return " | ".join(" ".join(map(_format_term, terms)) for terms in wanted.any_of)


def _format_term(term: Term) -> str:
    atom = term.atom
    if isinstance(atom, Words):
        text = quoted(atom.part)
    elif atom.op == ANY:
        text = f"{atom.field}:{ANY}"
    else:
        values = (v if isinstance(v, int) else quoted(v) for v in map(write_value, atom.values))
        text = f"{atom.field}{atom.op}{','.join(map(str, values))}"
    return f"!{text}" if term.negated else text


def quoted(text: str) -> str:
    """Return ``text`` as one value, in quotes where it needs them."""
    if _PLAIN.match(text) and not text.isdecimal():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Reader:
    """Reads one filter from left to right."""

    def __init__(self, text: str, kind: str) -> None:
        self._text = text
        self._kind = language_of(kind)
        self._fields = FIELDS[self._kind]
        self._at = 0

    def filter(self) -> Filter:
        """Return the whole filter."""
        groups: list[list[Term]] = [[]]
        terms = 0
        while self._skip_blanks():
            if self._text[self._at] == "|":
                if not groups[-1]:
                    raise self._bad("there is nothing before |", self._at)
                groups.append([])
                self._at += 1
                continue
            terms += 1
            if terms > MOST_TERMS:
                raise self._bad(f"a filter has at most {MOST_TERMS} conditions", self._at)
            groups[-1].append(self._term())
        if not groups[-1] and len(groups) > 1:
            raise self._bad("there is nothing after |", len(self._text) - 1)
        return Filter(tuple(map(tuple, groups)) if groups[0] else ())

    def _skip_blanks(self) -> bool:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def _term(self) -> Term:
        negated = self._text[self._at] == "!"
        if negated:
            self._at += 1
            if self._at >= len(self._text) or self._text[self._at].isspace():
                raise self._bad("! stands before what it denies, without a blank", self._at - 1)
            if self._text[self._at] in "!|":
                raise self._bad("! stands before a condition, and once", self._at)
        head = _HEAD.match(self._text, self._at)
        if head is None or _URL.match(self._text, self._at):
            start = self._at
            part, _ = self._value(stop_at_comma=False)
            if not part:
                raise self._bad("there is nothing to look for", start)
            return Term(Words(part), negated)
        test = self._test(head[1], head[2])
        return Term(test, negated != (head[2] == "!="))

    def _test(self, name: str, op: str) -> Test:
        start = self._at
        field = self._field(name, start)
        self._at += len(name) + len(op)
        op = "=" if op == "!=" else op
        value_at = self._at
        parts = self._values()
        if op == ":" and parts == [(ANY, False, value_at)]:
            return Test(field.name, ANY)
        self._check_op(field, op, parts, start)
        # Only a text has two ways of being equal.
        op = ":" if op == "=" and field.kind is not FieldKind.TEXT else op
        return Test(field.name, op, tuple(self._read(field, op, *part) for part in parts))

    def _field(self, name: str, start: int) -> Field:
        known = OTHER_NAMES[self._kind].get(name.lower(), name.lower())
        if known not in self._fields:
            word = self._text[start:].split(maxsplit=1)[0]
            hint = _hint(known, list(self._fields))
            raise self._bad(
                f"{self._kind} have no field {name!r}{hint}"
                f' (to look for the text itself, quote it: "{word[:40]}")',
                start,
            )
        return self._fields[known]

    def _check_op(
        self, field: Field, op: str, parts: list[tuple[str, bool, int]], start: int
    ) -> None:
        kind = field.kind
        if op in _COMPARISONS:
            if kind in (FieldKind.WORD, FieldKind.TEXT, FieldKind.TAG):
                raise self._bad(f"{field.name} has no greater and smaller: {field.name}:…", start)
            if len(parts) > 1:
                raise self._bad(f"{field.name}{op} takes one value", parts[1][2])
        elif kind is FieldKind.AGE:
            raise self._bad(f"{field.name} is compared: {field.name}>7d or {field.name}<7d", start)

    def _read(self, field: Field, op: str, text: str, is_quoted: bool, at: int) -> Value:
        try:
            return read_value(field, op, text, is_quoted=is_quoted)
        except ValueError as error:
            hint = _hint(text.lower(), field.words) if field.words else ""
            raise self._bad(f"{field.name}: {error}{hint}", at) from None

    def _values(self) -> list[tuple[str, bool, int]]:
        """Read values up to the blank: text, whether it was quoted, and where it begins."""
        found = []
        while True:
            start = self._at
            text, is_quoted = self._value(stop_at_comma=True)
            if not text:
                raise self._bad("a value is missing", start)
            found.append((text, is_quoted, start))
            if len(found) > MOST_TERMS:
                raise self._bad(f"a field takes at most {MOST_TERMS} values", start)
            if self._at >= len(self._text) or self._text[self._at] != ",":
                return found
            self._at += 1

    def _value(self, *, stop_at_comma: bool) -> tuple[str, bool]:
        """Read one value; quotes may stand around all or any part of it."""
        text = self._text
        pieces: list[str] = []
        is_quoted = False
        while self._at < len(text):
            char = text[self._at]
            if char.isspace() or char == "|" or (char == "," and stop_at_comma):
                break
            if char == '"':
                is_quoted = True
                pieces.append(self._quotes())
                continue
            pieces.append(char)
            self._at += 1
        return "".join(pieces), is_quoted

    def _quotes(self) -> str:
        start = self._at
        self._at += 1
        pieces: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == '"':
                return "".join(pieces)
            if char == "\\" and self._text[self._at : self._at + 1] in ('"', "\\"):
                char = self._text[self._at]
                self._at += 1
            pieces.append(char)
        raise self._bad("the quote is not closed", start)

    def _bad(self, problem: str, at: int) -> BadFilter:
        return BadFilter(max(0, at) + 1, problem)


def _hint(name: str, known: list[str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name[:40], known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"
