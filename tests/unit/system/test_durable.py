from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.mounts import PowerCut, small_disk

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.system import durable
from podfetch_tui.system.durable import (
    fdatasync,
    fsync_dir,
    fsync_file,
    os_failure,
    os_failures,
    publish_noclobber,
    rename_noreplace,
    umask,
    write_all,
    write_atomic,
)
from podfetch_tui.system.locks import LockOrderError, Rank, RankedLock


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, Kind.DISK_FULL),
        (errno.EDQUOT, Kind.DISK_FULL),
        (errno.EROFS, Kind.READ_ONLY),
        (errno.EIO, Kind.IO_ERROR),
        (errno.EACCES, Kind.PERMISSION),
        (errno.EISDIR, Kind.PERMISSION),
        (errno.ENOTDIR, Kind.PERMISSION),
        (errno.EPERM, Kind.PERMISSION),
        (errno.EMFILE, Kind.TOO_MANY_FILES),
        (errno.ENFILE, Kind.TOO_MANY_FILES),
        (errno.ENOMEM, Kind.OUT_OF_MEMORY),
        (errno.EFBIG, Kind.TOO_LARGE),
        (errno.ESTALE, Kind.IO_ERROR),
        (errno.ENOENT, Kind.IO_ERROR),
    ],
)
def test_each_error_of_the_system_has_its_kind(number: int, kind: Kind) -> None:
    failure = os_failure(OSError(number, os.strerror(number)), "write part 7")
    assert failure.kind is kind
    assert failure.errno == number
    assert failure.detail == f"cannot write part 7: {os.strerror(number)}"


def test_a_failure_names_its_cause_in_one_clean_line() -> None:
    with pytest.raises(Failure) as caught, os_failures("open\x1b[31m\nthis"):
        raise OSError("no number")
    assert caught.value.detail == "cannot open [31m this: no number"
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_is_tolerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def cannot(fd: int) -> None:
        raise OSError(number, "cannot")

    monkeypatch.setattr(os, "fsync", cannot)
    fsync_dir(tmp_path)


def test_an_io_error_is_told_at_once_and_never_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def broken(fd: int) -> None:
        calls.append(fd)
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", broken)
    monkeypatch.setattr(os, "fdatasync", broken)
    steps: tuple[Callable[[], None], ...] = (
        lambda: fsync_dir(tmp_path),
        lambda: fsync_file(0),
        lambda: fdatasync(0),
    )
    for step in steps:
        with pytest.raises(Failure) as caught:
            step()
        assert caught.value.kind is Kind.IO_ERROR
    assert len(calls) == 3


def test_syncing_leaves_no_file_open(tmp_path: Path) -> None:
    before = names(Path("/dev/fd"))
    fsync_dir(tmp_path)
    with pytest.raises(Failure):
        fsync_dir(tmp_path / "gone")
    write_atomic(tmp_path / "x", b"1")
    assert names(Path("/dev/fd")) == before


@pytest.mark.skipif(sys.platform == "darwin", reason="the real one is used there")
def test_macos_flushes_the_cache_of_the_drive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(fcntl, "fcntl", lambda fd, command: calls.append(command))
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    fsync_file(0)
    fdatasync(0)
    assert calls == [51, 51]

    def cannot(fd: int, command: int) -> None:
        raise OSError(errno.ENOTSUP, "a network disk")

    monkeypatch.setattr(fcntl, "fcntl", cannot)
    with (tmp_path / "x").open("wb") as file:
        fsync_file(file.fileno())


def test_nothing_syncs_under_a_lock(tmp_path: Path) -> None:
    steps = (
        lambda: fsync_dir(tmp_path),
        lambda: fsync_file(0),
        lambda: fdatasync(0),
        lambda: write_atomic(tmp_path / "x", b""),
        lambda: publish_noclobber(tmp_path / "a", tmp_path / "b"),
    )
    with RankedLock(Rank.TELEMETRY):
        for step in steps:
            with pytest.raises(LockOrderError):
                step()


def test_an_atomic_write_has_exact_bytes_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"one")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"one", 0o600)
    write_atomic(path, b"x" * 3_000_000, 0o644)
    assert (path.stat().st_size, stat.S_IMODE(path.stat().st_mode)) == (3_000_000, 0o644)
    assert names(tmp_path) == ["file"]


