"""Files that are watched: with notices and without, moved, replaced, away and back."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.wait import wait_for

from podfetch_tui.config.contents import Contents
from podfetch_tui.config.folders import Folders, make_observer
from podfetch_tui.config.watch import FileWatch
from podfetch_tui.model.errors import UsageError
from podfetch_tui.system.clock import Clock

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

SECOND = 1_000_000_000
LONG_AGO = 1_000_000_000 * SECOND


class Seen:
    """Counts calls and says what a file held at each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.texts: list[str] = []
        self.again: list[float | None] = []

    def __call__(self) -> float | None:
        self.texts.append(self.path.read_text() if self.path.is_file() else "")
        return self.again.pop(0) if self.again else None


@contextlib.contextmanager
def watching(
    path: Path, make: Callable[[], BaseObserver] | None = make_observer, *, is_on: bool = True
) -> Iterator[tuple[FileWatch, Seen]]:
    watch, seen = FileWatch(Clock(), make=make, is_on=is_on), Seen(path)
    watch.watch("one", [path], seen)
    watch.start()
    try:
        yield watch, seen
    finally:
        watch.close()


def limit_reached() -> BaseObserver:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("make", [make_observer, None, limit_reached])
def test_a_change_is_noticed_with_and_without_notices(
    tmp_path: Path, make: Callable[[], BaseObserver] | None
) -> None:
    path = tmp_path / "a.ini"
    path.write_text("1")
    with watching(path, make) as (watch, seen):
        fresh = tmp_path / "b"
        fresh.write_text("2")
        fresh.replace(path)
        wait_for(lambda: seen.texts == ["2"])
        path.unlink()
        wait_for(lambda: seen.texts == ["2", ""])
        assert watch.mode == ("notices" if make is make_observer else "polling")
        assert bool(watch.problem) == (make is limit_reached)
        if make is limit_reached:
            assert watch.problem.endswith(": No space left on device")


def test_what_is_the_same_again_is_no_change(tmp_path: Path) -> None:
    path, other = tmp_path / "a.ini", tmp_path / "b.ini"
    path.write_text("1")
    with watching(path) as (watch, seen):
        path.touch()
        (tmp_path / "elsewhere").write_text("x")
        copy = tmp_path / "c"
        copy.write_text("1")
        copy.replace(path)
        marker = Seen(other)
        watch.ask(lambda: watch.watch("two", [other], marker)).result()
        other.write_text("now")
        wait_for(lambda: marker.texts == ["now"])
        assert seen.texts == []


def test_a_folder_may_go_and_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "a.ini"
    path.write_text("1")
    with watching(path) as (watch, seen):
        folder.rename(tmp_path / "gone")
        wait_for(lambda: seen.texts == [""])
        wait_for(lambda: watch.mode == "polling")
        folder.mkdir()
        wait_for(lambda: watch.mode == "notices")
        path.write_text("2")
        wait_for(lambda: seen.texts == ["", "2"])


