"""Figures read the same in every front end."""

from __future__ import annotations

import time

import pytest

from podfetch_tui.model import figures

NOON = 1_700_049_600_000  # 2023-11-15T12:00:00Z
DAY = 86_400_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (59.9, "59s"),
        (130, "2m10s"),
        (3600, "1h00m"),
        (10_080, "2h48m"),
        (1e6, "11d13h"),
    ],
)
def test_a_span_has_at_most_two_units(seconds: float, text: str) -> None:
    assert figures.span(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0 B"), (999, "999 B"), (4_123_456, "4.1 MB"), (2.3e12, "2.3 TB")]
)
def test_a_size_has_one_decimal(amount: float, text: str) -> None:
    assert figures.size(amount) == text


def test_the_rest_of_a_transfer_is_not_guessed() -> None:
    assert figures.remaining(50, 120, 10.0) == "0:07"
    assert figures.remaining(0, 10**9, 100_000.0) == "2h46m"
    assert figures.remaining(50, None, 10.0) == "–"
    assert figures.remaining(50, 120, 0.0) == "–"
    assert figures.remaining(130, 120, 10.0) == "–"


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [
        (0, 10, "░░░░░"),
        (5, 10, "██░░░"),
        (10, 10, "█████"),
        (99, 10, "█████"),
        (-1, 10, "░░░░░"),
        (4, None, "░░?░░"),
        (4, 0, "░░?░░"),
    ],
)
def test_a_bar_never_leaves_its_width(done: int, total: int | None, text: str) -> None:
    assert figures.bar(done, total, 5) == text


def test_a_bar_can_do_without_unicode() -> None:
    assert figures.bar(5, 10, 6, ascii_only=True) == "###..."


def test_a_spark_line_shows_the_newest() -> None:
    assert figures.spark([9.0, 0.0, 1.0, 2.0], 3) == "▁▅█"
    assert figures.spark([0.0, 0.0], 5) == "▁▁"
    assert figures.spark([], 5) == ""
    assert figures.spark([0.0, 7.0], 5, ascii_only=True) == "_#"


def test_moments_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        assert figures.moment(NOON, NOON) == "13:00"
        assert figures.moment(NOON + DAY, NOON) == "16 Nov 13:00"
        assert figures.moment(NOON + 400 * DAY, NOON) == "2024-12-19 13:00"
        assert figures.clock(NOON) == "13:00:00"
        assert figures.zone(NOON) == "CET"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_machines_get_utc() -> None:
    assert figures.rfc3339(NOON + 7) == "2023-11-15T12:00:00.007Z"


def test_parts_of_nothing_are_no_number() -> None:
    assert figures.percent(81, 100) == "81 %"
    assert figures.percent(1, 0) == "–"
    assert figures.count(10_412) == "10,412"
