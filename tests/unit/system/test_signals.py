from __future__ import annotations

import faulthandler
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

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


def test_stacks_are_written_before_the_callback(
    told: queue.SimpleQueue[object], tmp_path: Path
) -> None:
    with (tmp_path / "stacks").open("w") as file:
        with install(
            on_drain=told.put, on_now=told.put, on_dump=lambda: told.put("dump"), stacks=file
        ):
            tell(signal.SIGUSR1)
            assert told.get(timeout=30) == "dump"
        text = (tmp_path / "stacks").read_text()
    assert "test_stacks_are_written_before_the_callback" in text
    assert text.count("hread 0x") >= 2
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
    unregister: Callable[[int], object] = faulthandler.unregister
    assert unregister(signal.SIGUSR1) is False  # it was taken away already


_WAITS = """
import sys
from podfetch_tui.system.signals import install
watch = install(on_drain=print, on_now=print, stacks=sys.stderr)
print("ready", flush=True)
sys.stdin.readline()
watch.close()
print("ended", flush=True)
"""


def test_stacks_alone_do_not_end_the_process() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WAITS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGUSR1)
        out, err = child.communicate("\n", timeout=60)
    assert out == "ended\n"
    assert 'File "<string>"' in err
