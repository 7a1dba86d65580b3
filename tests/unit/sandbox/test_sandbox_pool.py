"""A child's death is one item's failure: nobody else notices, nothing is left behind."""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.hostile_tasks import Word

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.sandbox import frames, limits
from podfetch_tui.sandbox.pool import Sandbox

TASKS = "support.hostile_tasks:HOSTILE"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(2, extra_tasks=TASKS, wall_s=60, cpu_s=30) as pool:
        yield pool


def ask(pool: Sandbox, task: str, payload: bytes = b"", **fields: Any) -> Word:
    result = pool.call(task, payload, Word(**fields))
    assert isinstance(result, Word)
    return result


def failure_of(pool: Sandbox, task: str, payload: bytes = b"", **fields: Any) -> Failure:
    with pytest.raises(Failure) as raised:
        ask(pool, task, payload, **fields)
    return raised.value


def is_running(pid: int) -> bool:
    """Say whether the process (or group ``-pid``) runs; a zombie that init has yet to collect
    does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def open_descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def wait_until_gone(pid: int) -> None:
    waiting = threading.Event()
    for _ in range(1000):
        if not is_running(pid):
            return
        waiting.wait(0.01)
    pytest.fail(f"process {pid} is still there")


def test_a_task_gets_its_payload_and_params_and_gives_its_result(sandbox: Sandbox) -> None:
    assert ask(sandbox, "echo", b"four", text="héllo") == Word("héllo", 4)
    assert ask(sandbox, "echo", b"") == Word("", 0)


def test_a_payload_of_32_mib_passes(sandbox: Sandbox) -> None:
    assert ask(sandbox, "echo", bytes(32 << 20)).number == 32 << 20


def test_a_child_is_used_again_and_replaced_after_its_tasks() -> None:
    with Sandbox(1, extra_tasks=TASKS, tasks_per_child=3, wall_s=60) as pool:
        pids = [ask(pool, "pid").number for _ in range(7)]
    assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3, 6]


def test_a_child_that_grew_is_replaced(sandbox: Sandbox) -> None:
    before = ask(sandbox, "pid").number
    ask(sandbox, "grow", number=10 << 20)
    assert ask(sandbox, "pid").number == before
    ask(sandbox, "grow", number=220 << 20)
    assert ask(sandbox, "pid").number != before


def test_recycled_children_end_those_at_work_after_their_task(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    idle = ask(sandbox, "pid").number
    sandbox.recycle()
    wait_until_gone(idle)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(ask, sandbox, "read_fifo", bytes(fifo))
        with fifo.open("wb"):
            sandbox.recycle()
        at_work = running.result(60).number
    assert at_work != idle
    wait_until_gone(at_work)
    assert ask(sandbox, "pid").number not in {idle, at_work}


def test_a_quiet_pool_starts_one_child_only() -> None:
    with Sandbox(8, extra_tasks=TASKS, wall_s=60) as pool:
        assert len({ask(pool, "pid").number for _ in range(10)}) == 1


def test_a_child_sees_no_environment_and_has_a_session_of_its_own(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODFETCH_SECRET", "x")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    seen = ask(sandbox, "environment")
    assert [word for word in seen.text.split() if not word.startswith("MALLOC_")] == [
        "LC_ALL",
        "PATH",
        "/",
    ]
    assert seen.number == ask(sandbox, "pid").number


def test_what_a_library_prints_does_not_get_among_the_frames(sandbox: Sandbox) -> None:
    assert ask(sandbox, "chatter", text="fine") == Word("fine")
    assert ask(sandbox, "chatter", text="still fine") == Word("still fine")


@pytest.mark.parametrize("task", ["hang", "ignore_and_hang"])
def test_a_task_past_its_deadline_is_killed(sandbox: Sandbox, task: str) -> None:
    with pytest.raises(Failure) as raised:
        sandbox.call(task, b"", Word(), wall_s=0.6)
    assert raised.value.kind is Kind.PARSER_KILLED
    assert raised.value.detail == "the parser took longer than 0.6 s"


def test_a_task_that_spins_is_killed_by_its_cpu_limit(sandbox: Sandbox) -> None:
    with pytest.raises(Failure) as raised:
        sandbox.call("spin", b"", Word(), cpu_s=1)
    assert raised.value.detail == "the parser used more than 1 s of processor time"


def test_the_cpu_limit_is_renewed_for_each_task() -> None:
    with Sandbox(1, extra_tasks=TASKS, wall_s=60, cpu_s=1) as pool:
        pid = ask(pool, "pid").number
        assert failure_of(pool, "spin").kind is Kind.PARSER_KILLED
        assert ask(pool, "pid").number != pid


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit address space")
def test_a_task_that_eats_memory_fails_alone(sandbox: Sandbox) -> None:
    failure = failure_of(sandbox, "eat_memory")
    assert failure.kind is Kind.PARSER_KILLED
    assert failure.detail == "the parser needed more than 512 MiB of memory"
    assert ask(sandbox, "echo", b"1").number == 1


@pytest.mark.parametrize(
    ("task", "fields", "detail"),
    [
        ("crash", {}, "the parser was killed by SIGSEGV"),
        ("leave", {"number": 3}, "the parser ended with status 3 and no answer"),
        ("leave", {"number": 0}, "the parser ended with status 0 and no answer"),
        ("raise_system_exit", {}, "the parser ended with status 0 and no answer"),
        ("stumble", {"text": "bad \x1b[1m é"}, "the parser failed: ValueError: bad [1m é"),
        ("recurse", {}, "the parser failed: RecursionError: maximum recursion depth exceeded"),
        ("close_channels", {}, "the parser closed its channel"),
        ("close_channels", {"text": "all"}, "the parser closed its channel"),
        ("flood", {"text": "stderr"}, "the parser printed without end"),
        ("flood", {}, "the parser answered nonsense: not an answer: ValidationError"),
        ("answer_wrongly", {}, None),
        ("too_much", {}, None),
        ("answer_twice", {}, "the parser answered out of turn"),
        ("report", {"text": "disk_full"}, "the parser failed: disk_full: [31mremote [0m text"),
    ],
)
def test_whatever_ends_a_child_is_one_named_failure(
    sandbox: Sandbox, task: str, fields: dict[str, Any], detail: str | None
) -> None:
    failure = failure_of(sandbox, task, **fields)
    assert failure.kind is Kind.PARSER_KILLED
    if detail is not None:
        assert failure.detail.startswith(detail)
    assert ask(sandbox, "echo", b"next") == Word("", 4)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xff\xff\xff",
        struct.pack("!I", frames.ANSWER_CAP + 1),
        struct.pack("!I", 0),
        struct.pack("!I", 4) + b"\xff\xff\xff\xff",
        struct.pack("!I", 100_000) + b"\x91" * 100_000,
        struct.pack("!I", 5) + b"\xdd\xff\xff\xff\xff",
        struct.pack("!I", 3) + b"\xa2\xff\xfe",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_frame_of_nonsense_ends_the_child_at_once(sandbox: Sandbox, raw: bytes) -> None:
    failure = failure_of(sandbox, "write_raw", raw)
    assert failure.kind is Kind.PARSER_KILLED
    assert "nonsense" in failure.detail


def test_a_frame_that_never_ends_is_cut_off_at_the_deadline(sandbox: Sandbox) -> None:
    with pytest.raises(Failure, match="took longer"):
        sandbox.call("write_raw", struct.pack("!I", 1000) + b"half", Word(), wall_s=0.5)


def test_a_child_that_stops_reading_cannot_block_the_parent(sandbox: Sandbox) -> None:
    assert ask(sandbox, "answer_then_hang", text="done").text == "done"
    with pytest.raises(Failure, match="took longer"):
        sandbox.call("echo", bytes(32 << 20), Word(), wall_s=0.5)
    assert ask(sandbox, "echo", b"next").number == 4


def test_a_reported_failure_keeps_the_child_and_cleans_the_text(sandbox: Sandbox) -> None:
    pid = ask(sandbox, "pid").number
    failure = failure_of(sandbox, "report", text="not_a_feed")
    assert failure.kind is Kind.NOT_A_FEED
    assert failure.detail == "[31mremote [0m text"
    assert len(failure.evidence) == 2048
    assert ask(sandbox, "pid").number == pid


def test_a_child_killed_while_idle_is_replaced_without_a_failure(sandbox: Sandbox) -> None:
    pid = ask(sandbox, "pid").number
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    assert ask(sandbox, "pid").number != pid


def test_a_child_killed_while_busy_is_one_failure(sandbox: Sandbox, tmp_path: Path) -> None:
    pid = ask(sandbox, "pid").number
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(sandbox.call, "wait_at_fifo", bytes(fifo), Word())
        with fifo.open("wb"):
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(Failure) as raised:
                running.result(60)
    assert raised.value.detail in {
        "the parser was killed from outside",
        "the parser closed its channel",
    }


def test_what_a_child_started_dies_with_it(sandbox: Sandbox) -> None:
    started = ask(sandbox, "leave_a_grandchild")
    assert started.text in {"forked", "refused"}
    with pytest.raises(Failure):
        ask(sandbox, "leave", number=1)
    if started.number:
        wait_until_gone(started.number)


def test_a_fork_bomb_is_over_at_the_deadline(sandbox: Sandbox) -> None:
    pid = ask(sandbox, "pid").number
    with pytest.raises(Failure, match="took longer"):
        sandbox.call("fork_without_end", b"", Word(number=8), wall_s=1)
    wait_until_gone(-pid)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Landlock")
def test_a_child_changes_no_file_and_starts_no_program(sandbox: Sandbox, tmp_path: Path) -> None:
    if not sandbox.check().files:
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "kept").write_bytes(b"12345")
    assert ask(sandbox, "touch_everything", bytes(tmp_path)) in {Word("", 5), Word("signal", 5)}
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces")
def test_a_child_reaches_no_address(sandbox: Sandbox) -> None:
    if not sandbox.check().network:
        pytest.skip("this system allows no network namespace")
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert ask(sandbox, "connect", number=server.getsockname()[1]).text == "refused"


def test_64_threads_share_a_few_children(sandbox: Sandbox) -> None:
    def work(number: int) -> bool:
        if number % 8 == 0:
            return failure_of(sandbox, "leave", number=1).kind is Kind.PARSER_KILLED
        return ask(sandbox, "echo", bytes(number * 1000), text=str(number)) == Word(
            str(number), number * 1000
        )

    with ThreadPoolExecutor(64) as threads:
        assert all(threads.map(work, range(256)))


def test_stop_ends_a_running_call_and_one_that_waits() -> None:
    stop = threading.Event()
    with (
        Sandbox(1, extra_tasks=TASKS, wall_s=60) as pool,
        ThreadPoolExecutor(2) as threads,
    ):
        ask(pool, "echo")
        calls = [threads.submit(pool.call, "hang", b"", Word(), stop=stop) for _ in range(2)]
        stop.set()
        for call in calls:
            with pytest.raises(Failure) as raised:
                call.result(60)
            assert raised.value.kind is Kind.STOPPED
        assert ask(pool, "echo", b"goes on").number == 7


def test_closing_ends_running_calls_and_leaves_nothing() -> None:
    gc.collect()
    before = open_descriptors()
    pool = Sandbox(3, extra_tasks=TASKS, wall_s=60)
    pids = [ask(pool, "pid").number]
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(pool.call, "hang", b"", Word()) for _ in range(8)]
        pool.close()
        kinds = {
            failure.kind for call in calls if isinstance(failure := call.exception(60), Failure)
        }
    assert kinds == {Kind.STOPPED}
    pool.close()
    assert open_descriptors() == before
    assert not any(is_running(pid) for pid in pids)
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], os.WNOHANG)
    with pytest.raises(Failure, match="stopped"):
        ask(pool, "echo")


def test_the_parent_stays_small_whatever_the_children_send(sandbox: Sandbox) -> None:
    def round_of_trouble() -> None:
        failure_of(sandbox, "flood", text="stderr")
        failure_of(sandbox, "too_much")
        for _ in range(20):
            ask(sandbox, "echo", bytes(4 << 20), text="x" * 100_000)

    round_of_trouble()
    before = limits.resident_bytes()
    for _ in range(5):
        round_of_trouble()
    assert limits.resident_bytes() - before < 16 << 20


def test_children_end_when_their_parent_is_killed() -> None:
    script = (
        "import os, signal, sys\n"
        f"sys.path[:] = {sys.path!r}\n"
        "from podfetch_tui.sandbox.pool import Sandbox\n"
        "from support.hostile_tasks import Word\n"
        f"pool = Sandbox(1, extra_tasks={TASKS!r})\n"
        "print(pool.call('pid', b'', Word()).number, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    wait_until_gone(int(ended.stdout))


def test_more_than_a_child_may_be_told_is_refused_here(sandbox: Sandbox) -> None:
    assert failure_of(sandbox, "echo", text="x" * (1 << 20)).kind is Kind.TOO_LARGE
    assert failure_of(sandbox, "echo", text="\udce9").kind is Kind.PARSER_KILLED


def test_the_check_says_what_is_confined(sandbox: Sandbox) -> None:
    achieved = sandbox.check()
    if sys.platform == "linux":
        assert achieved.memory
