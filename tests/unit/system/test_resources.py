from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import psutil
import pytest
from support.clock import FakeClock
from support.mounts import small_disk

from podfetch_tui.model.errors import Failure
from podfetch_tui.system import children, control_group, resources
from podfetch_tui.system.children import processes_below
from podfetch_tui.system.resources import (
    UNKNOWN_FREE,
    Sampler,
    free_bytes,
)


class CpuTimes(NamedTuple):
    user: float
    nice: float
    system: float
    idle: float


def test_a_sample_tells_of_this_process_and_machine() -> None:
    clock = FakeClock()
    sampler = Sampler(clock)
    clock.advance(1)
    sample = sampler.sample()
    assert sample.rss > 5_000_000
    assert sample.threads >= 1
    assert 3 <= sample.open_files <= sample.open_files_limit
    assert 0 <= sample.cpu_percent <= 100
    assert 0 < sample.memory_percent <= 100


def test_two_samples_at_the_same_moment_divide_by_nothing() -> None:
    sampler = Sampler(FakeClock())
    sample = sampler.sample()
    assert sample.process_cpu_percent == 0
    assert sample.received_per_s == 0


def test_rates_are_per_second_since_the_sample_before(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = {
        "lo": SimpleNamespace(bytes_recv=10**9, bytes_sent=10**9),
        "eth0": SimpleNamespace(bytes_recv=1000, bytes_sent=0),
        "wlan0": SimpleNamespace(bytes_recv=0, bytes_sent=500),
    }
    monkeypatch.setattr(psutil, "net_io_counters", lambda pernic: cards)
    clock = FakeClock()
    sampler = Sampler(clock)
    cards["eth0"].bytes_recv = 5000
    cards["wlan0"].bytes_sent = 100  # counters that went back: the card was replaced
    clock.advance(2)
    sample = sampler.sample()
    assert sample.received_per_s == 2000
    assert sample.sent_per_s == 0


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cgroup" / "system" / "podfetch"
    folder.mkdir(parents=True)
    own = tmp_path / "own"
    own.write_text("12:cpu:/old\n0::/system/podfetch\n")
    monkeypatch.setattr(control_group, "ROOT", tmp_path / "cgroup")
    monkeypatch.setattr(control_group, "OWN", own)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(percent=10.0))
    return folder


def test_a_tighter_memory_limit_of_the_group_counts_without_the_cache(group: Path) -> None:
    (group / "memory.max").write_text("max\n")
    (group.parent / "memory.max").write_text("1000\n")
    (group.parent / "memory.current").write_text("900\n")
    (group.parent / "memory.stat").write_text("anon 300\ninactive_file 600\n")
    assert Sampler(FakeClock()).sample().memory_percent == 30.0


