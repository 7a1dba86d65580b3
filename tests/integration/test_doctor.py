"""``doctor``: what is wrong and how to mend it, with and without an archive."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import threading
from pathlib import Path
from unittest.mock import patch

import pytest
from support.archive import add_feeds, running, settings_for
from support.cataloguing import outcome
from support.clock import FakeClock
from support.program import podfetch
from support.stocking import stock

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.doctor.check import State
from podfetch_tui.cli.doctor.machine import check_clock
from podfetch_tui.model.writes import Finish
from podfetch_tui.system import network

KEYS = {"name", "state", "text", "mend"}
NAMES = {
    *("settings", "podfetch", "python", "textual", "urllib3", "sqlite", "expat", "libxml2"),
    *("libav", "ffmpeg", "ffprobe", "file system", "space", "archive", "clock", "descriptors"),
    *("names", "proxy", "routes", "certificates", "terminal"),
}
OF_AN_ARCHIVE = {"engine", "catalogue", "log", "outcomes", "backup"}


def doctor(root: Path, *sets: str, **env: str) -> subprocess.CompletedProcess[str]:
    options = [option for text in ("network.proxy=", *sets) for option in ("--set", text)]
    command = ["--archive", str(root), *options, "doctor", "--json"]
    with patch.dict(os.environ, env):
        return podfetch(*command)


def found(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    report = json.loads(done.stdout)
    assert all(set(check) == KEYS for check in report["checks"])
    assert all(check["mend"] or check["state"] == "ok" for check in report["checks"])
    assert report["ok"] == (done.returncode == 0)
    return {check["name"]: check for check in report["checks"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with archives.changing(settings_for(tmp_path / "archive")) as archive:
        (feed_id,) = add_feeds(archive, "http://127.0.0.1:1/feed")
        stock(archive, feed_id, ["one"])
    return tmp_path / "archive"


def test_without_an_archive_it_looks_at_program_and_machine(tmp_path: Path) -> None:
    done = doctor(tmp_path / "none")
    checks = found(done)
    assert set(checks) >= NAMES
    assert not set(checks) & OF_AN_ARCHIVE
    assert done.returncode == 0, done.stdout
    assert checks["archive"]["state"] == "warn"
    assert not (tmp_path / "none").exists()


def test_a_sound_archive_is_well_also_beside_its_engine(root: Path) -> None:
    with running(settings_for(root)):
        done = doctor(root)
    checks = found(done)
    assert done.returncode == 0, done.stdout
    assert set(checks) >= NAMES | OF_AN_ARCHIVE
    assert checks["engine"]["text"].startswith(f"process {os.getpid()} since ")
    assert "whole" in checks["catalogue"]["text"]
    assert checks["archive"]["text"].startswith(str(root))


@pytest.mark.parametrize(
    ("sets", "name", "says"),
    [
        (("archive.min_free=900TiB", "archive.min_free_percent=100%"), "space", "downloads wait"),
        (("engine.poll_workers=nope",), "settings", "whole number"),
        (("network.ca_bundle=/nowhere.pem",), "certificates", "/nowhere.pem"),
        (("alerts.command=no-such-hook --now",), "alerts.command", "no program no-such-hook"),
    ],
)
def test_what_does_not_work_is_bad_and_exit_1(
    root: Path, sets: tuple[str, ...], name: str, says: str
) -> None:
    done = doctor(root, *sets)
    check = found(done)[name]
    assert (done.returncode, check["state"]) == (1, "bad")
    assert says in check["text"]
    assert check["mend"]


def test_a_program_that_is_needed_and_missing_is_bad(root: Path, tmp_path: Path) -> None:
    done = doctor(root, "media.prober=ffprobe", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "media.prober is ffprobe" in found(done)["ffprobe"]["text"]
    assert found(doctor(root, PATH=str(tmp_path)))["ffprobe"]["state"] == "ok"


def test_a_damaged_catalogue_is_bad(root: Path) -> None:
    path = root / ".podfetch" / "catalog.db"
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        ((page,),) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outcome_at'")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((page - 1) * 8192)
        file.write(b"\x0a" + bytes(4000))
    check = found(doctor(root))["catalogue"]
    assert (check["state"], "restore" in check["mend"]) == ("bad", True)


def test_an_archive_without_its_marker_is_bad_with_the_archives_own_words(root: Path) -> None:
    (root / ".podfetch" / "archive.json").unlink()
    done = doctor(root)
    check = found(done)["archive"]
    assert (done.returncode, check["state"]) == (1, "bad")
    assert "is the disk mounted?" in check["text"]


def test_an_outcome_of_the_future_tells_of_a_wrong_clock(root: Path) -> None:
    with archives.changing(settings_for(root)) as archive:
        later = archive.clock.now_ms() + 86_400_000
        archive.writer.submit(Finish(outcome=outcome(1, at=later))).result()
    check = found(doctor(root))["outcomes"]
    assert (check["state"], "in the future" in check["text"]) == ("bad", True)


class Jumping(FakeClock):
    """Somebody sets this clock all the time."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.advance(seconds)
        self.jump(60)
        return event.is_set()


def test_a_clock_of_another_century_or_one_that_jumps_is_named() -> None:
    assert check_clock(FakeClock(now_ms=0)).state is State.BAD
    assert check_clock(Jumping(now_ms=1_790_000_000_000)).state is State.WARN
    assert check_clock(FakeClock(now_ms=1_790_000_000_000, auto=True)).state is State.OK


def test_a_name_that_is_none_is_an_error_and_not_a_wait() -> None:
    with pytest.raises(OSError, match=r".+"):
        network.resolve("nothing.invalid", 5)
    assert network.resolve("localhost", 5)
    assert network.can_connect("127.0.0.1", 1, 1) is not None