def test_an_atomic_write_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("target")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert not (tmp_path / "link").is_symlink()


def test_a_leftover_temporary_file_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "temp").symlink_to("target")
    write_atomic(tmp_path / "file", b"new", temp=tmp_path / "temp")
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert (tmp_path / "file").read_bytes() == b"new"
    assert names(tmp_path) == ["file", "target"]


@pytest.mark.parametrize("step", ["write", "fchmod", "fsync"])
def test_an_atomic_write_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def fails(*args: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(Failure) as caught:
        write_atomic(path, b"new")
    assert caught.value.kind is Kind.DISK_FULL
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.root
def test_on_a_full_disk_the_old_file_stays(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        write_atomic(disk / "file", b"old")
        with pytest.raises(Failure) as caught:
            write_atomic(disk / "file", b"x" * 200_000)
        assert caught.value.kind is Kind.DISK_FULL
        assert (disk / "file").read_bytes() == b"old"
        write_atomic(disk / "file", b"new")


@pytest.mark.root
@pytest.mark.crash
@pytest.mark.parametrize("sabotaged", [False, True])
def test_after_a_power_cut_a_written_file_is_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sabotaged: bool
) -> None:
    cut = PowerCut(tmp_path)
    with cut.disk() as disk:
        write_atomic(disk / "file", b"old")
        if sabotaged:
            monkeypatch.setattr(durable, "fsync_file", lambda fd: None)
            monkeypatch.setattr(durable, "fsync_dir", lambda path: None)
        write_atomic(disk / "file", b"new" * 10_000)
        with cut.after_the_cut() as after:
            is_new = (after / "file").read_bytes() == b"new" * 10_000
    assert is_new is not sabotaged


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:7]))
    with (tmp_path / "x").open("wb", buffering=0) as file:
        write_all(file.fileno(), b"0123456789" * 5)
    assert (tmp_path / "x").read_bytes() == b"0123456789" * 5


def test_a_publication_never_replaces_and_finishes_what_was_begun(tmp_path: Path) -> None:
    src, dst = tmp_path / "src", tmp_path / "dst"
    src.write_bytes(b"new")
    dst.write_bytes(b"old")
    assert publish_noclobber(src, dst) is False
    assert (src.read_bytes(), dst.read_bytes()) == (b"new", b"old")
    dst.unlink()
    os.link(src, dst)
    assert publish_noclobber(src, dst) is True
    assert names(tmp_path) == ["dst"]


def test_a_symbolic_link_is_published_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "src").symlink_to("victim")
    assert publish_noclobber(tmp_path / "src", tmp_path / "dst")
    assert (tmp_path / "dst").is_symlink()
    assert (tmp_path / "victim").stat().st_nlink == 1


def test_a_publication_whose_folder_cannot_be_synced_keeps_the_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "broken")

    (tmp_path / "src").write_bytes(b"new")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(Failure) as caught:
        publish_noclobber(tmp_path / "src", tmp_path / "dst")
    assert caught.value.kind is Kind.IO_ERROR
    assert names(tmp_path) == ["dst", "src"]


@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_rename_refuses_to_replace_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_kernel: bool
) -> None:
    if not by_kernel:

        def unsupported(src: bytes, dst: bytes) -> None:
            raise OSError(errno.EINVAL, "this file system knows no flags")

        monkeypatch.setattr(durable, "_kernel_rename", lambda: unsupported)
    src = tmp_path / "src"
    src.write_bytes(b"new")
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("file", "link", "folder"):
        assert rename_noreplace(src, tmp_path / name) is False
    assert rename_noreplace(src, tmp_path / "folder" / "é") is True
    assert (tmp_path / "folder" / "é").read_bytes() == b"new"
    with pytest.raises(FileNotFoundError):
        rename_noreplace(src, tmp_path / "dst")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux' own call")
def test_linux_offers_the_rename_that_refuses() -> None:
    assert durable._kernel_rename() is not None


def test_the_umask_is_asked_without_changing_it() -> None:
    umask.cache_clear()
    mask = umask()
    assert os.umask(mask) == mask