def test_whoever_is_called_may_ask_for_another_call(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    path.write_text("1")
    with watching(path) as (watch, seen):
        seen.again = [0.01, 0.01]
        path.write_text("2")
        wait_for(lambda: seen.texts == ["2", "2", "2"])
        watch.ask(lambda: watch.call_again("one", 0.0)).result()
        wait_for(lambda: len(seen.texts) == 4)


def test_a_group_that_is_watched_anew_has_other_files(tmp_path: Path) -> None:
    path, other = tmp_path / "a.ini", tmp_path / "b.ini"
    path.write_text("1")
    with watching(path) as (watch, seen):
        second = Seen(other)
        watch.ask(lambda: watch.watch("one", [other], second)).result()
        wait_for(lambda: second.texts == [""])
        path.write_text("2")
        other.write_text("2")
        wait_for(lambda: second.texts == ["", "2"])
        assert seen.texts == []


def test_what_changes_between_its_reading_and_its_watching_is_not_missed(tmp_path: Path) -> None:
    path, other = tmp_path / "a.ini", tmp_path / "b.ini"
    with watching(path) as (watch, _):
        read = Seen(other)
        other.write_text("1")
        assert read() is None
        other.write_text("2")
        watch.ask(lambda: watch.watch("one", [path, other], read)).result()
        wait_for(lambda: read.texts == ["1", "2"])


def test_a_watch_that_is_off_does_tasks_and_looks_at_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    path.write_text("1")
    with watching(path, is_on=False) as (watch, seen):
        path.write_text("2")
        assert watch.ask(lambda: threading.current_thread().name).result() == "podfetch-files"
        assert watch.mode == "off"
        with pytest.raises(UsageError):
            watch.ask(_refuse).result()
        assert watch.ask(lambda: 1).result() == 1
    assert seen.texts == []
    with pytest.raises(CancelledError):
        watch.ask(lambda: 1).result()


def test_a_watch_that_is_off_calls_whoever_asked_for_it_once_and_rests(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    path.write_text("1")
    with watching(path, is_on=False) as (watch, seen):
        watch.ask(lambda: watch.call_again("one", 0.0)).result()
        wait_for(lambda: seen.texts == ["1"])
        assert watch.ask(watch._wait_s).result() > 0
    assert seen.texts == ["1"]


def _refuse() -> None:
    raise UsageError("no")


def test_a_bug_ends_the_watch_and_whoever_waits_hears_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch = FileWatch(Clock())
    deaths: list[str] = []
    watch.heart.on_death = lambda name, _: deaths.append(name)
    watch.start()
    with pytest.raises(ZeroDivisionError):
        watch.ask(lambda: 1 // 0).result()
    watch.close()
    assert deaths == ["the watch over files"]
    with pytest.raises(CancelledError):
        watch.ask(lambda: 1).result()


def test_a_file_that_changed_lately_is_read_again_though_its_times_are_the_same(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.ini"
    path.write_text("1")
    now = path.stat().st_ctime_ns
    contents = Contents([path, path])
    assert contents.look(now + SECOND)
    assert contents.is_stirred()
    assert not contents.look(now + SECOND)
    assert not contents.look(now + 5 * SECOND)
    assert not contents.is_stirred()
    path.write_text("2")
    assert contents.is_stirred()
    assert contents.look(now + 5 * SECOND)


def test_links_are_followed_to_every_folder_that_matters(tmp_path: Path) -> None:
    real, links = tmp_path / "real", tmp_path / "links"
    real.mkdir()
    links.mkdir()
    (real / "r.ini").write_text("1")
    (links / "l.ini").symlink_to(real / "r.ini")
    contents = Contents([links / "l.ini"])
    assert contents.folders() == {real, links}
    assert contents.names() == {"l.ini", "r.ini"}
    broken = Contents([links / "none" / "x.ini"])
    assert broken.folders() == {links / "none"}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    os.mkfifo(path)
    contents = Contents([path])
    assert contents.look(LONG_AGO)
    assert not contents.look(LONG_AGO)


def test_no_more_folders_are_watched_than_a_system_bears(tmp_path: Path) -> None:
    many = []
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        many.append(folder)
    folders = Folders(lambda: None)
    with contextlib.closing(folders):
        folders.follow(many)
        assert len(folders._watched) == 32
        folders.follow(many[:1])
        assert list(folders._watched) == many[:1]
        folders.follow([tmp_path / "none"])
        assert not folders.gives_notice


def test_a_folder_that_cannot_be_watched_is_tried_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []

    def refuse() -> BaseObserver:
        tried.append(1)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    folders = Folders(lambda: None, make=refuse)
    with contextlib.closing(folders):
        for _ in range(3):
            folders.follow([one, two])
        assert len(tried) == 2
        assert len(caplog.records) == 2
        two.rename(tmp_path / "gone")
        folders.follow([one, two])
        two.mkdir()
        folders.follow([one, two])
        assert len(tried) == 3
        assert not folders.gives_notice
