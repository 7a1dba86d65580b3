"""The INI in the operator's editor, at a real terminal: the screen makes room and comes back."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.attaching import connect
from support.fake_client import FakeClient, busy_snapshot, setting_rows
from support.stage import Stage, painted, play, press
from support.terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal
from support.wait import wait_for

from podfetch_tui.model.link import Link
from podfetch_tui.model.snapshot import PageRequest, SettingsView

AT_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from podfetch_tui.__main__ import main
main()
"""
EDITOR = """#!{python}
import os, signal, sys, time, tty
def say(*words):
    print("EDITOR", *words, flush=True)
signal.signal(signal.SIGINT, lambda *_: say("interrupted"))
file = sys.argv[-1]
say("has", os.path.basename(file))
say("in front", os.tcgetpgrp(0) == os.getpgrp() == os.getpid(), os.getpid(), ".")
while (word := sys.stdin.readline().strip()) != "save":
    say("read", word)
text = open(file).read().replace("batch_min = 60", "batch_min = 70")
open(file, "w").write(text)
tty.setraw(0)
sys.exit({status})
"""
"""Says what it finds, edits when told to, and leaves the terminal's modes as no editor should."""


class Program(Terminal):
    """The program with its engine, at the terminal it controls."""

    def __init__(self, root: Path, ini: Path) -> None:
        self.root, self.ini = root, ini
        words = ("--archive", str(root), "--config", str(ini), "--set", "engine.poll_workers=0")
        super().__init__([sys.executable, "-c", AT_TERMINAL, *words], columns=120, rows=36)

    def holds(self, key: str) -> str:
        """Return a setting as the engine has it."""
        client = connect(self.root)
        try:
            page = client.query(PageRequest(kind="settings", limit=1000))
        finally:
            client.close()
        return next(str(row["text"]) for row in page.rows if row["key"] == key)

    def shows_afterwards(self, text: bytes, mark: int) -> None:
        """Read until ``text`` was shown after byte ``mark``."""
        wait_for(lambda: (self._read(0.05), text in self.shown[mark:])[1])

    def leave(self) -> int:
        """Quit the program; return its exit code."""
        self.press(b"q")
        mark = self.shown.rindex(ENTER_SCREEN)
        self.shows_afterwards(b"Quit PodFetch?", mark)
        self.press(b"n")
        return self.wait_for_end()


def editor(folder: Path, *, status: int = 0) -> Path:
    script = folder / "some editor"
    script.write_text(EDITOR.format(python=sys.executable, status=status))
    script.chmod(stat.S_IRWXU)
    return script


@pytest.fixture
def words(tmp_path: Path) -> str:
    """What ``EDITOR`` says."""
    return f"'{editor(tmp_path)}' --wait"


