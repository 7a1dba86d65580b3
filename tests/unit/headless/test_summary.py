"""The last word of a run is complete and true."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_row, idle_snapshot

from podfetch_tui.headless.summary import json_summary, next_due, text_summary


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_everything_that_was_done_is_named() -> None:
    assert text_summary(busy_snapshot(), None) == [
        "feeds     polled 182,440, 148,031 not modified, 912 failed",
        "episodes  1,206 new, 1,188 archived, 2 partial, 31 failed, 19 deferred",
        "received  84.3 GB in 12d04h (80.2 kB/s)",
        "failures  702 transient, 190 permanent, 44 malformed, 5 refused, 2 system",
    ]


def test_a_run_that_ended_in_trouble_says_so() -> None:
    ill = replace(busy_snapshot(), state="stopped", reason="disk_full: no space")
    assert text_summary(ill, None)[-1] == "state     stopped: disk_full: no space"


def test_nothing_due_names_the_next_time() -> None:
    rows = [feed_row(1, next_poll_at="2026-10-20T10:43:10Z"), feed_row(2)]
    some = replace(idle_snapshot(), feeds={"total": 2, "active": 2})
    client = FakeClient(some, rows)
    due = next_due(client, some)
    assert due == "2026-10-20T10:43:10Z"
    assert text_summary(some, due) == ["0 due, next 10:43"]


def test_every_page_is_looked_through_for_the_next_time() -> None:
    rows = [feed_row(9 * number, next_poll_at="2026-10-21T00:00:00Z") for number in range(1, 2500)]
    rows[-1]["next_poll_at"] = "2026-10-20T11:11:11Z"
    some = replace(idle_snapshot(), feeds={"total": len(rows)})
    client = FakeClient(some, [{**row, "state": "active"} for row in rows])
    assert next_due(client, some) == "2026-10-20T11:11:11Z"
    assert len(client.queries) == 3


def test_what_the_engine_knows_is_not_searched_for() -> None:
    some = replace(idle_snapshot(), queue={"next_due_at": 1_792_493_000_000})
    client = FakeClient(some)
    assert next_due(client, some) == "2026-10-20T10:43:20.000Z"
    assert not client.queries


def test_a_run_that_did_something_searches_for_nothing() -> None:
    client = FakeClient(busy_snapshot())
    assert next_due(client, client.now) is None
    assert not client.queries


def test_an_empty_archive_says_how_to_begin() -> None:
    assert "podfetch import FILE" in text_summary(idle_snapshot(), None)[0]
    none_active = replace(idle_snapshot(), feeds={"total": 3})
    assert text_summary(none_active, None) == ["0 due, and no feed is active"]
    paused = replace(none_active, state="degraded", reason="disk_full")
    assert text_summary(paused, None) == ["0 done: degraded, disk_full"]


def test_machines_get_every_figure() -> None:
    summary = json.loads(json_summary(busy_snapshot(), None))
    assert summary["kind"] == "summary"
    assert summary["polled"] == 182_440
    assert summary["failures"] == {
        "transient": 702,
        "permanent": 190,
        "malformed": 44,
        "refused": 5,
        "system": 2,
    }
    empty = json.loads(json_summary(idle_snapshot(), "2026-10-20T10:43:10Z"))
    assert empty["polled"] == 0
    assert empty["next_due_at"] == "2026-10-20T10:43:10Z"
