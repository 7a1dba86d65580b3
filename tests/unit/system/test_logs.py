from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.mounts import small_disk

from podfetch_tui.model.errors import BadConfiguration
from podfetch_tui.system import logs
from podfetch_tui.system.locks import LockOrderError, LockTimeout, Rank, RankedLock, all_stacks
from podfetch_tui.system.logs import LogHandle, setup

logger = logging.getLogger("podfetch_tui.engine.workers")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@contextmanager
def log_to(
    stream: io.StringIO | None,
    *,
    json: bool = False,
    level: str = "info",
    file: Path | None = None,
    max_size: int = 0,
    keep: int = 1,
    clock: FakeClock | None = None,
) -> Iterator[LogHandle]:
    handle = setup(
        level=level,
        json=json,
        stream=stream,
        file=file,
        max_size=max_size,
        keep=keep,
        clock=clock,
    )
    try:
        yield handle
    finally:
        handle.close()


def test_a_record_is_one_line_with_its_fields() -> None:
    stream = io.StringIO()
    with log_to(stream):
        logger.warning("Feed %s failed", "five", extra={"feed_id": 5, "text": 'a "b"', "no": None})
    (line,) = stream.getvalue().splitlines()
    moment, rest = line.split(" ", 1)
    assert TIME.fullmatch(moment)
    assert rest == ('WARNING engine.workers: Feed five failed feed_id=5 text="a \\"b\\"" no=None')


def test_json_is_one_object_a_line_with_the_same_fields() -> None:
    stream = io.StringIO()
    with log_to(stream, json=True):
        logger.info("Grüße", extra={"feed_id": 5, "share": 0.5, "ok": True, "path": Path("/x")})
    (line,) = stream.getvalue().splitlines()
    assert "Grüße" in line
    content = json.loads(line)
    assert TIME.fullmatch(content.pop("at"))
    assert content == {
        "level": "info",
        "logger": "engine.workers",
        "thread": "MainThread",
        "message": "Grüße",
        "feed_id": 5,
        "share": 0.5,
        "ok": True,
        "path": "/x",
    }


EVIL = "x\n2026-01-01T00:00:00.000Z ERROR engine: forged\r\x1b[2J\u2028\u202e\x9b31m\ud800"


@pytest.mark.parametrize("as_json", [True, False])
def test_remote_text_cannot_forge_a_line_or_reach_the_terminal(as_json: bool) -> None:
    stream = io.StringIO()
    with log_to(stream, json=as_json):
        logger.error("Title %s", EVIL, extra={"title": EVIL})
        try:
            raise ValueError(EVIL)
        except ValueError:
            logger.exception("Failed")
    text = stream.getvalue()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]", text)
    begins = [line for line in text.split("\n") if line and not line.startswith("    | ")]
    assert len(begins) == 2
    if as_json:
        trace = json.loads(begins[1])["traceback"]
    else:
        trace = text
        assert all(TIME.match(line) for line in begins)
    assert "Traceback (most recent call last):" in trace
    assert 'File "' in trace
    assert "ValueError: x" in trace


def test_secrets_of_urls_stay_out() -> None:
    stream = io.StringIO()
    with log_to(stream):
        url = "https://user:canary@example.org/feed?token=canary&page=2"
        logger.info("Polling %s now", url, extra={"url": url})
        try:
            raise OSError(f"cannot open {url}")
        except OSError:
            logger.exception("Failed")
    assert "canary" not in stream.getvalue()
    assert "page=2" in stream.getvalue()


def test_long_fields_are_cut() -> None:
    stream = io.StringIO()
    with log_to(stream, json=True):
        logger.info("x" * 10**6, extra={"title": "é" * 10**6})
    content = json.loads(stream.getvalue())
    assert len(content["message"]) == len(content["title"]) == 2048


def test_a_field_with_the_name_of_a_column_is_kept_beside_it() -> None:
    stream = io.StringIO()
    with log_to(stream, json=True):
        logger.info("m", extra={"at": "noon", "level": 9})
    content = json.loads(stream.getvalue())
    assert (content["at_"], content["level_"], content["level"]) == ("noon", 9, "info")


def test_stacks_keep_their_lines() -> None:
    stream = io.StringIO()
    with log_to(stream):
        logger.critical("Stuck", extra={"stacks": all_stacks()})
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("Stuck")
    assert all(line.startswith("    | ") for line in lines[1:])
    assert any("test_stacks_keep_their_lines" in line for line in lines)


def test_many_alike_become_few_and_are_counted() -> None:
    stream, clock = io.StringIO(), FakeClock()
    with log_to(stream, clock=clock, level="debug") as handle:
        for number in range(25):
            if number == 20:
                _drained(handle)
                clock.advance(61)
            logger.warning("Same %d", number)
            logger.debug("Debugging is not limited %d", number)
            logger.warning("Other %d", number)
    lines = [line for line in stream.getvalue().splitlines() if "Same" in line]
    assert [int(re.findall(r"Same (\d+)", line)[0]) for line in lines] == [
        *range(10),
        *range(20, 25),
    ]
    assert lines[10].endswith("Same 20 alike_left_out=10")
    assert stream.getvalue().count("Other") == 15
    assert stream.getvalue().count("Debugging") == 25


def _drained(handle: LogHandle) -> None:
    """Wait until all that was logged so far is written."""
    passed = threading.Event()
    watching = logging.Handler()
    watching.emit = lambda record: passed.set()  # type: ignore[method-assign]
    before = handle._listener.handlers
    handle._listener.handlers = (*before, watching)
    logger.error("Mark %s", os.urandom(4).hex(), extra={"mark": threading.get_ident()})
    assert passed.wait(30)
    handle._listener.handlers = before


