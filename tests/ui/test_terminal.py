"""On a real terminal: the first picture, the way out, and what signals do."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest
from support.terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal
from support.wait import wait_for

CHILD = """
import fcntl, sys, termios
if {is_ours}:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.path.insert(0, {tests!r})
from support.fake_client import FakeClient, busy_snapshot, feed_rows
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.run import run_app
class Breaking(FakeClient):
    def snapshot(self):
        if self.looks > 4:
            raise RuntimeError("something nobody thought of")
        return super().snapshot()
client = (Breaking if {breaks} else FakeClient)(busy_snapshot(), feed_rows(1000))
how = run_app(lambda: PodFetchApp(client, UiSettings(glyphs="unicode")))
open({answer!r}, "w").write(how)
try:
    print("goodbye")
except OSError:
    pass
"""
PAINTED = b"RUNNING"
"""Stands on the first picture, whatever the size."""
TESTS = str(Path(__file__).parents[1])


class Stage(Terminal):
    """The application over a client of the tests; it leaves its last word in a file."""

    def __init__(
        self, answer: Path, *, breaks: bool = False, before: str = "", is_ours: bool = True
    ) -> None:
        self.answer = answer
        code = before + CHILD.format(
            tests=TESTS, answer=str(answer), breaks=breaks, is_ours=is_ours
        )
        super().__init__([sys.executable, "-c", code])

    def end(self) -> str:
        """Wait for the application to end well; return what it told its host."""
        assert self.wait_for_end() == 0, self.shown[-3000:]
        return self.answer.read_text()


def is_restored(terminal: Terminal) -> bool:
    """Return whether screen, cursor, mouse and line mode are as they were found."""
    shown = terminal.shown
    balanced = shown.count(ENTER_SCREEN) == shown.count(LEAVE_SCREEN) == 1
    after = shown[shown.rindex(LEAVE_SCREEN) :]
    cursor = b"\x1b[?25h" in shown[shown.rindex(b"\x1b[?25l") :]
    mouse = re.search(rb"\x1b\[\?1000l", shown) is not None
    return balanced and cursor and mouse and b"goodbye" in after and terminal.is_as_found()


@pytest.fixture
def terminal(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "answer")


def test_it_paints_and_quits_cleanly(terminal: Stage) -> None:
    with terminal:
        terminal.wait_for(PAINTED)
        terminal.press(b"q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.press(b"n")
        assert terminal.end() == "now"
        assert is_restored(terminal)


def test_it_paints_on_the_terminal_where_standard_error_is_led_into_a_file(tmp_path: Path) -> None:
    led = tmp_path / "errors"
    before = f"import os\nos.dup2(os.open({str(led)!r}, os.O_WRONLY | os.O_CREAT), 2)\n"
    with Stage(tmp_path / "answer", before=before) as terminal:
        terminal.wait_for(PAINTED)
        terminal.press(b"qn")
        assert terminal.end() == "now"
        assert is_restored(terminal)
    assert led.read_bytes() == b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_restores_the_terminal(terminal: Stage, number: signal.Signals) -> None:
    with terminal:
        terminal.wait_for(PAINTED)
        terminal.process.send_signal(number)
        assert terminal.end() == "drain"
        assert is_restored(terminal)


def test_asking_for_stacks_ends_nothing(tmp_path: Path) -> None:
    log = tmp_path / "stacks.log"
    before = f"import logging\nlogging.basicConfig(filename={str(log)!r})\n"
    with Stage(tmp_path / "answer", before=before) as terminal:
        terminal.wait_for(PAINTED)
        terminal.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: log.exists() and "asked for by SIGUSR1" in log.read_text())
        terminal.press(b"q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.press(b"n")
        assert terminal.end() == "now"


def test_a_signal_works_over_a_dialog_too(terminal: Stage) -> None:
    with terminal:
        terminal.wait_for(PAINTED)
        terminal.press(b"2q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == "drain"
        assert is_restored(terminal)


def test_a_terminal_that_goes_away_ends_the_screen_and_not_the_host(terminal: Stage) -> None:
    with terminal:
        terminal.wait_for(PAINTED)
        terminal.hang_up()
        assert terminal.end() == "hangup"


def test_a_terminal_that_goes_away_without_a_signal_ends_the_screen_too(tmp_path: Path) -> None:
    """Its end would be read again and again, by a thread that takes a processor for it."""
    with Stage(tmp_path / "answer", is_ours=False) as terminal:
        terminal.wait_for(PAINTED)
        terminal.hang_up()
        assert terminal.end() == "hangup"


def test_a_screen_that_still_paints_when_its_terminal_goes_ends_all_the_same(
    tmp_path: Path,
) -> None:
    painting = """
from podfetch_tui.ui.app import PodFetchApp
ended = PodFetchApp._on_signal
def paint_first(self, number):
    for n in range(100):
        self._driver.write("x" * 5000)
    ended(self, number)
PodFetchApp._on_signal = paint_first
"""
    with Stage(tmp_path / "answer", before=painting) as terminal:
        terminal.wait_for(PAINTED)
        terminal.hang_up()
        assert terminal.end() == "hangup"


def test_a_screen_that_is_told_to_go_on_without_a_stop_reads_each_key_once(
    terminal: Stage,
) -> None:
    with terminal:
        terminal.wait_for(PAINTED)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.press(b"q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.press(b"n")
        assert terminal.end() == "now"
        assert is_restored(terminal)


def test_a_broken_screen_restores_the_terminal_and_says_so(tmp_path: Path) -> None:
    with Stage(tmp_path / "answer", breaks=True) as terminal:
        terminal.wait_for(PAINTED)
        assert terminal.end() == "broken"
        assert b"something nobody thought of" in terminal.shown
        assert is_restored(terminal)


def test_a_storm_of_sizes_breaks_nothing(terminal: Stage) -> None:
    sizes = [(1, 1), (0, 0), (200, 60), (59, 17), (80, 24), (3, 200), (300, 2), (100, 30)]
    with terminal:
        terminal.wait_for(PAINTED)
        for columns, rows in sizes * 3:
            terminal.resize(columns, rows)
            terminal.press(b"21")
        terminal.resize(120, 36)
        terminal.press(b"q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.press(b"k")
        assert terminal.end() == "keep"
        assert is_restored(terminal)


def test_ctrl_c_does_not_kill_the_engine(terminal: Stage) -> None:
    with terminal:
        terminal.wait_for(PAINTED)
        terminal.press(b"\x03")
        terminal.press(b"4")
        terminal.wait_for(b"Progress")
        terminal.press(b"qd")
        assert terminal.end() == "drain"


REBOUND = """
import sys
sys.path.insert(0, sys.argv[1])
from support.fake_client import FakeClient, busy_snapshot, feed_rows
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.run import run_app
client = FakeClient(busy_snapshot(), feed_rows(9))
run_app(lambda: PodFetchApp(client, UiSettings(), keys={"app.quit": "ctrl+x,f9"}))
"""


def test_a_key_can_be_put_elsewhere() -> None:
    with Terminal([sys.executable, "-c", REBOUND, TESTS]) as terminal:
        terminal.wait_for(PAINTED)
        terminal.press(b"q\x18")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.press(b"n")
        assert terminal.wait_for_end() == 0
