from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.mounts import small_disk

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.settings import ArchiveSettings
from podfetch_tui.storage.space import require, require_to_run_on, room

GIB = 1024**3


def keep(min_free: int, percent: float) -> ArchiveSettings:
    return ArchiveSettings(min_free=min_free, min_free_percent=percent)


@pytest.mark.root
def test_a_download_that_does_not_fit_is_refused_with_the_figures(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        half = keep(GIB, 50)
        found = room(disk, half)
        assert (found.total, found.free, found.floor) == (2**20, 2**20, 2**19)
        assert found.usable == 2**19
        require(disk, 2**19, half)
        require(disk, None, half)
        for expected, promised in ((2**19 + 1, 0), (2**18, 2**18 + 1), (None, 2**19)):
            with pytest.raises(Failure) as caught:
                require(disk, expected, half, promised=promised)
            assert caught.value.kind is Kind.LOW_SPACE
            assert "1.0 MB are free and 524.3 kB of them must stay free" in caught.value.detail


def test_below_the_floor_nothing_is_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", _says(blocks=1000, free=10))
    assert room(tmp_path, keep(4096 * 20, 100)).usable == 0


def test_a_download_that_runs_may_use_half_of_the_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = keep(4096 * 20, 100)
    monkeypatch.setattr(os, "statvfs", _says(blocks=1000, free=11))
    require_to_run_on(tmp_path, reserve)
    monkeypatch.setattr(os, "statvfs", _says(blocks=1000, free=10))
    with pytest.raises(Failure) as caught:
        require_to_run_on(tmp_path, reserve)
    assert caught.value.kind is Kind.LOW_SPACE


@pytest.mark.parametrize(("blocks", "free"), [(0, 0), (2**40, 2**40 - 1)])
def test_a_file_system_that_does_not_say_or_says_too_much_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, free: int
) -> None:
    monkeypatch.setattr(os, "statvfs", _says(blocks=blocks, free=free))
    require(tmp_path, 10**15, keep(GIB, 5))
    require_to_run_on(tmp_path, keep(GIB, 5))


def test_more_free_than_there_is_means_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", _says(blocks=1000, free=2**64 - 5))
    with pytest.raises(Failure):
        require(tmp_path, 1, keep(0, 0))


def test_a_missing_folder_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        room(tmp_path / "gone", keep(0, 0))


def _says(*, blocks: int, free: int) -> object:
    answer = SimpleNamespace(f_frsize=4096, f_bsize=4096, f_blocks=blocks, f_bavail=free)
    return lambda path: answer
