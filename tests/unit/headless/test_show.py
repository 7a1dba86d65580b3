"""Showing progress: on a terminal, in a pipe, to nobody; the engine never notices."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TextIO

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, idle_snapshot
from support.screen import Screen

from podfetch_tui.headless.display import Display, can_redraw, look_of
from podfetch_tui.headless.frame import Look, frame
from podfetch_tui.headless.narration import Narration
from podfetch_tui.headless.show import MOST_SAID, show
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.snapshot import EngineSnapshot

TERMINAL = {"TERM": "xterm-256color"}
SUMMARY_FIRST = "feeds     polled 182,440, 148,031 not modified, 912 failed"


class Terminal(io.StringIO):
    """A stream that says it is a terminal, 80 by 24 for want of a real one."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Scripted(FakeClient):
    """Ends its run after so many looks; ``script`` may change things at each."""

    def __init__(self, looks: int, script: Callable[[Scripted], None] | None = None) -> None:
        super().__init__(busy_snapshot())
        self.finished = threading.Event()
        self._left = looks
        self._script = script

    def snapshot(self) -> EngineSnapshot:
        self._left -= 1
        if self._script is not None:
            self._script(self)
        if self._left <= 0:
            self.finished.set()
        return super().snapshot()


def ended() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def seen(text: str, columns: int = 80) -> Screen:
    screen = Screen(columns)
    screen.feed(text)
    return screen


def test_only_the_summary_is_left_on_the_terminal() -> None:
    stream = Terminal()
    client = Scripted(3)
    show(client, client.finished, stream=stream, environ=TERMINAL)
    screen = seen(stream.getvalue())
    assert "\x1b[?25l" in stream.getvalue()
    assert screen.cursor_shown
    assert screen.lines()[0] == SUMMARY_FIRST
    assert len(screen.lines()) == 4
    assert not screen.unknown


def test_a_frame_overwrites_the_last_one() -> None:
    stream = Terminal()
    narration = Narration(stream)
    display, look = Display(narration), Look(colour=True)
    display.open()
    for _ in range(3):
        display.paint(frame(busy_snapshot(), look), [], look)
    display.paint(frame(idle_snapshot(), look), [], look)
    expected = frame(idle_snapshot(), Look(colour=False))
    assert seen(stream.getvalue()).lines() == [line.rstrip() for line in expected]


def test_a_terminal_made_narrower_is_not_littered() -> None:
    stream = Terminal()
    display = Display(Narration(stream))
    wide, small = Look(columns=120, colour=False), Look(columns=40, colour=False)
    display.open()
    screen = Screen(40)
    # What stood there is wrapped by the terminal into rows of 40 cells.
    display.paint(frame(busy_snapshot(), wide), [], wide)
    screen.feed(stream.getvalue())
    stream.seek(0)
    stream.truncate()
    display.paint(frame(busy_snapshot(), small), [], small)
    screen.feed(stream.getvalue())
    assert screen.lines() == [line.rstrip() for line in frame(busy_snapshot(), small)]


def test_the_log_scrolls_above_the_display_and_tears_nothing() -> None:
    stream = Terminal()
    narration = Narration(stream)
    display, look = Display(narration), Look(colour=False)
    narration.write("before\n")
    display.open()
    display.paint(frame(busy_snapshot(), look), [], look)
    narration.write("first line\nsecond ")
    narration.write("line\n")
    display.paint(frame(busy_snapshot(), look), ["an event"], look)
    screen = seen(stream.getvalue())
    frame_lines = [line.rstrip() for line in frame(busy_snapshot(), look)]
    assert screen.lines() == ["before", "first line", "second line", "an event", *frame_lines]
    narration.write("last words\n")
    display.close(["the end"])
    narration.write("after\n")
    assert seen(stream.getvalue()).lines() == [
        "before", "first line", "second line", "an event", "last words", "the end", "after",
    ]  # fmt: skip


def test_what_matters_scrolls_by_and_a_storm_is_cut() -> None:
    stream = Terminal()
    client = Scripted(2)
    client.emit("episode_archived", "kept", feed_id=1, episode_id=2)
    client.emit("feed_polled", "left out", feed_id=1)
    for number in range(300):
        client.emit(
            "feed_failed",
            f"storm {number} " + "x" * 200,
            feed_id=number,
            family="transient",
            code="reset",
        )
    show(client, client.finished, stream=stream, environ=TERMINAL)
    lines = seen(stream.getvalue()).lines()
    text = "\n".join(lines)
    assert "storm 299" in text
    assert sum("storm" in line for line in lines) == sum("reset" in line for line in lines), (
        "a long line is cut, not wrapped"
    )
    assert text.count("storm") == MOST_SAID
    assert "podfetch events" in text
    assert "left out" not in text


def test_without_a_terminal_every_event_is_one_json_object() -> None:
    stream = io.StringIO()
    client = FakeClient(busy_snapshot())
    client.emit("feed_polled", "3 new", feed_id=1, code="ok")
    client.emit("episode_archived", "x\ny", feed_id=1, episode_id=2, code="archived")
    show(client, ended(), stream=stream, as_json=True, environ=TERMINAL)
    objects = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [found["kind"] for found in objects] == ["feed_polled", "episode_archived", "summary"]


