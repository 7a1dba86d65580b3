"""The system gives no further thread: what there is does the work."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.archive import run_once, settings_for
from support.podhost import serve
from support.shows import episodes_of, show

from podfetch_tui.engine.ending import End


def test_the_threads_that_there_are_do_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def grudging(thread: threading.Thread) -> None:
        lane, _, number = thread.name.rpartition("_")
        if lane in ("podfetch-poll", "podfetch-download") and number != "0":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", grudging)
    settings = settings_for(tmp_path / "archive")
    with serve() as host:
        urls = [show(host, f"show{n}", count=2, address=f"127.0.0.{n}") for n in range(10, 14)]
        assert run_once(settings, *urls).end == End()
    assert [row["state"] for row in episodes_of(settings)] == ["archived"] * 8
