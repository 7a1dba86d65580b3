"""Filters as conditions of statements, and the orders that lists can have.

A condition is never unknown: what has no value passes no test, and passes its denial.
"""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import and_, false, func, not_, or_, true
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.filter_columns import (
    NOW,
    Column,
    Expression,
    episode_columns,
    feed_columns,
)
from podfetch_tui.catalog.schema import episode, feed
from podfetch_tui.model.text import clean
from podfetch_tui.policy.filter_fields import FIELDS, Field, FieldKind
from podfetch_tui.policy.filter_values import Moment, Span, Value, bounds
from podfetch_tui.policy.filters import ANY, Filter, Term, Test, Words

_Compare = Callable[[Any, Any], ColumnElement[bool]]
_COMPARE: dict[str, _Compare] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_TEXTS = (FieldKind.WORD, FieldKind.TEXT, FieldKind.TAG)


class _Rows(NamedTuple):
    """What a kind of rows offers."""

    columns: dict[str, Column]
    fields: dict[str, Field]
    words: tuple[str, str]
    """Fields in which plain words are looked for."""
    indexed: Mapping[tuple[str, type], Expression]
    """Field and type of value → column whose index keeps the order of the ids."""


def _rows(kind: str) -> _Rows:
    if kind == "feeds":
        return _Rows(feed_columns(), FIELDS[kind], ("title", "url"), {})
    indexed = {("state", str): episode.c.state, ("feed", int): episode.c.feed_id}
    return _Rows(episode_columns(), FIELDS[kind], ("title", "url"), indexed)


def condition(wanted: Filter, kind: str) -> ColumnElement[bool]:
    """Return the condition that ``wanted`` puts on rows of ``kind``.

    Statements with it take a parameter ``now``, UTC milliseconds.
    """
    rows = _rows(kind)
    alone = len(wanted.any_of) == 1
    groups = [
        and_(true(), *(_term(rows, term, alone=alone) for term in terms)) for terms in wanted.any_of
    ]
    return or_(false(), *groups) if groups else true()


def order(name: str, kind: str) -> Expression:
    """Return what rows of ``kind`` are sorted by under the field ``name``; never null."""
    rows = _rows(kind)
    column = rows.columns[name]
    if not isinstance(column, ColumnElement):
        raise TypeError(f"{name} has no order")
    field_kind = rows.fields[name].kind
    if field_kind in _TEXTS:
        return func.coalesce(func.lower(column), "")
    return func.coalesce(-column if field_kind is FieldKind.AGE else column, 0)


def key_of(kind: str) -> Expression:
    """Return the id of rows of ``kind``."""
    return feed.c.id if kind == "feeds" else episode.c.id


def _term(rows: _Rows, term: Term, *, alone: bool) -> ColumnElement[bool]:
    atom = term.atom
    if isinstance(atom, Words):
        passed = or_(*(_contains(rows.columns[name], atom.part) for name in rows.words))
    else:
        passed = _test(rows, atom, indexed=alone and not term.negated)
    return not_(func.coalesce(passed, false())) if term.negated else passed


def _test(rows: _Rows, test: Test, *, indexed: bool) -> ColumnElement[bool]:
    field, column = rows.fields[test.field], rows.columns[test.field]
    if test.op == ANY:
        return _any(field, column)
    if indexed and len(test.values) == 1:
        (value,) = test.values
        served = rows.indexed.get((test.field, int if isinstance(value, int) else str))
        if served is not None:
            return served == value
    return or_(*(_one(field, column, test.op, value) for value in test.values))


def _any(field: Field, column: Column) -> ColumnElement[bool]:
    if not isinstance(column, ColumnElement):
        return column(lambda text: text != "")
    return func.coalesce(column, "") != "" if field.kind in _TEXTS else column.is_not(None)


def _one(field: Field, column: Column, op: str, value: Value) -> ColumnElement[bool]:
    if field.takes_id and isinstance(value, int):
        return episode.c.feed_id + 0 == value
    kind = field.kind
    if kind is FieldKind.TEXT and op == ":":
        return _contains(column, str(value))
    if kind in _TEXTS:
        return _equals(column, str(value))
    if not isinstance(column, ColumnElement):
        raise TypeError(f"{field.name} holds texts")
    if isinstance(value, Moment):
        return _within(column, op, value)
    if kind is FieldKind.AGE:
        return _COMPARE[_TURNED[op]](column, NOW - int(value))
    if kind is FieldKind.WHEN:
        return _COMPARE[op](column, NOW + int(value))
    compare: _Compare = _COMPARE.get(op, operator.eq)
    return compare(column, value / 1000 if isinstance(value, Span) else int(value))


def _within(column: Expression, op: str, value: Moment) -> ColumnElement[bool]:
    first, beyond = bounds(value)
    if op in (">", "<="):
        return column >= beyond if op == ">" else column < beyond
    if op in (">=", "<"):
        return column >= first if op == ">=" else column < first
    return and_(column >= first, column < beyond)


def _contains(column: Column, part: str) -> ColumnElement[bool]:
    def test(text: Expression) -> ColumnElement[bool]:
        return or_(*(func.instr(func.lower(text), form) > 0 for form in spellings(part)))

    return test(column) if isinstance(column, ColumnElement) else column(test)


def _equals(column: Column, whole: str) -> ColumnElement[bool]:
    def test(text: Expression) -> ColumnElement[bool]:
        return or_(*(func.lower(text) == form for form in spellings(whole)))

    return test(column) if isinstance(column, ColumnElement) else column(test)


def spellings(text: str) -> list[str]:
    """Return the forms under which a text is looked for, as ``lower`` of the database has them.

    It knows only the letters of ASCII, so that words with others are looked for as they are
    written and in the usual cases: ``über``, ``Über`` and ``ÜBER``.
    """
    text = clean(unicodedata.normalize("NFC", text), 2000)
    forms = (text, text.lower(), text.upper(), text.title(), text.capitalize())
    return list(dict.fromkeys("".join(map(_ascii_lower, form)) for form in forms))


def _ascii_lower(char: str) -> str:
    return char.lower() if char.isascii() else char
