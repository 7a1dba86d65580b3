"""``podfetch events --follow``: nothing missed, nothing twice, whoever comes and goes."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archive import settings_for
from support.served import served
from support.wait import wait_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import events_follow
from podfetch_tui.cli.events_follow import Follower
from podfetch_tui.model.commands import Pause, Resume
from podfetch_tui.model.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PODFETCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(events_follow, "LOOK_S", 0.02)
    monkeypatch.setattr(events_follow, "WATCH_S", 0.2)
    return settings_for(tmp_path / "archive", engine={"poll_workers": 0, "download_workers": 0})


class Following:
    """What a follower in a thread of its own has printed."""

    def __init__(self, settings: Settings, *, as_json: bool = True) -> None:
        self._out = io.StringIO()
        self._stop = threading.Event()
        follower = Follower(settings, as_json=as_json, stream=self._out, stop=self._stop)
        self._thread = threading.Thread(
            target=follower.run, kwargs={"since": None, "limit": 10}, daemon=True
        )
        self._thread.start()

    @property
    def text(self) -> str:
        return self._out.getvalue()

    @property
    def kinds(self) -> list[str]:
        whole = self.text.rpartition("\n")[0]
        return [json.loads(line)["kind"] for line in whole.splitlines()]

    def end(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def following(settings: Settings, **more: Any) -> Iterator[Following]:
    one = Following(settings, **more)
    try:
        yield one
    finally:
        one.end()


def test_it_goes_on_over_a_restart_of_the_engine_without_gap_or_repetition(
    settings: Settings,
) -> None:
    with archives.changing(settings):
        pass
    with following(settings) as seen:
        with served(settings) as engine:
            wait_for(lambda: "engine_started" in seen.kinds, what=lambda: seen.text)
            wait_for(lambda: "engine_back" in seen.kinds, what=lambda: seen.text)
            engine.commands.apply(Pause())
            wait_for(lambda: "engine_paused" in seen.kinds, what=lambda: seen.text)
            engine.commands.apply(Resume())
        wait_for(lambda: "engine_stopped" in seen.kinds, what=lambda: seen.text)
        wait_for(lambda: "engine_gone" in seen.kinds, what=lambda: seen.text)
        with served(settings):
            wait_for(lambda: seen.kinds.count("engine_started") == 2, what=lambda: seen.text)
            wait_for(lambda: seen.kinds.count("engine_back") == 2, what=lambda: seen.text)
        wait_for(lambda: seen.kinds.count("engine_stopped") == 2, what=lambda: seen.text)
    happened = [kind for kind in seen.kinds if kind not in ("engine_back", "engine_gone")]
    assert happened == [
        "engine_started",
        "engine_paused",
        "engine_resumed",
        "engine_stopped",
        "engine_started",
        "engine_stopped",
    ]


def test_it_begins_with_the_newest_and_reads_like_the_live_lines(settings: Settings) -> None:
    with served(settings):
        pass
    with following(settings, as_json=False) as seen:
        wait_for(lambda: "engine stopped" in seen.text)
    assert [line.split(" ", 2)[2] for line in seen.text.splitlines()][-1] == "engine stopped"


def test_a_reader_that_is_too_slow_is_told_and_gets_the_rest_from_the_catalogue(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(settings) as engine, following(settings) as seen:
        wait_for(lambda: "engine_started" in seen.kinds)
        with monkeypatch.context() as patch:
            ring, newest = engine.events, engine.events.tail(0)[0]
            watch = ring.watch
            patch.setattr(
                ring,
                "watch",
                lambda after, timeout: (
                    type(batch)(batch.events, batch.last_seq, True)
                    if (batch := watch(after, timeout)).last_seq > newest
                    else batch
                ),
            )
            engine.commands.apply(Pause())
            wait_for(lambda: "events_lost" in seen.kinds, what=lambda: seen.text)
    assert seen.kinds.count("engine_paused") == 1
