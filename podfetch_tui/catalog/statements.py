"""Statements that go to the driver: compiled once, and stepped as seldom as can be.

SQLite's module gives the GIL away at every step of a statement, and a thread that wants it
back waits up to a switch interval (5 ms) for each row while another thread computes. With one
busy thread beside it, reading 1,500 rows took 1,039 ms row by row and 9 ms as one JSON value;
writing row by row is slower by the same factor. So answers come as one value made by SQLite,
and rows go in many at a time (``docs/decisions/0002-catalogue-writes.md``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar, Union, cast

import msgspec
from sqlalchemy import Executable, Select, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.crud import REQUIRED

from podfetch_tui.system.decoding import json_decoder

Value = Union[int, float, str, bytes, None]
Row = tuple[Value, ...]
T = TypeVar("T")

_LARGEST = 512


class Statement:
    """A Core statement with named parameters, compiled at its first use."""

    def __init__(self, build: Callable[[], Executable], columns: Sequence[str] = ()) -> None:
        """Make one.

        Args:
            build: Makes the statement.
            columns: Columns an insert or update sets from parameters of the same names.
        """
        self._build = build
        self._columns = columns
        self._sql = ""
        self._names: Sequence[str] = ()
        self._fixed: dict[str, Any] = {}

    @property
    def sql(self) -> str:
        """The text the driver gets."""
        if not self._sql:
            self._compile()
        return self._sql

    def bind(self, values: Mapping[str, Any]) -> list[Value]:
        """Return ``values`` in the order of the text's question marks.

        Raises:
            KeyError: A parameter is missing.
        """
        if not self._sql:
            self._compile()
        fixed = self._fixed
        return [fixed[name] if name in fixed else values[name] for name in self._names]

    def run(self, cursor: sqlite3.Cursor, **values: Any) -> sqlite3.Cursor:
        """Execute on ``cursor`` and return it."""
        return cursor.execute(self.sql, self.bind(values))

    def first(self, cursor: sqlite3.Cursor, **values: Any) -> Any:
        """Execute and return the only row as a tuple, or ``None``."""
        rows = cursor.execute(self.sql, self.bind(values)).fetchall()
        return rows[0] if rows else None

    def _compile(self) -> None:
        shaped: Any = self._shape(self._build())
        compiled = shaped.compile(
            dialect=sqlite.dialect(),
            column_keys=self._columns or None,
        )
        # A parameter that was given a value in the statement keeps it.
        self._fixed = {
            name: value
            for name, value in compiled.params.items()
            if value is not None and value is not REQUIRED
        }
        self._names = tuple(compiled.positiontup)
        self._sql = compiled.string

    def _shape(self, built: Executable) -> Executable:
        return built


class Answer(Statement, Generic[T]):
    """A select whose rows arrive as one JSON value, decoded to a list of ``T``.

    Blobs must be selected through ``hex()``: JSON has none.
    """

    def __init__(self, build: Callable[[], Select[Any]], row: type[T]) -> None:
        super().__init__(build)
        self._decoder: msgspec.json.Decoder[list[T]] = json_decoder(list[row])  # type: ignore[valid-type]

    def rows(self, cursor: sqlite3.Cursor, **values: Any) -> list[T]:
        """Execute in one step and return the rows, in the order of the select."""
        ((document,),) = cursor.execute(self.sql, self.bind(values)).fetchall()
        return self._decoder.decode(document)

    def _shape(self, built: Executable) -> Executable:
        inner = cast("Select[Any]", built).subquery()
        return select(func.json_group_array(func.json_array(*inner.c)))


class Bulk:
    """A statement that takes rows as ``VALUES``, in chunks of a power of two.

    The chunks are few sizes, so that the driver's cache of prepared statements holds them all.
    """

    def __init__(self, head: str, width: int, tail: str = "") -> None:
        """Make one.

        Args:
            head: The text up to the first group of values.
            width: Values in a row.
            tail: The text after the last group.
        """
        self._head, self._tail = head, tail
        self._width = width
        self._group = f"({', '.join('?' * width)})"
        self._texts: dict[int, str] = {}

    def run(self, cursor: sqlite3.Cursor, rows: Sequence[Row]) -> None:
        """Execute for all ``rows``."""
        done = 0
        for size in _sizes(len(rows)):
            flat = chain.from_iterable(rows[done : done + size])
            cursor.execute(self.text(size), tuple(flat))
            done += size

    def text(self, size: int) -> str:
        """Return the SQL that takes ``size`` rows."""
        text = self._texts.get(size)
        if text is None:
            groups = ", ".join([self._group] * size)
            text = self._texts[size] = f"{self._head}{groups}{self._tail}"
        return text


def _sizes(count: int) -> Iterator[int]:
    size = _LARGEST
    while count:
        while size > count:
            size >>= 1
        yield size
        count -= size


def bulk_insert(table: str, columns: Sequence[str], *, tail: str = "") -> Bulk:
    """Return the insert of whole rows; a clash fails the write.

    ``OR FAIL`` spares SQLite a journal of the statement: the transaction or savepoint around
    the write is rolled back anyway.
    """
    head = f"INSERT OR FAIL INTO {table} ({', '.join(columns)}) VALUES "
    return Bulk(head, len(columns), tail)


def bulk_update(table: str, columns: Sequence[str], changes: Mapping[str, str]) -> Bulk:
    """Return the update of rows by ``id``, the first of ``columns``.

    Args:
        table: Its name.
        columns: Names of the values of a row, as ``v.name`` in the expressions.
        changes: Column of the table → expression over ``v`` and the table.
    """
    sets = ", ".join(f"{column} = {expression}" for column, expression in changes.items())
    head = f"WITH v({', '.join(columns)}) AS (VALUES "
    return Bulk(head, len(columns), f") UPDATE {table} SET {sets} FROM v WHERE {table}.id = v.id")
