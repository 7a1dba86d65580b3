"""The thread that holds the engine behind the screen."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from podfetch_tui.api.starting import StartingClient
from podfetch_tui.cli.screen import EngineHost
from podfetch_tui.model.settings import Settings


class Dying:
    """An engine that has ended by itself and takes its time to close."""

    def __init__(self, closing: threading.Event) -> None:
        self.settings = Settings()
        self.finished = threading.Event()
        self.finished.set()
        self.end = SimpleNamespace(exit_code=8, text="something nobody thought of")
        self._closing = closing

    def stop(self, timeout: float) -> None:
        assert self._closing.wait(60)


def test_an_engine_is_started_again_though_the_one_before_still_closes() -> None:
    first, second = threading.Event(), threading.Event()
    opened: list[Any] = []
    is_open, is_next = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def open_engine() -> Iterator[Any]:
        opened.append(Dying(second if opened else first))
        (is_next if is_open.is_set() else is_open).set()
        yield opened[-1]

    client = StartingClient("archive", at=0)
    host = EngineHost(open_engine, client, Settings())
    host.begin()
    assert is_open.wait(60)
    host.restart()
    host.restart()  # pressed twice
    assert not is_next.is_set()
    first.set()
    assert is_next.wait(60)
    second.set()
    assert host.end(0.0) == (8, "something nobody thought of")
    assert len(opened) == 2
