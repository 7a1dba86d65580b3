"""Running ``ffmpeg`` for one order, under limits, and what its end means.

The original is only read: where the system can hold a program to that (Landlock), it may change
its one output and nothing else, and it reaches no network.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator

import msgspec

from podfetch_tui.media.budget import Budget
from podfetch_tui.media.transform import Order, arguments, picture_comment
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.pipeline.services import Services
from podfetch_tui.sandbox.run_program import Finished, run_program
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.sweep import temp_path
from podfetch_tui.system.durable import os_failures
from podfetch_tui.system.resources import free_bytes

_MEMORY = 2 * 1024**3
_FULL = ("No space left on device", "Disk quota exceeded")
_NO_ROOM = 1024**2
_SPEAKER = re.compile(r"^\[[^\]]* @ 0x[0-9a-f]+\] ")


def run_order(
    program: str,
    order: Order,
    budget: Budget,
    services: Services,
    stop: threading.Event,
    *,
    most: int,
) -> None:
    """Make what ``order`` says; what fails with pictures is tried without any.

    Args:
        program: Absolute path of ``ffmpeg``.
        order: Its ``output`` is there and empty.
        budget: Limits of time, for each try.
        services: What to work with.
        stop: Ends the program.
        most: Bytes the output may have.

    Raises:
        Failure: ``DISK_FULL``, ``STOPPED``, or ``TRANSFORM_FAILED`` with what it complained of.
    """
    with _commented(order, services.layout) as whole:
        plain = msgspec.structs.replace(order, picture=None, comment=None, keep_pictures=False)
        for one in dict.fromkeys((arguments(program, whole), arguments(program, plain))):
            ended = run_program(
                one,
                wall_s=budget.wall_s,
                cpu_s=budget.cpu_s,
                memory=_MEMORY,
                writes=most,
                output=order.output,
                stop=stop,
            )
            if not ended.problem:
                return
            raise_if_full(services.layout, ended.stderr)
            if ended.returncode < 0:
                break  # it was killed: another look would end no better
    raise Failure(Kind.TRANSFORM_FAILED, _reason(ended, order))


def _reason(ended: Finished, order: Order) -> str:
    """What it complained of first is the cause; the rest is what came of it."""
    first = next((line for line in ended.stderr.splitlines() if line.strip()), "")
    if not first or ended.returncode < 0:
        return clean(f"ffmpeg {ended.problem}")
    for path, word in ((order.source, "the original"), (order.output, "its output")):
        first = first.replace(f"file:{path}", word).replace(str(path), word)
    first = _SPEAKER.sub("", first)
    return clean(f"ffmpeg ended with status {ended.returncode}: {first}")


@contextlib.contextmanager
def _commented(order: Order, layout: Layout) -> Iterator[Order]:
    """Put a cover that goes in as a comment into a file for ``ffmpeg``, while the block runs."""
    if order.picture is None or order.target.cover != "comment":
        yield order
        return
    path = temp_path(layout)
    try:
        with os_failures("prepare a cover"):
            picture = order.picture.path.read_bytes()
            path.write_bytes(picture_comment(picture, order.picture.media_type))
        yield msgspec.structs.replace(order, comment=path)
    finally:
        with os_failures("remove a cover that was prepared"):
            path.unlink(missing_ok=True)


def raise_if_full(layout: Layout, complaint: str = "") -> None:
    """Raise when a file was not made for want of space: a full disk is nobody's fault.

    Whoever wrote to it last tells, or the disk itself: FFmpeg may end well with half a file.

    Args:
        layout: The archive; the part is still there.
        complaint: What the program said.

    Raises:
        Failure: ``DISK_FULL``.
    """
    free, total = free_bytes(layout.parts)
    if any(text in complaint for text in _FULL) or (total and free < _NO_ROOM):
        raise Failure(Kind.DISK_FULL, f"there was no room for what ffmpeg made; {free:,} are free")
