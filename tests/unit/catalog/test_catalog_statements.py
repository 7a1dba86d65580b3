"""Every statement: compiled whole, and answered by an index where a cycle runs it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator

import pytest

from podfetch_tui import catalog
from podfetch_tui.catalog.create import create
from podfetch_tui.catalog.page_statements import page_of
from podfetch_tui.catalog.statements import Answer, Bulk, Statement, bulk_insert, bulk_update
from podfetch_tui.policy.filters import Filter, parse

SCANS_ALLOWED = {
    ("totals", "_FEEDS"): "feed USING COVERING INDEX ix_feed_due",
    ("totals", "_TALLY"): "tally",
    ("totals", "_PARTIAL"): "derivative USING INDEX ix_derivative_failed",
    ("episodes", "_PARTS"): "episode USING COVERING INDEX ix_episode_part",
    ("apply_batches", "_WRONG"): "feed",
    ("lookups", "_FEED_URLS"): "feed USING COVERING INDEX sqlite_autoindex_feed_1",
    ("lookups", "_EPISODE_BY_URL"): "episode",
}
"""Scans of what is small, or of all feeds once at a start, or once for a command."""
SORTS_ALLOWED = {
    ("list_lines", "_BY_OLD_URL"): "a few rows, once per import",
    ("feeds", "_IN_STATE"): "once per command",
    ("media", "_MADE"): "a page of a thousand, while verifying",
    ("lookups", "_FEED_ONCE_AT"): "the few feeds that left one URL",
    ("trail", "_COUNTS"): "the episodes of one feed, once per command",
    ("trail", "_FAILING"): "the episodes of one feed, once per command",
}
PAGES = [
    (kind, feed_id, wanted)
    for kind in ("feeds", "episodes", "events")
    for feed_id in (False, True)
    for wanted in ("", "state:pending" if kind == "episodes" else "state:active")
    if not (kind == "events" and wanted)
]


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create(connection)
    yield connection
    connection.close()


def named() -> list[tuple[str, str, Statement | Bulk]]:
    found: list[tuple[str, str, Statement | Bulk]] = []
    for module in pkgutil.iter_modules(catalog.__path__):
        if module.name == "migrations":
            continue
        members = vars(importlib.import_module(f"podfetch_tui.catalog.{module.name}"))
        found += [
            (module.name, name, value)
            for name, value in members.items()
            if isinstance(value, Statement | Bulk)
        ]
    return found


def plan(connection: sqlite3.Connection, sql: str) -> str:
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?")).fetchall()
    return "\n".join(str(row[3]) for row in rows)


def test_there_are_statements_to_look_at() -> None:
    assert len(named()) > 50


@pytest.mark.parametrize(
    ("module", "name", "statement"), [pytest.param(*n, id=f"{n[0]}.{n[1]}") for n in named()]
)
def test_no_statement_scans_or_sorts_a_table_that_grows(
    empty: sqlite3.Connection, module: str, name: str, statement: Statement | Bulk
) -> None:
    sql = statement.text(4) if isinstance(statement, Bulk) else statement.sql
    assert "POSTCOMPILE" not in sql
    how = plan(empty, sql)
    scans = re.findall(r"SCAN ((?:feed|episode|outcome|media|derivative|tally)\b.*)", how)
    allowed = SCANS_ALLOWED.get((module, name))
    assert scans == ([allowed] if allowed else []), how
    if (module, name) not in SORTS_ALLOWED:
        assert "TEMP B-TREE" not in how


@pytest.mark.parametrize(("kind", "feed_id", "wanted"), PAGES)
def test_pages_are_read_in_the_order_of_an_index(
    empty: sqlite3.Connection, kind: str, feed_id: bool, wanted: str
) -> None:
    page = page_of(kind, parse(wanted, kind) if wanted else Filter(), feed_id=feed_id)
    assert page is not None
    how = plan(empty, page.answer.sql)
    assert not re.search(r"SCAN (feed|episode|outcome)\b", how), how
    # A subquery sorts the few tags of one feed.
    assert "TEMP B-TREE" not in how.replace("USE TEMP B-TREE FOR DISTINCT", ""), how


def test_an_answer_is_one_step_for_the_driver(empty: sqlite3.Connection) -> None:
    empty.execute("INSERT INTO feed (url, title) VALUES ('a', 'x'), ('b', 'y')")
    from sqlalchemy import select

    from podfetch_tui.catalog.schema import feed

    answer = Answer(lambda: select(feed.c.url, feed.c.title).order_by(feed.c.id), tuple[str, str])
    cursor = empty.cursor()
    assert answer.rows(cursor) == [("a", "x"), ("b", "y")]
    assert len(cursor.execute(answer.sql).fetchall()) == 1


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 511, 512, 513, 1500])
def test_bulks_take_any_number_of_rows(count: int) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT) STRICT")
    cursor = connection.cursor()
    rows = [(number, f"row {number}") for number in range(count)]
    bulk_insert("t", ("id", "n")).run(cursor, rows)
    assert cursor.execute("SELECT id, n FROM t ORDER BY id").fetchall() == rows
    changed = [(number, "!") for number, _ in rows[::2]]
    bulk_update("t", ("id", "n"), {"n": "t.n || v.n"}).run(cursor, changed)
    assert cursor.execute("SELECT count(*) FROM t WHERE n LIKE '%!'").fetchone() == (len(changed),)
    connection.close()


def test_a_clash_in_a_bulk_is_an_error() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT) STRICT")
    with pytest.raises(sqlite3.IntegrityError):
        bulk_insert("t", ("id", "n")).run(connection.cursor(), [(1, "a"), (1, "b")])
    connection.close()
