from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.mounts import small_disk

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.storage.space import floor, require, room

GIB = 1024**3


@pytest.mark.parametrize(
    ("total", "expected"), [(100 * GIB, 5 * GIB), (1000 * GIB, 20 * GIB), (0, 0)]
)
def test_the_smaller_of_both_floors_holds(total: int, expected: int) -> None:
    assert floor(total, min_free=20 * GIB, min_free_percent=5) == expected


@pytest.mark.root
def test_a_download_that_does_not_fit_is_refused_with_the_figures(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        found = room(disk, min_free=GIB, min_free_percent=50)
        assert (found.total, found.free, found.floor) == (2**20, 2**20, 2**19)
        assert found.usable == 2**19
        require(disk, 2**19, min_free=GIB, min_free_percent=50)
        require(disk, None, min_free=GIB, min_free_percent=50)
        for expected, reserved in ((2**19 + 1, 0), (2**18, 2**18 + 1), (None, 2**19)):
            with pytest.raises(Failure) as caught:
                require(disk, expected, min_free=GIB, min_free_percent=50, reserved=reserved)
            assert caught.value.kind is Kind.DISK_FULL
            assert "1,048,576 are free and 524,288 of them must stay free" in caught.value.detail


def test_below_the_floor_nothing_is_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", _says(blocks=1000, free=10))
    assert room(tmp_path, min_free=4096 * 20, min_free_percent=100).usable == 0


def test_a_file_system_that_does_not_say_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", _says(blocks=0, free=0))
    require(tmp_path, 10**15, min_free=GIB, min_free_percent=5)


def test_more_free_than_there_is_means_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", _says(blocks=1000, free=2**64 - 5))
    with pytest.raises(Failure):
        require(tmp_path, 1, min_free=0, min_free_percent=0)


def test_a_missing_folder_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        room(tmp_path / "gone", min_free=0, min_free_percent=0)


def _says(*, blocks: int, free: int) -> object:
    answer = SimpleNamespace(f_frsize=4096, f_bsize=4096, f_blocks=blocks, f_bavail=free)
    return lambda path: answer
