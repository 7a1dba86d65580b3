"""``status --watch``: the status again every second, until somebody interrupts it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

import click
import msgspec

from podfetch_tui.cli.status_report import Observer, Report
from podfetch_tui.cli.status_text import in_words
from podfetch_tui.headless.cells import fit
from podfetch_tui.headless.display import Display, can_redraw, look_of
from podfetch_tui.headless.lines import plain
from podfetch_tui.headless.narration import Narration
from podfetch_tui.model.figures import clock
from podfetch_tui.system.clock import Clock

EVERY_S = 1.0


def watch_status(
    observer: Observer,
    *,
    as_json: bool,
    check: bool,
    stream: TextIO | None = None,
    pause: Callable[[], bool] | None = None,
) -> None:
    """Show the status every second; on a terminal in place, else a line each time.

    Args:
        observer: Looks.
        as_json: One JSON object a line.
        check: The line of ``--check`` instead.
        stream: Standard output.
        pause: Waits for the next second; true ends the watch.

    Raises:
        ArchiveUnusable: There is no archive, or it cannot be read any more.
    """
    out = stream or sys.stdout
    narration = Narration(out)
    never, time = threading.Event(), Clock()
    wait = pause or (lambda: time.wait(never, EVERY_S))
    with contextlib.suppress(KeyboardInterrupt):
        if not as_json and not check and can_redraw(narration, os.environ):
            _redraw(observer, narration, wait)
            return
        while True:
            report = observer.look()
            if as_json:
                click.echo(msgspec.json.encode(report).decode(), file=out)
            else:
                click.echo(f"{clock(time.now_ms())} {report.in_one_line()}", file=out)
            if wait():
                return


def _redraw(observer: Observer, narration: Narration, wait: Callable[[], bool]) -> None:
    display = Display(narration)
    report: Report | None = None
    display.open()
    try:
        while True:
            report = observer.look()
            look = look_of(narration, os.environ)
            lines = [fit(line, max(look.columns - 1, 1)) for line in in_words(report)]
            lines = [plain(line) for line in lines] if look.ascii_only else lines
            display.paint(lines[: max(look.rows - 1, 1)], [], look)
            if wait():
                return
    finally:
        display.close(in_words(report) if report else [])
