"""The throttle of a real engine under real pressure: its targets against time, as a picture.

An engine downloads and polls from a slow host on loopback while the load changes: busy processes
for the processor, a made-up reading for the memory, a narrow link for the network. It prints how
fast targets fell and rose, what a full link did, and what the throttle costs without any load:
of downloads that wait for their hosts, and of polls that keep the processor busy by themselves.

On a machine that others use, ``--cores 1`` (Linux, root, control groups of version 1) puts the
benchmark into a group of its own with so many cores, as a container would be, and lets the engine
see of the processor what its group uses.

    python -m benchmarks throttle [--out docs/throttle.svg] [--cores 1] [--unloaded 60] [--feeds N]
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import engine as plain
from benchmarks import slow_host
from benchmarks.plot import Line, Panel, Phase, svg
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.engine.engine import Engine
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ImportFeeds, NewFeed
from podfetch_tui.system import control_group, resources

SHOWS, ITEMS, SIZE = 100, 100, 120_000
PER_CONNECTION = 40_000
LINK = 500_000
"""Bytes per second of the narrow link: twelve and a half connections fill it."""
DOWNLOADS, POLLS = 32, 32
LOOK_S = 0.5
FORK = multiprocessing.get_context("fork")
CALM, BUSY, MEMORY, NARROW = "calm", "processor", "memory", "narrow link"
PHASES: tuple[tuple[str, int, str], ...] = (
    ("start", 45, CALM),
    ("2 busy processes", 30, BUSY),
    ("calm", 60, CALM),
    ("memory 95 %", 30, MEMORY),
    ("calm", 60, CALM),
    ("busy", 12, BUSY),
    ("narrow link", 90, NARROW),
    ("wide link", 75, CALM),
)


class Look(NamedTuple):
    """The engine at one moment."""

    at: float
    download: int
    poll: int
    busy: int
    cpu: float
    memory: float
    moved: int
    reason: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=None, help="where the picture goes")
    parser.add_argument("--cores", type=float, default=0, help="of a control group of its own")
    parser.add_argument(
        "--unloaded", type=int, default=60, help="seconds of each such run; 0: none"
    )
    parser.add_argument("--rounds", type=int, default=2, help="of the unloaded runs")
    parser.add_argument("--feeds", type=int, default=1500, help="polled at full speed; 0: none")
    options = parser.parse_args()
    # The fast host is outside of the group: it is another machine, as far as that can be had.
    with polled(options.feeds) as urls, confined(options.cores):
        if urls:
            polls(urls, options.rounds, in_group=bool(options.cores))
        looks, phases = loaded(in_group=bool(options.cores))
        report(looks, phases)
        if options.out:
            options.out.write_text(picture(looks, phases), encoding="utf-8")
            print(f"  picture in {options.out}")
        if options.unloaded:
            unloaded(options.unloaded, options.rounds, in_group=bool(options.cores))


# --- the stage --------------------------------------------------------------------------------


@contextlib.contextmanager
def confined(cores: float) -> Iterator[None]:
    """Be in a control group of ``cores`` cores while the block runs; 0: stay where we are."""
    if not cores:
        yield
        return
    name = f"podfetch-bench-{os.getpid()}"
    folders = [control_group.ROOT / tree / name for tree in ("cpu", "cpuacct")]
    for folder in folders:
        folder.mkdir()
    (folders[0] / "cpu.shares").write_text("8192")
    (folders[0] / "cpu.cfs_quota_us").write_text(str(int(cores * 100_000)))
    for folder in folders:
        (folder / "cgroup.procs").write_text("0")
    try:
        yield
    finally:
        for folder in folders:
            (folder.parent / "cgroup.procs").write_text("0")
            with contextlib.suppress(OSError):  # a process that ends is still in it
                folder.rmdir()


def spin() -> None:
    while True:
        pass


@contextlib.contextmanager
def served() -> Iterator[tuple[list[str], Connection]]:
    """A slow host in a process of its own; give it the rate of its link, 0 for no limit."""
    here, there = FORK.Pipe()
    words = (there, SHOWS, ITEMS, SIZE, PER_CONNECTION)
    host = FORK.Process(target=slow_host.run, args=words, daemon=True)
    host.start()
    try:
        yield here.recv(), here
    finally:
        here.send(None)
        host.join(10)


def settings_for(root: Path, *, adaptive: bool, downloads: int) -> Settings:
    settings, replace = Settings(), msgspec.structs.replace
    return replace(
        settings,
        archive=replace(settings.archive, root=str(root), min_free=0, min_free_percent=0.0),
        network=replace(settings.network, allow_private=("127.0.0.0/8",)),
        feeds=replace(settings.feeds, min_interval=2.0, default_interval=2.0, adaptive=False),
        engine=replace(settings.engine, poll_workers=POLLS, download_workers=downloads),
        throttle=replace(settings.throttle, adaptive=adaptive),
    )


def work(
    pipe: Connection, urls: list[str], root: Path, settings: Settings, *, in_group: bool
) -> None:
    """Run an engine, in a process of its own: tell of it until anything is said."""
    os.environ["PODFETCH_STATE_DIR"] = str(root / "state")
    reading = root / "memory"
    resources.machine_memory_percent = lambda: float(control_group.number(reading) or 0)
    if in_group:
        resources.machine_cpu_seconds = lambda: (0.0, 0.0)
    with archives.changing(settings) as archive:
        feeds = tuple(NewFeed(url=url) for url in urls)
        archive.writer.submit(
            ImportFeeds(source="bench", feeds=feeds, at=archive.clock.now_ms())
        ).result()
        with compose.engine_on(archive, settings) as engine:
            while not pipe.poll(LOOK_S):
                pipe.send(look(engine))
            pipe.recv()
            pipe.send(look(engine))


def look(engine: Engine) -> Look:
    now = engine.governor.latest
    download, poll = now.lanes.get("download"), now.lanes.get("poll")
    return Look(
        time.monotonic(),
        download.target if download else 0,
        poll.target if poll else 0,
        download.busy if download else 0,
        now.resources.get("cpu_percent", 0.0),
        now.resources.get("memory_percent", 0.0),
        engine.telemetry.attempts(Lane.DOWNLOAD).moved,
        download.reason if download else "",
    )


@contextlib.contextmanager
def engine_at_work(
    urls: list[str], root: Path, settings: Settings, *, in_group: bool
) -> Iterator[Connection]:
    here, there = FORK.Pipe()
    (root / "memory").write_text("30")
    engine = FORK.Process(
        target=work, args=(there, urls, root, settings), kwargs={"in_group": in_group}
    )
    engine.start()
    here.recv()
    try:
        yield here
    finally:
        here.send("end")
        while engine.is_alive():
            if here.poll(0.1):
                with contextlib.suppress(EOFError):
                    here.recv()
        engine.join()


# --- under pressure ---------------------------------------------------------------------------


def loaded(*, in_group: bool) -> tuple[list[Look], list[Phase]]:
    """Take the engine through all phases."""
    looks: list[Look] = []
    phases: list[Phase] = []
    with tempfile.TemporaryDirectory() as folder, served() as (urls, link):
        root = Path(folder)
        settings = settings_for(root / "archive", adaptive=True, downloads=DOWNLOADS)
        with engine_at_work(urls, root, settings, in_group=in_group) as pipe:
            began = time.monotonic()
            for name, seconds, kind in PHASES:
                begin = time.monotonic() - began
                with pressed(kind, root, link):
                    while time.monotonic() - began < begin + seconds:
                        found: Look = pipe.recv()
                        looks.append(found._replace(at=found.at - began))
                phases.append(Phase(name, begin, time.monotonic() - began, kind != CALM))
                print(f"  {name}: target {looks[-1].download}; {looks[-1].reason}", flush=True)
    return looks, phases


@contextlib.contextmanager
def pressed(kind: str, root: Path, link: Connection) -> Iterator[None]:
    """Put on one kind of pressure while the block runs."""
    spinning: list[BaseProcess] = []
    if kind == BUSY:
        spinning = [FORK.Process(target=spin, daemon=True) for _ in range(2)]
        for process in spinning:
            process.start()
    (root / "memory").write_text("95" if kind == MEMORY else "30")
    link.send(LINK if kind == NARROW else 0)
    try:
        yield
    finally:
        for process in spinning:
            process.terminate()
            process.join()


def report(looks: list[Look], phases: list[Phase]) -> None:
    """Print how fast targets fell and rose, and what the narrow link did."""
    for before, phase in enumerate(phases[1:]):
        inside = [look for look in looks if phase.begin <= look.at < phase.end]
        first = [look for look in looks if look.at < phase.begin][-1]
        if phase.name in ("2 busy processes", "memory 95 %", "busy"):
            fell = _first(inside, lambda look, top=first: look.download < top.download)
            half = _first(inside, lambda look, top=first: look.download <= top.download / 2)
            poll = _first(inside, lambda look, top=first: look.poll <= top.poll / 2)
            print(
                f"  {phase.name}: download target {first.download} → lower after"
                f" {_s(fell, phase)}, halved after {_s(half, phase)}"
                f" (polls {_s(poll, phase)}), lowest {min(x.download for x in inside)}"
            )
        elif phase.name in ("calm", "wide link"):
            back = _first(inside, lambda look: look.download >= 0.9 * DOWNLOADS)
            polls = _first(inside, lambda look: look.poll >= 0.9 * POLLS)
            print(
                f"  {phase.name} after {phases[before].name}: downloads at nine tenths of the"
                f" limit after {_s(back, phase)}, polls after {_s(polls, phase)}"
            )
        else:
            late = [look for look in inside if look.at > phase.begin + 45]
            moved = (late[-1].moved - late[0].moved) / (late[-1].at - late[0].at)
            targets = [look.download for look in late]
            print(
                f"  {phase.name} of {LINK / 1e3:.0f} kB/s, filled by {LINK / PER_CONNECTION:.1f}"
                f" connections: target {statistics.median(targets):.0f} (median; {min(targets)} to"
                f" {max(targets)}) of {DOWNLOADS}, {moved / 1e3:.0f} kB/s"
            )


def _first(looks: list[Look], is_it: object) -> float | None:
    assert callable(is_it)
    return next((look.at for look in looks if is_it(look)), None)


def _s(at: float | None, phase: Phase) -> str:
    return f"{at - phase.begin:.1f} s" if at is not None else "never"


def picture(looks: list[Look], phases: list[Phase]) -> str:
    def line(name: str, values: list[float], *, dashed: bool = False) -> Line:
        return Line(name, [(x.at, v) for x, v in zip(looks, values, strict=True)], dashed)

    speeds = [0.0] * len(looks)
    for number in range(6, len(looks)):
        then, now = looks[number - 6], looks[number]
        speeds[number] = (now.moved - then.moved) / (now.at - then.at) / 1e6
    seconds = looks[-1].at
    panels = [
        Panel(
            f"workers (limit {DOWNLOADS} in both lanes)",
            [
                line("download target", [x.download for x in looks]),
                line("poll target", [x.poll for x in looks], dashed=True),
                line("downloads running", [x.busy for x in looks], dashed=True),
            ],
            DOWNLOADS * 1.125,
        ),
        Panel(
            "percent",
            [line("cpu", [x.cpu for x in looks]), line("memory", [x.memory for x in looks])],
            100,
        ),
        Panel("MB/s", [line("downloads", speeds)], 1.6),
    ]
    return svg("Targets of the throttle while the load changes", panels, phases, seconds)


# --- without load -----------------------------------------------------------------------------


def unloaded(seconds: int, rounds: int, *, in_group: bool) -> None:
    """Compare bytes moved with and without the throttle, in turn."""
    for downloads in (8, DOWNLOADS):
        moved: dict[bool, list[int]] = {True: [], False: []}
        for _ in range(rounds):
            for adaptive in (False, True):
                found = moved_in(seconds, adaptive=adaptive, downloads=downloads, group=in_group)
                moved[adaptive].append(found)
        ratios = [a / b for a, b in zip(moved[True], moved[False], strict=True)]
        print(
            f"  unloaded, {downloads} workers, {seconds} s from the start: with the throttle"
            f" {statistics.median(ratios):.3f} of the bytes without"
            f" ({min(ratios):.3f} to {max(ratios):.3f})"
        )


@contextlib.contextmanager
def polled(count: int) -> Iterator[list[str]]:
    """Serve ``count`` feeds of 100 items as fast as they are asked for."""
    if not count:
        yield []
        return
    here, there = FORK.Pipe()
    host = FORK.Process(target=plain.serve, args=(there, count, 0), daemon=True)
    host.start()
    try:
        yield here.recv()[0]
    finally:
        here.send("end")
        host.join(10)


def polls(urls: list[str], rounds: int, *, in_group: bool) -> None:
    """Compare the seconds of cold polls with and without the throttle, in turn."""
    ratios, lowest, latest = [], POLLS, 0.0
    for _ in range(rounds):
        took = {}
        for adaptive in (False, True):
            here, there = FORK.Pipe()
            words = (there, urls, adaptive, in_group)
            engine = FORK.Process(target=poll_all, args=words)
            engine.start()
            took[adaptive], target, lag = here.recv()
            lowest, latest = min(lowest, target), max(latest, lag)
            engine.join()
        ratios.append(took[False] / took[True])
    print(
        f"  {len(urls)} cold polls, the processor full of them: with the throttle"
        f" {statistics.median(ratios):.2f} of the rate without ({min(ratios):.2f} to"
        f" {max(ratios):.2f}); lowest target {lowest}, timer at most {latest:.0f} ms late",
        flush=True,
    )


def poll_all(pipe: Connection, urls: list[str], adaptive: bool, in_group: bool) -> None:
    """Poll all feeds once, in a process of its own; tell (seconds, lowest target, most lag)."""
    if in_group:
        resources.machine_cpu_seconds = lambda: (0.0, 0.0)
    target, lag = POLLS, 0.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PODFETCH_STATE_DIR"] = f"{folder}/state"
        settings = settings_for(Path(folder) / "archive", adaptive=adaptive, downloads=0)
        with archives.changing(settings) as archive:
            plain.take_in(archive, urls)
            began = time.monotonic()
            with compose.engine_on(archive, settings, once=True) as engine:
                while not engine.finished.wait(LOOK_S):
                    now = engine.governor.latest
                    lag = max(lag, now.resources.get("lag_ms", 0.0))
                    target = min([target, *(x.target for k, x in now.lanes.items() if k == "poll")])
                seconds = time.monotonic() - began
    pipe.send((seconds, target, lag))


def moved_in(seconds: int, *, adaptive: bool, downloads: int, group: bool) -> int:
    with tempfile.TemporaryDirectory() as folder, served() as (urls, _):
        root = Path(folder)
        settings = settings_for(root / "archive", adaptive=adaptive, downloads=downloads)
        with engine_at_work(urls, root, settings, in_group=group) as pipe:
            found: Look = pipe.recv()
            while not found.moved:
                found = pipe.recv()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                found = pipe.recv()
            return found.moved


if __name__ == "__main__":
    main()
