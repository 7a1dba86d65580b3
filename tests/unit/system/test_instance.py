from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.mounts import make_read_only, small_disk

from podfetch_tui.model.errors import ArchiveLocked, ArchiveUnusable
from podfetch_tui.system.instance import Holder, InstanceLock, holder

_HOLD = """
import sys
from pathlib import Path
from podfetch_tui.system.instance import InstanceLock
lock = InstanceLock(Path(sys.argv[1])).acquire()
lock.announce("/run/x.sock")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "archive" / ".podfetch"
    folder.mkdir(parents=True)
    return folder / "lock"


@contextmanager
def other_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is ended."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_holds_the_archive_and_what_to_do(path: Path) -> None:
    with other_process(path) as process:
        found = holder(path)
        assert found is not None
        assert (found.pid, found.socket) == (process.pid, "/run/x.sock")
        with pytest.raises(ArchiveLocked) as caught:
            InstanceLock(path, clock=FakeClock(auto=True)).acquire()
        text = str(caught.value)
        assert f"process {process.pid} since 20" in text
        assert f"archive {path.parent.parent} is in use" in text
        assert "podfetch attach" in text
        assert "podfetch stop" in text
        assert "\n" not in text


def test_the_lock_of_a_killed_process_is_free_at_once(path: Path) -> None:
    with other_process(path) as process:
        process.kill()
        process.wait()
        assert json.loads(path.read_bytes())["pid"] == process.pid
        assert holder(path) is None
        with InstanceLock(path) as lock:
            assert holder(path) == Holder(os.getpid(), lock._holder.started_at, "")


@pytest.mark.parametrize("content", [b"", b'{"pid": 1}', b"\0" * 9000, b"[]", b"\xff"])
def test_a_stale_file_whatever_it_holds_is_simply_taken(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert holder(path) is None
    with InstanceLock(path, clock=FakeClock(now_ms=1234)) as lock:
        assert holder(path) == Holder(os.getpid(), 1234, "")
        lock.announce("/run/podfetch/1.sock")
        assert holder(path) == Holder(os.getpid(), 1234, "/run/podfetch/1.sock")
        assert path.stat().st_mode & 0o777 & ~0o644 == 0
    assert holder(path) is None
    assert path.read_bytes() == b""


def test_a_new_lock_file_is_private(path: Path) -> None:
    with InstanceLock(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_two_locks_in_one_process_exclude_each_other(path: Path) -> None:
    with InstanceLock(path) as lock:
        assert lock.acquire() is lock
        with pytest.raises(ArchiveLocked, match=str(os.getpid())):
            InstanceLock(path, clock=FakeClock(auto=True)).acquire()
    with InstanceLock(path):
        pass


def test_asking_for_the_holder_does_not_keep_the_lock_from_anyone(path: Path) -> None:
    path.touch()
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)

    class Asking(FakeClock):
        def wait(self, event: object, seconds: float) -> bool:
            os.close(fd)
            return False

    with InstanceLock(path, clock=Asking()):
        pass


def test_a_holder_that_has_not_written_yet_is_still_a_holder(path: Path) -> None:
    path.write_bytes(b"half a li")
    fd = os.open(path, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        assert holder(path) == Holder()
        with pytest.raises(ArchiveLocked, match="by another process"):
            InstanceLock(path, clock=FakeClock(auto=True)).acquire()
    finally:
        os.close(fd)


def test_a_holder_that_lies_about_its_start_breaks_nothing(path: Path) -> None:
    path.write_bytes(b'{"pid": 5, "started_at": 99999999999999999}')
    fd = os.open(path, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        with pytest.raises(ArchiveLocked, match="process 5 since 9999-"):
            InstanceLock(path, clock=FakeClock(auto=True)).acquire()
    finally:
        os.close(fd)


def test_children_do_not_inherit_the_lock(path: Path) -> None:
    with InstanceLock(path) as lock:
        assert not os.get_inheritable(lock._fd)
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert holder(path) is None
    finally:
        child.communicate(b"\n")


def test_a_deleted_lock_file_is_noticed(path: Path) -> None:
    with InstanceLock(path) as lock:
        assert lock.is_intact()
        path.unlink()
        assert not lock.is_intact()
        path.touch()
        assert not lock.is_intact()
    assert not lock.is_intact()


def test_a_file_that_is_replaced_while_it_is_being_locked_is_not_the_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    replaced: list[int] = []

    def replacing(fd: int, how: int) -> None:
        if not replaced:
            path.unlink()
            path.touch()
            replaced.append(os.fstat(fd).st_ino)
        flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", replacing)
    with InstanceLock(path, clock=FakeClock(auto=True)) as lock:
        assert replaced
        assert lock.is_intact()
        assert holder(path) is not None


def test_releasing_may_be_done_twice(path: Path) -> None:
    lock = InstanceLock(path).acquire()
    lock.release()
    lock.release()
    with pytest.raises(ValueError, match="not held"):
        lock.announce("x")


def test_a_missing_folder_a_link_and_a_read_only_disk_are_named(path: Path) -> None:
    assert holder(path) is None
    with pytest.raises(ArchiveUnusable, match="No such file"):
        InstanceLock(path.parent / "gone" / "lock").acquire()
    path.symlink_to("elsewhere")
    with pytest.raises(ArchiveUnusable, match="symbolic links: move away what stands there"):
        InstanceLock(path).acquire()
    with pytest.raises(ArchiveUnusable):
        holder(path)


def test_a_folder_in_the_place_of_the_lock_is_told_with_what_to_do(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ArchiveUnusable, match="Is a directory: move away what stands there"):
        InstanceLock(path).acquire()


@pytest.mark.root
def test_a_read_only_disk_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        make_read_only(disk)
        with pytest.raises(ArchiveUnusable, match="Read-only file system"):
            InstanceLock(disk / "lock").acquire()