def test_json_is_given_to_a_terminal_that_asks_for_it() -> None:
    stream = Terminal()
    show(FakeClient(busy_snapshot()), ended(), stream=stream, as_json=True, environ=TERMINAL)
    assert json.loads(stream.getvalue())["kind"] == "summary"


@pytest.mark.parametrize("term", [{"TERM": "dumb"}, {}, {"TERM": ""}])
def test_a_dumb_terminal_gets_plain_lines(term: dict[str, str]) -> None:
    stream = Terminal()
    client = FakeClient(busy_snapshot())
    client.emit("feed_failed", "silent", feed_id=88, family="transient", code="read_timeout")
    show(client, ended(), stream=stream, environ=term)
    assert "\x1b" not in stream.getvalue()
    first, second, *_ = stream.getvalue().splitlines()
    assert first.endswith("✗ feed 88 failed (read_timeout): silent")
    assert second == SUMMARY_FIRST


def test_quiet_is_the_summary_alone() -> None:
    stream = Terminal()
    client = FakeClient(busy_snapshot())
    client.emit("feed_failed", "silent", feed_id=88)
    show(client, ended(), stream=stream, quiet=True, environ=TERMINAL)
    assert stream.getvalue().splitlines()[0] == SUMMARY_FIRST


def test_a_reader_that_fell_behind_is_told() -> None:
    stream = io.StringIO()

    finished = threading.Event()

    class Late(FakeClient):
        def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
            batch = super().watch(after, timeout)
            self.events = [replace(self.events[-1], seq=5000)]
            if after:
                finished.set()
            return batch

    late = Late(busy_snapshot())
    late.emit("feed_polled", "one", feed_id=1)
    show(late, finished, stream=stream, as_json=True, environ={})
    kinds = [json.loads(line)["kind"] for line in stream.getvalue().splitlines()]
    assert kinds == ["feed_polled", "events_lost", "feed_polled", "summary"]


def test_the_summary_waits_for_the_engine_to_stop() -> None:
    stream = Terminal()
    client = FakeClient(idle_snapshot())

    def stop() -> None:
        client.now = busy_snapshot()

    show(client, ended(), stream=stream, stop=stop, environ=TERMINAL)
    assert SUMMARY_FIRST in stream.getvalue()


def test_the_display_goes_on_while_the_engine_drains() -> None:
    stream = Terminal()
    drained = threading.Event()

    def look(client: Scripted) -> None:
        if client.looks == 2:
            drained.set()

    client = Scripted(100, look)

    def stop() -> None:
        assert drained.wait(30)

    show(client, ended(), stream=stream, stop=stop, environ=TERMINAL)
    assert client.looks >= 2


def test_a_failure_to_stop_is_not_hidden() -> None:
    def stop() -> None:
        raise RuntimeError("the writer is stuck")

    stream = io.StringIO()
    with pytest.raises(RuntimeError, match="stuck"):
        show(FakeClient(busy_snapshot()), ended(), stream=stream, stop=stop, environ={})
    assert SUMMARY_FIRST in stream.getvalue()


class Broken(Terminal):
    """A terminal that is gone after the first frame."""

    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        if self.writes > 2:
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_a_terminal_that_goes_away_stops_nothing() -> None:
    stream = Broken()
    client = Scripted(2)
    narration = Narration(stream)
    stopped: list[bool] = []
    ticks = iter(range(6))

    class Finishes(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return next(ticks, 9) == 5

    show(client, Finishes(), stream=narration, stop=lambda: stopped.append(True), environ=TERMINAL)
    assert stopped == [True]
    assert stream.writes == 3, "it does not try again and again"
    with pytest.raises(OSError, match="Input/output"):
        narration.write("the log is not held back for ever\n")


def test_a_closed_stream_stops_nothing() -> None:
    stream = Terminal()
    stream.close()
    show(FakeClient(), ended(), stream=Narration(stream), as_json=True, environ={})


def open_terminal(columns: int, rows: int) -> tuple[int, TextIO]:
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return master, os.fdopen(slave, "w", encoding="utf-8")


def test_a_real_terminal_is_measured_for_every_frame() -> None:
    master, stream = open_terminal(97, 31)
    with stream:
        narration = Narration(stream)
        assert can_redraw(narration, TERMINAL)
        assert not can_redraw(narration, {"TERM": "dumb"})
        look = look_of(narration, {**TERMINAL, "NO_COLOR": "1"})
        assert (look.columns, look.rows, look.colour, look.ascii_only) == (97, 31, False, False)
    os.close(master)


def test_it_runs_on_a_real_terminal() -> None:
    master, stream = open_terminal(90, 24)
    client = Scripted(2)
    with stream:
        show(client, client.finished, stream=stream, environ=TERMINAL)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(master)
    screen = seen(shown.decode(), 90)
    assert screen.lines()[0] == SUMMARY_FIRST
    assert screen.cursor_shown


def test_headless_does_not_carry_the_terminal_application() -> None:
    code = (
        "import sys, podfetch_tui.headless.show;"
        "print([m for m in sys.modules if m.split('.')[0] in ('textual', 'rich', 'sqlalchemy')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
