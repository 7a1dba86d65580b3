from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from podfetch_tui.system.signals import install


@pytest.fixture
def told() -> queue.SimpleQueue[object]:
    return queue.SimpleQueue()


def tell(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def test_the_first_signal_drains_and_each_later_one_stops_now(
    told: queue.SimpleQueue[object],
) -> None:
    with install(
        on_drain=lambda number: told.put(("drain", number)),
        on_now=lambda number: told.put(("now", number)),
    ):
        tell(signal.SIGTERM)
        assert told.get(timeout=30) == ("drain", signal.SIGTERM)
        tell(signal.SIGINT)
        assert told.get(timeout=30) == ("now", signal.SIGINT)
        tell(signal.SIGTERM)
        assert told.get(timeout=30) == ("now", signal.SIGTERM)


def test_reload_and_dump_have_their_own_signals(told: queue.SimpleQueue[object]) -> None:
    with install(
        on_drain=told.put,
        on_now=told.put,
        on_reload=lambda: told.put("reload"),
        on_dump=lambda: told.put("dump"),
    ):
        tell(signal.SIGHUP)
        assert told.get(timeout=30) == "reload"
        tell(signal.SIGUSR1)
        assert told.get(timeout=30) == "dump"
        tell(signal.SIGTERM)
        assert told.get(timeout=30) == signal.SIGTERM


def test_signals_nobody_wants_are_left_alone_and_all_is_put_back(
    told: queue.SimpleQueue[object],
) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
    before = [signal.getsignal(number) for number in numbers]
    threads = threading.active_count()
    watch = install(on_drain=told.put, on_now=told.put)
    assert [signal.getsignal(number) for number in numbers[2:]] == before[2:]
    assert signal.getsignal(signal.SIGTERM) not in before
    watch.close()
    watch.close()
    assert [signal.getsignal(number) for number in numbers] == before
    assert threading.active_count() == threads


def test_callbacks_run_outside_the_main_thread(told: queue.SimpleQueue[object]) -> None:
    """An event whose inner lock the main thread holds right now can still be set."""
    asked = threading.Event()

    def drain(number: int) -> None:
        told.put(threading.current_thread().name)
        asked.set()

    with install(on_drain=drain, on_now=told.put):
        with asked._cond:  # type: ignore[attr-defined]  # as within Event.wait()
            tell(signal.SIGTERM)
            assert told.get(timeout=30) == "signals"
        assert asked.wait(30)


def test_only_the_main_thread_may_install(told: queue.SimpleQueue[object]) -> None:
    def refused() -> None:
        with pytest.raises(ValueError, match="main thread"):
            install(on_drain=told.put, on_now=told.put)
        told.put("refused")

    thread = threading.Thread(target=refused)
    thread.start()
    thread.join()
    assert told.get(timeout=0) == "refused"


_PRELUDE = """
import faulthandler, os, signal, sqlite3, sys, threading
from podfetch_tui.system.signals import install
def say(what): os.write(1, f"{what}\\n".encode())
watch = install(
    on_drain=lambda number: os._exit(9), on_now=say, on_dump=lambda: say("dump"), crashes=sys.stderr
)
say("ready")
"""


@contextmanager
def child(code: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``code`` after its handlers were installed; it said so."""
    with subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert heard(process) == "ready\n"
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


_HANGS = """
endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
sqlite3.connect(":memory:").execute(endless)
"""


def test_a_main_thread_that_does_not_come_back_to_python_keeps_no_signal_waiting() -> None:
    with child(_HANGS) as process:
        process.send_signal(signal.SIGUSR1)
        assert heard(process) == "dump\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 9


_BUSY = """
def call(depth): return call(depth - 1) if depth else [number for number in range(5)]
def work():
    while True:
        for depth in range(30): call(depth)
def come_and_go():
    while True:
        one = threading.Thread(target=call, args=(5,))
        one.start()
        one.join()
for what in [work] * 20 + [come_and_go]:
    threading.Thread(target=what, daemon=True).start()
threading.Event().wait()
"""


def test_a_busy_program_lives_on_however_often_its_stacks_are_asked_for() -> None:
    with child(_BUSY) as process:
        for _ in range(20):
            process.send_signal(signal.SIGUSR1)
            assert heard(process) == "dump\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 9


def test_no_stacks_are_written_from_inside_the_handler() -> None:
    """That ended a busy program with SIGSEGV after 12 to 734 signals, in four runs of four."""
    with child("say(faulthandler.unregister(signal.SIGUSR1))\n") as process:
        assert heard(process) == "False\n"


def test_what_the_system_ends_leaves_its_stacks() -> None:
    with child("def here(): os.abort()\nhere()\n") as process:
        assert process.wait(60) == -signal.SIGABRT
        assert process.stderr is not None
        assert "in here" in process.stderr.read()


def test_afterwards_a_crash_writes_nowhere_and_a_pipe_is_closed() -> None:
    code = """
watch.close()
assert not faulthandler.is_enabled()
assert signal.set_wakeup_fd(-1) == -1
assert len(os.listdir("/proc/self/fd")) == 4  # the three, and the one that lists
say("closed")
"""
    with child(code) as process:
        assert heard(process) == "closed\n"
