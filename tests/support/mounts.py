"""Small real file systems for tests: full ones, read-only ones, ones that lose their power.

All of them need root (mark the test ``root``); elsewhere the test is skipped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


def _run(*argv: str) -> str:
    if os.geteuid() != 0 or shutil.which(argv[0]) is None:
        pytest.skip(f"needs root and {argv[0]}")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{argv[0]} does not work here: {done.stderr.strip()}")
    return done.stdout


@contextlib.contextmanager
def mounted(at: Path, *arguments: str) -> Iterator[Path]:
    """Mount something at the folder ``at`` with ``mount arguments… at``; unmount at the end."""
    at.mkdir(exist_ok=True)
    _run("mount", *arguments, os.fspath(at))
    try:
        yield at
    finally:
        subprocess.run(["umount", os.fspath(at)], check=False, capture_output=True)


@contextlib.contextmanager
def small_disk(at: Path, size: str) -> Iterator[Path]:
    """Mount an empty file system of that size (``1m``) that is soon full."""
    with mounted(at, "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs"):
        yield at


def make_read_only(at: Path) -> None:
    """Remount a file system so that nothing can be written."""
    _run("mount", "-o", "remount,ro", os.fspath(at))


@contextlib.contextmanager
def fuse_mirror(at: Path, of: Path) -> Iterator[Path]:
    """Mount the folder ``of`` at ``at`` through a program in user space (bindfs)."""
    for folder in (at, of):
        folder.mkdir(exist_ok=True)
    _run("bindfs", os.fspath(of), os.fspath(at))
    try:
        yield at
    finally:
        _unmount(at)


@contextlib.contextmanager
def exfat_disk(at: Path, size: int) -> Iterator[Path]:
    """Mount a fresh exFAT file system, by the kernel or, where it has none, by exfat-fuse."""
    image = at.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(size)
    _run("mkfs.exfat", os.fspath(image))
    with loop_device(image) as device, exfat_mounted(at, device):
        yield at


@contextlib.contextmanager
def loop_device(image: Path) -> Iterator[str]:
    """Make a block device of a file."""
    device = _run("losetup", "-f", "--show", os.fspath(image)).strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "-d", device], check=False, capture_output=True)


@contextlib.contextmanager
def exfat_mounted(at: Path, device: str) -> Iterator[Path]:
    """Mount an exFAT device."""
    at.mkdir(exist_ok=True)
    if "exfat" in Path("/proc/filesystems").read_text().split():
        _run("mount", "-t", "exfat", device, os.fspath(at))
    else:
        _run("mount.exfat-fuse", device, os.fspath(at))
    try:
        yield at
    finally:
        _unmount(at)


def _unmount(at: Path) -> None:
    """Unmount; a program that still looks at the mount holds it for a moment."""
    for _ in range(50):
        done = subprocess.run(["umount", os.fspath(at)], check=False, capture_output=True)
        if done.returncode == 0:
            return
        threading.Event().wait(0.1)
    subprocess.run(["umount", "-l", os.fspath(at)], check=False, capture_output=True)


class PowerCut:
    """An ext4 file system in an image whose power can be cut.

    It writes back as late as it can, so that only what was synced is on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._image = folder / "disk.img"

    @contextlib.contextmanager
    def disk(self) -> Iterator[Path]:
        """Mount a fresh file system."""
        with self._image.open("wb") as file:
            file.truncate(48 * 1024**2)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", os.fspath(self._image))
        options = "loop,commit=600,noauto_da_alloc"
        with mounted(self._folder / "disk", "-o", options, os.fspath(self._image)) as at:
            os.sync()  # the empty file system itself
            yield at

    @contextlib.contextmanager
    def after_the_cut(self) -> Iterator[Path]:
        """Mount what would be there if the power went now; call it inside :meth:`disk`."""
        copy = self._folder / "cut.img"
        shutil.copyfile(self._image, copy)
        try:
            with mounted(self._folder / "cut", "-o", "loop", os.fspath(copy)) as at:
                yield at
        finally:
            copy.unlink()
