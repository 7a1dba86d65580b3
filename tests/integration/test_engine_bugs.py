"""A bug in a thread of the engine ends the engine, loudly: half an engine would do nothing."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.archive import add_feeds, rows, run_once, settings_for
from support.program import ON_LOOPBACK
from support.served import served
from support.wait import wait_for

from podfetch_tui.api import server
from podfetch_tui.catalog import session
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose, doorway
from podfetch_tui.cli.run import exit_code
from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.endings import Ending
from podfetch_tui.engine.engine import Engine
from podfetch_tui.engine.governor import Governor
from podfetch_tui.engine.workers import Workers
from podfetch_tui.model.job import Job, RunResult
from podfetch_tui.net.deadlines import Watchdog
from podfetch_tui.system.paths import user_state_dir
from podfetch_tui.system.sockets import connect_to

Break = Callable[[pytest.MonkeyPatch], None]
WRITER = "the writer of the catalogue"
NOWHERE = "http://127.0.0.9:9/a.xml"


class Ouch(BaseException):
    """A bug."""


def ouch(*_: object, **__: object) -> None:
    raise Ouch("https://user:secret@host.example/")


def replaced(owner: object, name: str) -> Break:
    return lambda patch: patch.setattr(owner, name, ouch)


BUGS = {
    "the dispatcher": replaced(Dispatcher, "_refill"),
    "the governor": replaced(Governor, "_build"),
    WRITER: replaced(session, "apply"),
    "the watchdog of the transfers": replaced(Watchdog, "_collect"),
    "the end of a run": replaced(Workers, "_settle"),
}


@pytest.mark.parametrize("thread", BUGS)
def test_a_bug_in_any_thread_ends_the_engine_and_says_so_everywhere(
    thread: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = settings_for(tmp_path / "archive")
    with archives.changing(settings) as archive:
        add_feeds(archive, NOWHERE)
        if thread != WRITER:
            BUGS[thread](monkeypatch)
        with compose.engine_on(archive, settings) as engine:
            if thread == WRITER:
                BUGS[thread](monkeypatch)
            assert engine.finished.wait(30)
            check_told(engine, thread)
            report = check_report(thread)
            engine.stop(timeout=0.1)
        assert exit_code(engine, once=False, forced=[]) == 8
        assert str(report) in engine.governor.latest.reason
    assert any(record.exc_info and record.exc_info[0] is Ouch for record in caplog.records)
    assert not [t for t in threading.enumerate() if t.name.startswith("podfetch-")]


def test_a_bug_in_the_doorway_ends_the_engine_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path / "archive")
    with served(settings) as engine:
        socket = doorway.find_socket(settings)
        monkeypatch.setattr(server, "peer_uid", ouch)
        with contextlib.closing(connect_to(socket, 10)):
            assert engine.finished.wait(30)
        check_told(engine, "the doorway")
        assert exit_code(engine, once=False, forced=[]) == 8


def check_told(engine: Engine, thread: str) -> None:
    assert engine.end.exit_code == 8
    assert f"a bug ended {thread} and so the engine (Ouch: " in engine.end.text
    assert "secret" not in engine.end.text
    assert "nothing that was recorded is lost" in engine.end.text
    wait_for(lambda: engine.governor.latest.reason)
    assert engine.governor.latest.state == "stopped"
    assert engine.governor.latest.reason == engine.end.text
    kinds = [event.kind for event in engine.events.tail(100)[1]]
    assert kinds.count("engine_crashed") == 1


def check_report(thread: str) -> Path:
    (report,) = (user_state_dir() / "crashes").iterdir()
    text = report.read_text("utf-8")
    assert f"a bug ended {thread}" in text
    assert "in ouch" in text, "the traceback of the bug"
    assert "MainThread" in text, "the stacks of the others"
    assert "secret" not in text
    assert report.stat().st_mode & 0o077 == 0
    return report


PROGRAM = """
import sys
from podfetch_tui.cli.main import main
from podfetch_tui.engine.dispatch import Dispatcher

def broken(self):
    raise LookupError("nothing here")

Dispatcher._refill = broken
sys.argv = ["podfetch", *sys.argv[1:]]
main()
"""


def test_a_headless_run_that_a_bug_ends_fails_and_names_the_report(tmp_path: Path) -> None:
    words = ["--archive", str(tmp_path / "archive"), *ON_LOOPBACK, "--no-ui"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 8
    last = done.stderr.splitlines()[-1]
    (report,) = (user_state_dir() / "crashes").iterdir()
    assert last == (
        "podfetch: a bug ended the dispatcher and so the engine (LookupError: nothing here);"
        f" the report: {report}; nothing that was recorded is lost"
    )


def test_a_result_that_cannot_be_judged_is_recorded_as_a_bug_and_the_engine_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Workers._judged

    def broken(self: Workers, job: Job, result: RunResult, now: int) -> tuple[RunResult, Ending]:
        if job.feed.url == NOWHERE:
            raise LookupError("nothing here")
        return judged(self, job, result, now)

    monkeypatch.setattr(Workers, "_judged", broken)
    settings = settings_for(tmp_path / "archive", retry={"attempts": 1})
    engine = run_once(settings, NOWHERE, "http://127.0.0.9:9/b.xml")
    assert engine.end.exit_code == 0
    told = {row["feed_id"]: (row["code"], row["text"]) for row in rows(settings, "events")}
    first, second = (row["id"] for row in rows(settings, "feeds"))
    assert told[first] == ("bug", "LookupError: nothing here")
    assert told[second][0] == "blocked_port"
    assert engine.telemetry.totals()[0]["polls"] == 2, "and neither is polled again at once"
