"""A program ends by itself or is ended, with all it started; what it prints is bounded."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.wait import wait_for

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.sandbox.run_program import Finished, run_program

SHELL = "/bin/sh"
ROOT = str(Path(__file__).parents[3])


def run(*argv: str, **changes: object) -> Finished:
    limits: dict[str, object] = {"wall_s": 60, "cpu_s": 30, "memory": 1 << 30}
    return run_program(argv, **{**limits, **changes})  # type: ignore[arg-type]


def python(code: str, **changes: object) -> Finished:
    return run(sys.executable, "-I", "-S", "-c", code, **changes)


def test_output_status_and_folder_come_back(tmp_path: Path) -> None:
    ended = run(SHELL, "-c", "pwd; echo grumble >&2; exit 0", cwd=tmp_path)
    assert ended == Finished(
        returncode=0, stdout=f"{tmp_path}\n".encode(), stderr="grumble\n", problem=""
    )


def test_a_bad_status_is_a_problem_with_the_last_complaint() -> None:
    ended = run(SHELL, "-c", "echo first >&2; echo no such codec >&2; exit 4")
    assert (ended.returncode, ended.problem) == (4, "ended with status 4: no such codec")


def test_arguments_of_any_bytes_arrive_unchanged() -> None:
    odd = os.fsdecode(b"-i \xff\xe9 ;$(exit 3) ") + "ü\n"
    ended = run(
        sys.executable, "-I", "-S", "-c",
        "import os, sys; os.write(1, os.fsencode(sys.argv[1]))", odd,
    )  # fmt: skip
    assert ended.stdout == os.fsencode(odd)


def test_a_missing_program_is_a_problem_and_not_a_crash() -> None:
    ended = run("/no/such/program", "--version")
    assert ended.returncode == 127
    assert ended.problem == "/no/such/program cannot be started: No such file or directory"


def test_standard_input_is_empty_and_the_environment_bare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PODFETCH_SECRET", "x")
    ended = run(SHELL, "-c", "cat; env")
    assert ended.returncode == 0
    assert b"PODFETCH" not in ended.stdout
    assert b"HOME=" not in ended.stdout


def test_a_deadline_ends_the_program_and_what_it_started() -> None:
    ended = run(SHELL, "-c", "trap '' TERM; echo $$; sleep 600 & wait; sleep 600", wall_s=1)
    assert ended.problem == "took too long"
    assert ended.returncode == -9
    group = int(ended.stdout)
    waiting = threading.Event()
    for _ in range(500):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        waiting.wait(0.01)
    if not all_zombies(group):
        pytest.fail("the group lives on")


def all_zombies(group: int) -> bool:
    """Say whether only processes are left that nobody in this container collects."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return False
    return True


def test_a_program_is_over_when_it_ends_even_if_its_offspring_holds_the_pipes() -> None:
    assert run(SHELL, "-c", "echo done; sleep 600 & exit 0").stdout == b"done\n"


def test_too_much_output_ends_the_program() -> None:
    ended = run(SHELL, "-c", "while :; do echo yyyyyyyyyyyyyyyyyy; done", stdout_cap=10_000)
    assert ended.problem == "printed too much"
    assert len(ended.stdout) == 10_000
    ended = run(SHELL, "-c", "while :; do echo yyyyyyyyyyyyyyyyyyyy >&2; done")
    assert ended.problem == "printed too much"
    assert len(ended.stderr) <= 16 << 10


def test_exactly_the_cap_is_not_too_much() -> None:
    ended = run(SHELL, "-c", "printf 1234567890", stdout_cap=10)
    assert (ended.stdout, ended.problem) == (b"1234567890", "")


def test_processor_time_is_limited() -> None:
    assert python("while True: pass", cpu_s=1).problem == "used too much processor time"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit address space")
def test_memory_is_limited() -> None:
    assert "MemoryError" in python("bytearray(2 << 30)").problem


def test_a_program_that_may_not_write_does_not(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"12345")
    run(SHELL, "-c", "echo x > new; echo longer than before > kept", cwd=tmp_path)
    assert not (tmp_path / "new").exists() or (tmp_path / "new").read_bytes() == b""
    if sys.platform == "linux":
        assert kept.read_bytes() == b"12345"


def test_a_program_that_may_write_is_held_to_its_size(tmp_path: Path) -> None:
    code = "f = open('out', 'wb', 0); f.write(bytes(10)); f.write(bytes(5000))"
    python(code, cwd=tmp_path, writes=5000)
    assert (tmp_path / "out").stat().st_size == 5000


@pytest.mark.skipif(sys.platform != "linux", reason="needs Landlock")
def test_a_program_with_an_output_changes_that_file_and_no_other(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.write_bytes(b"before")
    other.write_bytes(b"before")
    code = (
        "import os, sys\n"
        "open(sys.argv[1], 'wb').write(b'after')\n"
        "for what in (lambda: open(sys.argv[2], 'wb'), lambda: os.unlink(sys.argv[2]),\n"
        "             lambda: os.truncate(sys.argv[2], 0), lambda: open(sys.argv[2] + 'x', 'wb'),\n"
        "             lambda: os.rename(sys.argv[1], sys.argv[2])):\n"
        "    try:\n"
        "        what()\n"
        "    except PermissionError:\n"
        "        print('refused')\n"
    )
    argv = (sys.executable, "-I", "-S", "-c", code, str(mine), str(other))
    ended = run(*argv, writes=1 << 20, output=mine)
    if b"refused" not in ended.stdout:
        pytest.skip("this kernel has no Landlock")
    assert (ended.problem, ended.stdout.count(b"refused")) == ("", 5)
    assert (mine.read_bytes(), other.read_bytes()) == (b"after", b"before")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "other"]


def test_an_output_that_is_not_there_starts_nothing(tmp_path: Path) -> None:
    ended = run(SHELL, "-c", "echo started", writes=1, output=tmp_path / "none")
    assert (ended.returncode, ended.stdout) == (127, b"")


def test_stop_ends_a_program_that_closed_its_outputs() -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, SHELL, "-c", "exec >&- 2>&-; sleep 600", stop=stop)
        stop.set()
        with pytest.raises(Failure) as caught:
            running.result(timeout=30)
    assert caught.value.kind is Kind.STOPPED


def test_stop_ends_the_program() -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(
            run_program, [SHELL, "-c", "sleep 600"],
            wall_s=60, cpu_s=10, memory=1 << 30, stop=stop,
        )  # fmt: skip
        stop.set()
        with pytest.raises(Failure) as raised:
            running.result(60)
    assert raised.value.kind is Kind.STOPPED


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_a_program_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    code = (
        "import sys\n"
        "from podfetch_tui.sandbox.run_program import run_program\n"
        "run_program(('/bin/sh', '-c', 'echo $$ > %s; exec sleep 600' % sys.argv[1]),\n"
        "            wall_s=600, cpu_s=9, memory=1 << 30, writes=1 << 20)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(told)], env={**os.environ, "PYTHONPATH": ROOT}
    )
    try:
        wait_for(lambda: told.exists() and bool(told.read_text().strip()), 30)
        child = int(told.read_text())
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not is_alive(child), 30)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_nothing_is_left_open() -> None:
    before = sum(1 for _ in Path("/dev/fd").iterdir())
    for _ in range(5):
        run(SHELL, "-c", "exit 1")
    assert sum(1 for _ in Path("/dev/fd").iterdir()) == before
