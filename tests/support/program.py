"""The program as a user starts it: its streams and its exit code.

Most commands run in the tests' own process, which spares them half a second of imports each.
What is about a process itself (signals, limits, what is imported) takes :func:`as_process`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from podfetch_tui.cli.main import main

ON_LOOPBACK = (
    "--set",
    "network.allow_private=127.0.0.0/8",
    "--set",
    "archive.min_free=0",
    "--set",
    "retry.base=0.01s",
    "--set",
    "retry.cap=0.05s",
    "--set",
    "throttle.adaptive=no",
)
"""Options of a run against the tests' podcast host."""


def podfetch(
    *words: str,
    stdin: str | bytes = b"",
    folder: Path | None = None,
    preexec: Callable[[], None] | None = None,
    **env: str,
) -> subprocess.CompletedProcess[str]:
    """Run ``podfetch words…`` to its end, in this process.

    Args:
        words: Its command line.
        stdin: What it can read.
        folder: Where it runs; the home folder when left out.
        preexec: Called first, in a process of its own; without it there is none.
        env: Changes of the environment.
    """
    if preexec is not None:
        return as_process(*words, stdin=stdin, folder=folder, preexec=preexec, **env)
    return _as_text(podfetch_bytes(*words, stdin=stdin, folder=folder, **env))


def podfetch_bytes(
    *words: str, stdin: str | bytes = b"", folder: Path | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Do as :func:`podfetch`; what it wrote is not decoded."""
    out, err = io.BytesIO(), io.BytesIO()
    code = 0
    with (
        _streams(_as_bytes(stdin), out, err),
        patch.object(sys, "argv", ["podfetch", *words]),
        patch.object(sys, "excepthook", sys.excepthook),
        patch.dict(os.environ, env),
        _working_in(folder or Path(os.environ["HOME"])),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return subprocess.CompletedProcess(["podfetch", *words], code, out.getvalue(), err.getvalue())


def as_process(
    *words: str,
    stdin: str | bytes = b"",
    folder: Path | None = None,
    preexec: Callable[[], None] | None = None,
    **env: str,
) -> subprocess.CompletedProcess[str]:
    """Do as :func:`podfetch`, in a process of its own, which calls ``preexec`` first."""
    done = subprocess.run(
        [sys.executable, "-m", "podfetch_tui", *words],
        cwd=folder or os.environ["HOME"],
        env={**os.environ, **env},
        input=_as_bytes(stdin),
        capture_output=True,
        timeout=100,
        check=False,
        preexec_fn=preexec,
    )
    return _as_text(done)


def json_lines(*words: str) -> list[dict[str, Any]]:
    """Run ``podfetch``, which must succeed, and return the JSON objects of its lines."""
    done = podfetch(*words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def _streams(stdin: bytes, out: io.BytesIO, err: io.BytesIO) -> Iterator[None]:
    """Put streams in place of those of the process, as pipes would be."""
    made = [io.TextIOWrapper(raw, encoding="utf-8") for raw in (io.BytesIO(stdin), out, err)]
    with contextlib.ExitStack() as stack:
        for name, stream in zip(("stdin", "stdout", "stderr"), made, strict=True):
            stack.enter_context(patch.object(sys, name, stream))
        yield
        for stream in made[1:]:
            if not stream.closed:
                stream.flush()
    for stream in made:
        if not stream.closed:
            stream.detach()  # what was written is read from below


@contextlib.contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _as_text(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[str]:
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)