def test_cpu_is_a_share_of_the_groups_quota(group: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_times", lambda: CpuTimes(1.0, 1.0, 1.0, 1.0))
    (group / "cpu.max").write_text("50000 100000\n")
    (group / "cpu.stat").write_text("usage_usec 1000000\n")
    clock = FakeClock()
    sampler = Sampler(clock)
    (group / "cpu.stat").write_text("usage_usec 2000000\n")
    clock.advance(4)
    assert sampler.sample().cpu_percent == 50.0


@pytest.mark.parametrize("line", ["", "0::/../../etc\n", "0::/gone\n", "nonsense"])
def test_a_group_that_cannot_be_found_is_no_limit(group: Path, line: str) -> None:
    control_group.OWN.write_text(line)
    assert Sampler(FakeClock()).sample().memory_percent == 10.0


def test_a_group_of_version_1_limits_memory_and_cpu(
    group: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "cpu_times", lambda: CpuTimes(1.0, 1.0, 1.0, 1.0))
    control_group.OWN.write_text("4:memory:/box\n2:cpu,cpuacct:/gone\n0::/\n")
    root = control_group.ROOT
    for name in ("memory/box", "cpu", "cpuacct"):
        (root / name).mkdir(parents=True)
    memory = root / "memory" / "box"
    (memory / "memory.limit_in_bytes").write_text("1000\n")
    (memory / "memory.usage_in_bytes").write_text("900\n")
    (memory / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 100\n")
    (root / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (root / "memory" / "memory.usage_in_bytes").write_text("900\n")
    (root / "cpu" / "cpu.cfs_quota_us").write_text("50000\n")  # a container sees its own as root
    (root / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    usage = root / "cpuacct" / "cpuacct.usage"
    usage.write_text("1000000000\n")
    clock = FakeClock()
    sampler = Sampler(clock)
    usage.write_text("2000000000\n")
    clock.advance(4)
    sample = sampler.sample()
    assert sample.memory_percent == 80.0
    assert sample.cpu_percent == 50.0


_BUSY = """
import time
end = time.monotonic() + 0.4
while time.monotonic() < end: pass
print(1, flush=True)
input()
"""


def test_our_own_part_of_the_processor_is_told_apart_children_included() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    clock = FakeClock()
    sampler = Sampler(clock)
    assert child.stdout is not None
    child.stdout.readline()
    clock.advance(0.5)
    busy = sampler.sample()
    child.communicate("\n")
    clock.advance(10)
    gone = sampler.sample()
    assert 0 < busy.own_cpu_percent <= busy.cpu_percent
    assert gone.own_cpu_percent <= 100


def test_children_and_theirs_are_found_with_and_without_the_kernels_lists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = "import subprocess as s; c = s.Popen(['cat'], stdin=s.PIPE); print(c.pid, flush=True)"
    shell = subprocess.Popen(
        [sys.executable, "-c", f"{code}; input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout is not None
    ours = {shell.pid, int(shell.stdout.readline())}
    here = psutil.Process()
    assert ours <= {child.pid for child in processes_below(here)}
    monkeypatch.setattr(children, "PROC", tmp_path)
    assert ours <= {child.pid for child in processes_below(here)}
    shell.communicate("\n")


def test_pressure_is_counted_from_sample_to_sample_where_the_kernel_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: Path
) -> None:
    line = "some avg10=12.34 avg60=1.00 avg300=0.00 total={}\nfull avg10=0.00 total=0\n"
    (tmp_path / "cpu").write_text(line.format(1_000_000))
    (tmp_path / "io").write_text("full avg10=9.00\n")
    (group / "memory.pressure").write_text(line.format(0))
    monkeypatch.setattr(resources, "_PRESSURE", tmp_path)
    clock = FakeClock()
    sampler = Sampler(clock)
    (tmp_path / "cpu").write_text(line.format(1_500_000))
    (group / "memory.pressure").write_text(line.format(250_000))
    clock.advance(1)
    sample = sampler.sample()
    assert sample.cpu_pressure == 50.0
    assert sample.io_pressure is None
    assert sample.memory_pressure == 25.0


@pytest.mark.root
def test_free_space_is_what_the_file_system_has(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        assert free_bytes(disk) == (2**20, 2**20)
        (disk / "x").write_bytes(b"x" * 2**19)
        assert free_bytes(disk) == (2**19, 2**20)


@pytest.mark.parametrize(
    ("blocks", "available", "expected"),
    [(0, 0, (UNKNOWN_FREE, 0)), (100, 2**64 - 3, (0, 409_600)), (100, 7, (28_672, 409_600))],
)
def test_file_systems_that_lie_are_not_believed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    blocks: int,
    available: int,
    expected: tuple[int, int],
) -> None:
    answer = SimpleNamespace(f_frsize=0, f_bsize=4096, f_blocks=blocks, f_bavail=available)
    monkeypatch.setattr(os, "statvfs", lambda path: answer)
    assert free_bytes(tmp_path) == expected


def test_a_missing_folder_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        free_bytes(tmp_path / "gone")


_RAISE = """
import resource
from podfetch_tui.system.resources import raise_open_files_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 500))
print(raise_open_files_limit(300), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
print(raise_open_files_limit(200), raise_open_files_limit(9999))
"""


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RAISE], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["300", "300", "300", "500"]
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 500