@pytest.fixture
def program(tmp_path: Path, words: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    ini = tmp_path / "podfetch.ini"
    ini.write_text("# ours\n[engine]\nbatch_min = 60\n")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", words)
    with Program(tmp_path / "archive", ini) as made:
        made.wait_for(b"RUNNING")
        made.press(b"7")
        made.wait_for(b"settings")
        yield made


def test_what_the_editor_saves_holds_when_the_screen_is_back(program: Program) -> None:
    program.press(b"E")
    program.wait_for(b"EDITOR has podfetch.ini")
    program.wait_for(b"EDITOR in front True")
    assert program.shown.count(LEAVE_SCREEN) == 1
    assert program.is_as_found(), "the editor has the terminal as the shell gave it"
    assert program.holds("engine.batch_min") == "60", "the engine goes on meanwhile"
    program.press(b"save\n")
    mark = program.shown.rindex(LEAVE_SCREEN)
    program.shows_afterwards(ENTER_SCREEN, mark)
    program.shows_afterwards("engine.batch_min 60 → 70".encode(), mark)
    assert program.holds("engine.batch_min") == "70"
    assert program.leave() == 0
    assert program.is_as_found()
    assert program.shown.count(ENTER_SCREEN) == program.shown.count(LEAVE_SCREEN) == 2


def test_keys_that_send_signals_reach_the_editor_alone(program: Program) -> None:
    program.press(b"E")
    program.wait_for(b"EDITOR in front True")
    program.press(b"\x03")
    program.wait_for(b"EDITOR interrupted")
    program.press(b"\x1a")  # who stops itself is woken: there is no shell to do it
    program.press(b"still there\n")
    program.wait_for(b"EDITOR read still there")
    assert program.holds("engine.batch_min") == "60"
    program.press(b"save\n")
    program.shows_afterwards(ENTER_SCREEN, program.shown.rindex(LEAVE_SCREEN))
    assert program.leave() == 0
    assert program.is_as_found()


def test_an_editor_that_is_killed_leaves_the_screen_as_it_was(program: Program) -> None:
    program.press(b"E")
    program.wait_for(b"EDITOR in front True")
    program.wait_for(b" .")
    found = re.search(rb"in front True (\d+) \.", program.shown)
    assert found is not None
    os.kill(int(found[1]), signal.SIGKILL)
    program.shows_afterwards(b"was ended by signal 9", program.shown.rindex(LEAVE_SCREEN))
    assert program.leave() == 0
    assert program.is_as_found()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("/no/such/editor", b"EDITOR (/no/such/editor) cannot"),
        ("false", b"EDITOR (false) ended with"),
        ("true", b"Nothing was saved yet:"),
    ],
)
def test_what_came_of_an_editor_is_said_on_the_screen(program: Program, told: bytes) -> None:
    program.press(b"E")
    program.wait_for(LEAVE_SCREEN)
    program.shows_afterwards(told, program.shown.index(LEAVE_SCREEN))
    assert program.leave() == 0
    assert program.is_as_found()


def client() -> FakeClient:
    made = FakeClient(busy_snapshot())
    made.settings = setting_rows()
    return made


def said(client: FakeClient, *, link: Link | None = None, has_editor: bool = True) -> str:
    """Return what is on the screen after ``E``, as one line; no editor is ever started."""
    found = ""

    def never(argv: object) -> int:
        raise AssertionError(argv)

    async def scene(stage: Stage) -> None:
        nonlocal found
        stage.app.bridge.editor = never if has_editor else None
        await press(stage, "7", "E")
        shown = (re.sub(r"[▌▎│]", " ", line) for line in painted(stage.app))
        found = " ".join(" ".join(shown).split())

    play(client, scene, link=None if link is None else lambda: link)
    return found


def with_file(path: Path) -> FakeClient:
    made = client()
    made.now = replace(made.now, settings=SettingsView(file=str(path)), archive=str(path.parent))
    return made


def test_what_keeps_from_editing_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ini = tmp_path / "p.ini"
    ini.write_text("")
    monkeypatch.setenv("EDITOR", "vi")
    monkeypatch.setenv("VISUAL", " ")
    assert "There is no INI yet: w on Limits (5) writes one." in said(client())
    gone = said(with_file(tmp_path / "q.ini"))
    assert "is not on this machine: edit it there." in gone
    assert "This terminal can show no editor" in said(with_file(ini))
    assert "This screen can open no editor" in said(with_file(ini), has_editor=False)
    monkeypatch.setenv("VISUAL", "vi 'unfinished")
    assert "VISUAL cannot be understood: No closing quotation" in said(with_file(ini))
    monkeypatch.delenv("VISUAL")
    monkeypatch.delenv("EDITOR")
    assert "Set VISUAL or EDITOR to the editor that is to open" in said(with_file(ini))


def test_an_attached_screen_edits_only_what_is_here_and_may_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "vi")
    ini = tmp_path / "p.ini"
    ini.write_text("")
    far = with_file(ini)
    link = Link(where="/srv/pods", is_up=True, since=far.now.at)
    far.now = replace(far.now, archive="/nowhere/at/all")
    assert "is not on this machine: edit it there." in said(far, link=link)
    assert "This terminal can show no editor" in said(with_file(ini), link=link)
    looking = replace(link, read_only=True)
    assert "nothing is changed from here" in said(with_file(ini), link=looking)
