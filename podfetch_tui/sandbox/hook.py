"""A program of the operator's, run with a deadline and a cap on what it prints, but as he would.

Unlike :mod:`run_program` nothing is taken away from it: it is for the network, the mail system or
the files of whoever set it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Mapping, Sequence

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.sandbox import process
from podfetch_tui.sandbox.run_program import STOPPED, Finished, Output, verdict, watch

STDOUT_CAP = 1 << 20


def run_hook(
    argv: Sequence[str],
    *,
    given: bytes,
    environment: Mapping[str, str],
    wall_s: float,
    stop: threading.Event,
) -> Finished:
    """Run a program to its end, or end it with all it started.

    Args:
        argv: Absolute path of the program, and its arguments; no shell ever sees them.
        given: What stands on its input, at most a few KiB.
        environment: Variables beside our own, of which those that are settings are left out.
        wall_s: Seconds it may take.
        stop: Ends it when set.

    Raises:
        Failure: ``STOPPED``, or what kept any child from being started.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PODFETCH_")}
    started = process.spawn_free(argv, {**kept, **environment})
    output = Output(STDOUT_CAP)
    problem = "could not be watched"
    try:
        if started.stdin is not None:
            with contextlib.suppress(OSError):  # it may not want it
                os.write(started.stdin.fileno(), given)
            started.stdin.close()
        problem = watch(started, output, time.monotonic() + wall_s, stop)
    finally:
        returncode = process.end(started)
    if problem == STOPPED:
        raise Failure(Kind.STOPPED, f"stopped {argv[0]} before it was done")
    stderr = output.stderr.decode(errors="replace")
    return Finished(
        returncode=-9 if returncode is None else returncode,
        stdout=bytes(output.stdout),
        stderr=stderr,
        problem=problem or verdict(returncode, stderr),
    )
