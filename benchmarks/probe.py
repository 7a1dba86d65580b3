"""Milliseconds to validate a file: sniff and libav in a warm child, against ffprobe processes.

Run: ``python -m benchmarks.probe [FILE…]``. Both are timed in turns in one run; without files it
encodes 5 minutes of MP3 and of AAC itself. The target is a ratio of 50 at least.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from podfetch_tui.media.judge import judge
from podfetch_tui.media.sniff import sniff_file
from podfetch_tui.model.sandboxed import ProbeMode, ProbeParams
from podfetch_tui.sandbox.pool import Sandbox

TURNS = 5
IN_A_ROW = 7


def main(arguments: list[str]) -> None:
    """Print one line a file and mode."""
    program = shutil.which("ffprobe")
    with tempfile.TemporaryDirectory() as folder, Sandbox(1) as sandbox:
        paths = [Path(argument).absolute() for argument in arguments] or samples(Path(folder))
        for path in paths:
            for mode in ("header", "full"):
                compare(sandbox, path, mode, program)


def compare(sandbox: Sandbox, path: Path, mode: ProbeMode, program: str | None) -> None:
    """Time both in turns and print medians and their ratio."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(TURNS):
        # A few at a time: a processor that has just idled or forked is slow for all.
        ours += [timed(lambda: validate(sandbox, path, mode)) for _ in range(IN_A_ROW)][1:]
        if program is not None:
            theirs += [timed(lambda: ffprobe(program, path)) for _ in range(IN_A_ROW)][1:]
    line = f"{path.name:20} {mode:7} libav in the child {statistics.median(ours):8.2f} ms"
    if theirs:
        ratio = statistics.median(theirs) / statistics.median(ours)
        line += f"   ffprobe process {statistics.median(theirs):8.2f} ms   ratio {ratio:6.1f}"
    print(line)


def ffprobe(program: str, path: Path) -> None:
    """Ask the program the usual question."""
    command = [program, "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    subprocess.run(command, capture_output=True, check=True)


def validate(sandbox: Sandbox, path: Path, mode: ProbeMode) -> None:
    """Do what the pipeline does with a downloaded file."""
    sniffed = sniff_file(path)
    info = sandbox.call("probe_media", b"", ProbeParams(str(path), sniffed.container, mode))
    said = judge(sniffed, info, size=path.stat().st_size)
    if said.problem:
        raise SystemExit(f"{path}: {said.problem}")


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that ``work`` took."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def samples(folder: Path) -> list[Path]:
    """Encode five minutes of noise-free tone as MP3 and as AAC."""
    paths = []
    for name, muxer, codec, layout in (
        ("five.mp3", "mp3", "libmp3lame", "s16p"),
        ("five.m4a", "ipod", "aac", "fltp"),
    ):
        path = folder / name
        with av.open(str(path), mode="w", format=muxer) as container:
            stream: Any = container.add_stream(codec, rate=48_000)
            resampler = av.AudioResampler(layout, "stereo", 48_000)
            for number in range(300 * 50):
                frame = av.AudioFrame("s16", "stereo", 960)
                frame.planes[0].update(bytes(range(240)) * 16)
                frame.sample_rate, frame.pts = 48_000, number * 960
                for part in resampler.resample(frame):
                    container.mux(stream.encode(part))
            container.mux(stream.encode(None))
        paths.append(path)
    return paths


if __name__ == "__main__":
    main(sys.argv[1:])
