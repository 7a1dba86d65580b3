"""The log of a terminal application is where an operator finds it, and for him alone."""

from __future__ import annotations

import contextlib
import logging
import stat
from pathlib import Path

from podfetch_tui.cli import screen_log
from podfetch_tui.model.settings import LoggingSettings
from podfetch_tui.system.paths import user_state_dir

logger = logging.getLogger("podfetch_tui.engine.workers")


def write(wanted: LoggingSettings, archive: Path, lines: int = 1) -> Path | None:
    log, file = screen_log.opened(wanted, archive)
    with contextlib.closing(log):
        for number in range(lines):
            logger.warning("line of %s %d %s", archive.name, number, "x" * 100)
    return file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_a_file_of_its_own_it_goes_to_the_state_folder(tmp_path: Path) -> None:
    file = write(LoggingSettings(), tmp_path / "My archive")
    assert file is not None
    assert file.parent == user_state_dir() / "logs"
    assert file.name.startswith("My_archive-")
    assert "line of My archive" in file.read_text()
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_it_is_turned_over_and_old_ones_are_private_too(tmp_path: Path) -> None:
    file = write(LoggingSettings(max_size=1024, keep=1), tmp_path, lines=10)
    assert file is not None
    kept = sorted(path for path in file.parent.iterdir() if path.suffix != ".stacks")
    assert [path.name.removeprefix(file.name) for path in kept] == ["", ".1"]
    assert {mode(path) for path in kept} == {0o600}


def test_two_archives_of_one_name_do_not_share_it(tmp_path: Path) -> None:
    first, second = (screen_log.name_of(tmp_path / part / "archive") for part in "ab")
    assert first != second
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert screen_log.name_of(tmp_path / "link" / "archive") == first


def test_a_file_that_was_named_is_the_one(tmp_path: Path) -> None:
    named = tmp_path / "own.log"
    assert write(LoggingSettings(file=str(named)), tmp_path) == named
    assert "line of" in named.read_text()
    assert not (user_state_dir() / "logs").exists()


def test_a_state_folder_that_cannot_hold_it_stops_nothing(tmp_path: Path) -> None:
    user_state_dir().mkdir(parents=True, exist_ok=True)
    (user_state_dir() / "logs").write_text("in the way")
    assert write(LoggingSettings(), tmp_path) is None
