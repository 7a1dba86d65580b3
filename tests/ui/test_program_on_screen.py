"""The whole program on a real terminal: the screen, and the engine that comes behind it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import rows, settings_for
from support.program import podfetch
from support.terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal
from support.wait import wait_for

from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.cli import archive as archives
from podfetch_tui.model.commands import Stop
from podfetch_tui.system.instance import Holder, holder
from podfetch_tui.system.paths import user_state_dir


def program(root: Path, *options: str) -> Terminal:
    argv = [sys.executable, "-m", "podfetch_tui", "--archive", str(root), *options]
    return Terminal(argv, columns=120, rows=36)


def test_the_screen_is_there_before_the_engine_and_both_end_well(tmp_path: Path) -> None:
    with program(tmp_path / "archive") as terminal:
        terminal.wait_for(b"RUNNING")
        assert terminal.shown.index(b"STARTING") < terminal.shown.index(b"RUNNING")
        terminal.press(b"q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.press(b"n")
        assert terminal.wait_for_end() == 0
    assert terminal.shown.count(LEAVE_SCREEN) == 1


@pytest.mark.parametrize("when", [b"STARTING", b"RUNNING"])
def test_sigterm_ends_the_program_well_at_any_moment(tmp_path: Path, when: bytes) -> None:
    with program(tmp_path / "archive") as terminal:
        terminal.wait_for(when)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end() == 0
    with archives.changing(settings_for(tmp_path / "archive")):
        pass  # the lock is free, the catalogue whole


def test_an_archive_in_use_is_said_without_a_screen(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with archives.changing(settings_for(root)), program(root) as terminal:
        assert terminal.wait_for_end() == 4
        assert b"in use by process" in terminal.shown
        assert ENTER_SCREEN not in terminal.shown


def test_a_damaged_catalogue_closes_the_screen_and_is_said_behind_it(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    assert podfetch("--archive", str(root), "init").returncode == 0
    (root / ".podfetch" / "catalog.db").write_bytes(b"not a catalogue" * 9000)
    with program(root) as terminal:
        assert terminal.wait_for_end() == 7
    after = terminal.shown[terminal.shown.rindex(LEAVE_SCREEN) :]
    assert b"is damaged" in after
    assert b"Traceback" not in after


def test_an_engine_that_a_bug_ended_leaves_a_log_and_the_shell_is_told_where(
    tmp_path: Path,
) -> None:
    bug = (
        "from podfetch_tui.engine.dispatch import Dispatcher as d\n"
        "from podfetch_tui.__main__ import main\n"
        "def ouch(*_): raise LookupError('at http://ada:c4nary@host.example/')\n"
        "d._refill = ouch\n"
        "main()\n"
    )
    argv = [sys.executable, "-c", bug, "--archive", str(tmp_path / "archive")]
    with Terminal(argv, columns=120, rows=36) as terminal:
        terminal.wait_for(b"Start the engine again")
        terminal.press(b"q")
        assert terminal.wait_for_end() == 8
    after = terminal.shown[terminal.shown.rindex(LEAVE_SCREEN) :].decode()
    (log,) = (user_state_dir() / "logs").glob("*.log")
    assert f"The log: {log}" in after
    assert "LookupError: at http://***@host.example/" in log.read_text()


def test_more_than_500_new_feeds_wait_and_the_screen_says_how_to_begin(tmp_path: Path) -> None:
    feeds = tmp_path / "many.txt"
    feeds.write_text("".join(f"http://{number}.feeds.example/\n" for number in range(501)))
    root = tmp_path / "archive"
    # Nothing is really asked: there are no workers.
    options = ("--feeds", str(feeds), "--set", "engine.poll_workers=0")
    with program(root, *options) as terminal:
        terminal.wait_for(b"new feeds wait for you")
        settings = settings_for(root)
        assert {row["state"] for row in rows(settings, "feeds")} == {"paused"}
        terminal.press(b"B")
        terminal.wait_for(b"501 feeds begin")
        assert {row["state"] for row in rows(settings, "feeds")} == {"active"}
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end() == 0
    assert len(rows(settings, "feeds")) == 501


def test_500_new_feeds_begin_at_once(tmp_path: Path) -> None:
    feeds = tmp_path / "many.txt"
    feeds.write_text("".join(f"http://{number}.feeds.example/\n" for number in range(500)))
    root = tmp_path / "archive"
    options = ("--feeds", str(feeds), "--set", "engine.poll_workers=0")
    with program(root, *options) as terminal:
        terminal.wait_for(b"500 new")
        assert {row["state"] for row in rows(settings_for(root), "feeds")} == {"active"}
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end() == 0


def who(root: Path) -> Holder:
    found = holder(root / ".podfetch" / "lock")
    assert found is not None
    return found


@contextlib.contextmanager
def kept(root: Path) -> Iterator[RemoteClient]:
    """Join the engine that was kept, which may still be starting, and end it."""
    wait_for(lambda: (at := holder(root / ".podfetch" / "lock")) is not None and at.socket != "")
    with contextlib.closing(RemoteClient(Path(who(root).socket))) as client:
        wait_for(lambda: any(event.kind == "screen_closed" for event in client.watch(0).events))
        assert client.snapshot().state == "running"
        yield client
        assert client.send(Stop()).ok
    wait_for(lambda: holder(root / ".podfetch" / "lock") is None)


def test_the_shell_prompts_again_and_the_very_same_engine_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with program(root) as terminal:
        terminal.wait_for(b"RUNNING")
        engine = who(root)
        terminal.press(b"qk")
        assert terminal.wait_for_end() == 0
        assert terminal.shown.count(LEAVE_SCREEN) == 1
        assert b"podfetch attach" in terminal.shown
        assert terminal.is_as_found()
        with kept(root) as client:
            assert who(root) == engine
            assert os.getsid(engine.pid) == engine.pid, "nothing sent to the terminal reaches it"
            assert client.snapshot().uptime_s > 0


def test_one_that_is_kept_before_it_has_started_goes_on_too(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with program(root) as terminal:
        terminal.wait_for(b"STARTING")
        terminal.press(b"qk")
        assert terminal.wait_for_end() == 0
        with kept(root):
            pass


def test_a_program_that_is_killed_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with program(root) as terminal:
        terminal.wait_for(b"RUNNING")
        os.kill(who(root).pid, signal.SIGKILL)
        assert terminal.wait_for_end() == 128 + signal.SIGKILL
        assert terminal.shown.count(LEAVE_SCREEN) == 1
        assert b"SIGKILL" in terminal.shown[terminal.shown.rindex(LEAVE_SCREEN) :]
        assert terminal.is_as_found()


def test_killing_what_holds_the_terminal_is_taken_for_its_loss(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with program(root) as terminal:
        terminal.wait_for(b"RUNNING")
        terminal.process.kill()
        while b"podfetch attach" not in terminal.shown:
            terminal.wait_for_more()
        with kept(root):
            assert terminal.is_as_found()


def test_a_terminal_that_goes_away_leaves_an_engine_that_can_be_joined(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with Terminal([sys.executable, "-c", CONTROLLED, "--archive", str(root)]) as terminal:
        terminal.wait_for(b"RUNNING")
        terminal.hang_up()
        with kept(root):
            assert terminal.wait_for_end() == 0


def test_a_screen_that_breaks_leaves_an_engine_and_says_how_to_join_it(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with Terminal([sys.executable, "-c", BREAKING, "--archive", str(root)]) as terminal:
        assert terminal.wait_for_end() == 0
        assert b"podfetch attach" in terminal.shown
        assert b"nobody thought of" in terminal.shown
        assert terminal.shown.count(LEAVE_SCREEN) == 1
        with kept(root):
            pass


def test_an_engine_that_dies_is_said_and_can_be_started_again(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with Terminal([sys.executable, "-c", DYING, "--archive", str(root)]) as terminal:
        terminal.wait_for(b"The engine stopped")
        terminal.wait_for(b"nobody thought of")
        terminal.wait_for(b"Start the engine again")
        before = len(terminal.shown)
        terminal.press(b"r")
        while b"RUNNING" not in terminal.shown[before:]:
            terminal.wait_for_more()
        with contextlib.closing(RemoteClient(Path(who(root).socket))) as client:
            assert client.snapshot().state == "running"
        terminal.press(b"qn")
        assert terminal.wait_for_end() == 0


CONTROLLED = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from podfetch_tui.__main__ import main
main()
"""
"""The program as the leader of its terminal, which is told when the terminal goes."""
BREAKING = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from podfetch_tui.ui.bridge import Bridge
look = Bridge.look
def break_down(self):
    look(self)
    if self.view.snapshot.state == "running":
        raise RuntimeError("something nobody thought of")
Bridge.look = break_down
from podfetch_tui.__main__ import main
main()
"""
DYING = """
from podfetch_tui.engine.dispatch import Dispatcher
whole, starts = Dispatcher._loop, []
def die(self):
    starts.append(1)
    if len(starts) == 1:
        raise RuntimeError("something nobody thought of")
    whole(self)
Dispatcher._loop = die
from podfetch_tui.__main__ import main
main()
"""
