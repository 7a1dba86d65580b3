"""The live display fits the terminal and says what the engine does."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.fake_client import busy_snapshot, download, idle_snapshot

from podfetch_tui.headless.cells import width
from podfetch_tui.headless.frame import Look, frame
from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.snapshot import LaneView

PLAIN = Look(columns=120, rows=40, colour=False)


@pytest.mark.parametrize("columns", [1, 2, 10, 40, 79, 80, 100, 120, 200])
@pytest.mark.parametrize("rows", [1, 2, 4, 24, 60])
def test_it_never_takes_more_than_the_terminal_has(columns: int, rows: int) -> None:
    look = Look(columns=columns, rows=rows, colour=False)
    lines = frame(busy_snapshot(), look)
    assert all(width(line) <= max(columns - 1, 1) for line in lines)
    assert len(lines) <= max(rows - 1, 3)


def test_it_says_what_runs() -> None:
    head, polls, downloads, first, *_ = frame(busy_snapshot(), PLAIN)
    assert "running" in head
    assert "10,412" in head
    assert "24/32" in polls
    assert "81 %" in polls
    assert "8/8" in downloads
    assert "61.4 MB/s" in downloads
    assert "18 %" in first
    assert "Ep 212" in first


def test_what_does_not_fit_is_counted() -> None:
    lines = frame(busy_snapshot(), Look(columns=80, rows=8, colour=False))
    assert len(lines) == 7
    assert lines[-1] == " … 5 more downloads"
    assert len(frame(busy_snapshot(), Look(columns=80, rows=24, colour=False))) == 11


def test_trouble_is_named() -> None:
    ill = replace(idle_snapshot(), state="degraded", reason="disk_full: 0 bytes free")
    assert "▲ disk_full: 0 bytes free" in frame(ill, PLAIN)


def test_alerts_are_named() -> None:
    alert = Alert(name="error_rate", since=1, text="31 % failed", value=31.0, limit=20.0)
    ill = replace(idle_snapshot(), alerts=(alert,))
    assert "▲ error_rate: 31 % failed" in frame(ill, PLAIN)


def test_a_throttled_lane_shows_its_target() -> None:
    why = "poll target 4 of 32: cpu 91 % for 6 s"
    lane = LaneView(limit=32, target=4, busy=9, reason=why)
    assert lane.throttled == "target 4: cpu 91 % for 6 s"
    assert LaneView(limit=8, target=8, busy=0).throttled == ""
    lines = frame(replace(busy_snapshot(), lanes={"poll": lane}), PLAIN)
    assert "polls     9/32   target 4" in lines[1]


def test_a_download_of_unknown_length_shows_no_guess() -> None:
    busy = replace(idle_snapshot(), workers=(download(0, total=None, done=12_000_000),))
    line = frame(busy, PLAIN)[-1]
    assert "?" in line
    assert "12.0 MB of ?" in line
    assert "%" not in line


def test_a_phase_without_bytes_is_named() -> None:
    busy = replace(idle_snapshot(), workers=(download(0, phase="validate"),))
    assert "validate" in frame(busy, PLAIN)[-1]


def test_colour_is_only_used_where_it_is_wanted() -> None:
    assert "\x1b[1;32mrunning\x1b[0m" in frame(busy_snapshot(), Look())[0]
    assert not any("\x1b" in line for line in frame(busy_snapshot(), PLAIN))


def test_a_terminal_without_unicode_gets_ascii() -> None:
    lines = frame(busy_snapshot(), Look(columns=120, rows=40, colour=False, ascii_only=True))
    assert all(line.isascii() for line in lines)


def test_a_title_cannot_control_the_terminal() -> None:
    hostile = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\u202egnp.exe\n\r[bold]x[/]\x9b31m"
    busy = replace(idle_snapshot(), workers=(download(0, title=hostile),), reason=hostile)
    for line in frame(busy, PLAIN):
        assert not any(
            ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in line
        )