def test_a_log_that_cannot_keep_up_drops_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MOST_QUEUED", 5)
    gate, entered = threading.Event(), threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            entered.set()
            gate.wait()
            return super().write(text)

    stream = Slow()
    with log_to(stream, level="debug") as handle:
        logger.debug("first")
        entered.wait()
        for number in range(20):
            logger.debug("Line %d", number)
        assert handle.dropped == 15
        gate.set()
    assert stream.getvalue().count("Line") == 5
    assert "lines_lost=15" in stream.getvalue()
    assert handle.dropped == 15


def test_the_level_is_ours_and_others_need_a_warning() -> None:
    stream = io.StringIO()
    with log_to(stream, level="debug"):
        logger.debug("ours")
        logging.getLogger("some.library").info("theirs")
        logging.getLogger("some.library").warning("their warning")
    assert "ours" in stream.getvalue()
    assert "theirs" not in stream.getvalue()
    assert "some.library: their warning" in stream.getvalue()
    stream = io.StringIO()
    with log_to(stream, level="error"):
        logger.warning("ours")
        logging.getLogger("some.library").warning("theirs")
    assert stream.getvalue() == ""


def test_stdout_is_for_data(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="stdout"):
        setup(level="info", json=False, stream=sys.stdout)
    with log_to(None):
        logger.error("Nobody listens")
    assert capsys.readouterr() == ("", "")


def test_an_unknown_level_is_named() -> None:
    with pytest.raises(BadConfiguration, match="debug, info, warning or error"):
        setup(level="loud", json=False, stream=None)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadConfiguration, match=r"logging\.file = .*cannot be written"):
        setup(level="info", json=False, stream=None, file=tmp_path / "file" / "log")
    assert threading.active_count() == 1


def test_closing_writes_all_undoes_all_and_may_be_done_twice() -> None:
    root, package = logging.getLogger(), logging.getLogger("podfetch_tui")
    before = (root.level, package.level, list(root.handlers), logging.raiseExceptions)
    threads = threading.active_count()
    stream = io.StringIO()
    handle = setup(level="debug", json=False, stream=stream)
    for number in range(500):
        logger.debug("Line %d", number)
    handle.close()
    handle.close()
    assert stream.getvalue().count("\n") == 500
    assert (root.level, package.level, list(root.handlers), logging.raiseExceptions) == before
    assert threading.active_count() == threads
    assert not stream.closed


def test_nothing_is_logged_under_a_lock() -> None:
    with log_to(io.StringIO()), RankedLock(Rank.TELEMETRY), pytest.raises(LockOrderError):
        logger.info("A lock is held")


def test_a_stuck_lock_gets_into_the_log_although_another_one_is_held() -> None:
    stream = io.StringIO()
    stuck = RankedLock(Rank.SLOTS, patience=0.01)
    taken, done = threading.Event(), threading.Event()

    def hold_on() -> None:
        with stuck:
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold_on)
    thread.start()
    taken.wait()
    try:
        with log_to(stream), RankedLock(Rank.SCHEDULE), pytest.raises(LockTimeout):
            stuck.acquire()
    finally:
        done.set()
        thread.join()
    assert "Lock SLOTS is stuck" in stream.getvalue()
    assert "hold_on" in stream.getvalue()


def test_files_are_rotated_private_and_bounded(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "podfetch.log"
    with log_to(None, file=file, max_size=2000, keep=2, level="debug"):
        for number in range(200):
            logger.debug("Line %d", number)
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == ["podfetch.log", "podfetch.log.1", "podfetch.log.2", "podfetch.log.stacks"]
    for path in file.parent.iterdir():
        assert path.stat().st_size <= 2000
        assert path.stat().st_mode & 0o777 == 0o600
    assert "Line 199" in file.read_text()


def test_without_old_files_the_log_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "podfetch.log"
    with log_to(None, file=file, max_size=2000, keep=0, level="debug"):
        for number in range(200):
            logger.debug("Line %d", number)
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name, f"{file.name}.stacks"]
    assert file.stat().st_size <= 2000
    assert "Line 199" in file.read_text()


def test_a_rotation_that_fails_does_not_stop_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object) -> None:
        raise PermissionError(13, "no")

    file = tmp_path / "podfetch.log"
    with log_to(None, file=file, max_size=300, level="debug") as handle:
        logger.debug("Before")
        _drained(handle)
        monkeypatch.setattr(os, "rename", refused)
        for number in range(20):
            logger.debug("Line %d", number)
    text = file.read_text()
    assert "Line 0 " not in text
    assert text.count("Line") == 20


@pytest.mark.root
def test_a_full_disk_hurts_only_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", "16k") as disk:
        file = disk / "podfetch.log"
        with log_to(None, file=file, level="debug"):
            for number in range(400):
                logger.debug("Line %d %s", number, "x" * 100)
        assert file.stat().st_size > 4000
    assert capfd.readouterr() == ("", "")


def test_a_broken_pipe_hurts_only_the_log() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    with log_to(stream):  # type: ignore[arg-type]
        logger.info("Nobody reads")
    with pytest.raises(BrokenPipeError):
        stream.close()


def test_stacks_go_to_a_file_beside_the_log(tmp_path: Path) -> None:
    file = tmp_path / "podfetch.log"
    with log_to(None, file=file) as handle:
        stacks = handle.stacks
        assert stacks is not None
        assert stacks.name == os.fspath(file) + ".stacks" or stacks.fileno() > 2
    assert stacks.closed
    with log_to(io.StringIO()) as handle:
        assert handle.stacks is None
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
