"""``podfetch --no-ui``: watch an engine until it is done, then sum up.

A terminal gets a live display, everything else one line an event. It only looks: it never
starts, stops or slows the engine, and goes on waiting when nobody can read it any more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TextIO

from podfetch_tui.api.client import EngineClient
from podfetch_tui.headless.cells import fit
from podfetch_tui.headless.display import Display, can_redraw, look_of
from podfetch_tui.headless.frame import Look, frame
from podfetch_tui.headless.lines import json_line, json_lost, json_progress, text_line
from podfetch_tui.headless.narration import Narration
from podfetch_tui.headless.summary import json_summary, next_due, text_summary
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.events import Event

FRAME_S = 0.25
PROGRESS_S = 60.0
MOST_SAID = 20
"""Lines an event storm may scroll by in one frame of the live display."""
_QUIET_KINDS = frozenset({"feed_polled", "feed_deferred", "episode_deferred", "episode_derived"})
"""Kinds the live display leaves out: its figures show them."""
_MISSED = "(events went by too fast to be shown, see `podfetch events`)"


def show(
    client: EngineClient,
    finished: threading.Event,
    *,
    stream: TextIO | Narration,
    as_json: bool = False,
    quiet: bool = False,
    stop: Callable[[], None] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Show ``client``'s engine until ``finished`` is set, then print the closing summary.

    Args:
        client: The engine's doorway.
        finished: Set when the engine starts nothing more.
        stream: Standard error, or the :class:`Narration` that the log writes to.
        as_json: One JSON object a line, whatever the stream is.
        quiet: The summary only.
        stop: Called once ``finished`` is set, on a thread of its own; it returns when the
            engine has stopped. Meanwhile the display goes on, and the summary waits.
        environ: Environment; ``TERM`` and ``NO_COLOR`` are looked at.
    """
    narration = stream if isinstance(stream, Narration) else Narration(stream)
    live = not (as_json or quiet) and can_redraw(narration, environ)
    view: _View
    if live:
        view = _LiveView(client, narration, environ)
    else:
        view = _LineView(client, narration, as_json=as_json, quiet=quiet)
    watch = _Watch(view)
    try:
        while not finished.wait(FRAME_S):
            watch.look()
        if stop is not None:
            _look_while(stop, watch)
    finally:
        watch.end()


class _View:
    """Shows what happened since the last look."""

    def __init__(self, client: EngineClient, narration: Narration) -> None:
        self.client = client
        self.narration = narration
        self._after = 0

    def open(self) -> None:
        """Get ready."""

    def look(self) -> None:
        """Show what is new."""
        raise NotImplementedError

    def end(self) -> None:
        """Show what is still new, and the summary."""
        raise NotImplementedError

    def news(self) -> tuple[list[Event], bool]:
        """Return the events since the last call, and whether some were missed."""
        batch = self.client.watch(self._after)
        missed = batch.lost and self._after > 0
        self._after = batch.last_seq
        return list(batch.events), missed

    def write(self, lines: list[str]) -> None:
        """Write whole lines at once."""
        if lines:
            self.narration.write("".join(f"{line}\n" for line in lines))
            self.narration.flush()


class _LineView(_View):
    """One line an event, and now and then where the engine stands."""

    def __init__(
        self, client: EngineClient, narration: Narration, *, as_json: bool, quiet: bool
    ) -> None:
        super().__init__(client, narration)
        self._as_json = as_json
        self._quiet = quiet
        self._frames = 0

    def look(self) -> None:
        if self._quiet:
            return
        events, missed = self.news()
        if self._as_json:
            lines = [json_line(event) for event in events]
        else:
            plain = self.narration.ascii_only
            lines = [text_line(event, ascii_only=plain) for event in events]
        if missed:
            lines.insert(0, json_lost(self.client.snapshot()) if self._as_json else _MISSED)
        self._frames += 1
        if self._as_json and self._frames % round(PROGRESS_S / FRAME_S) == 0:
            lines.append(json_progress(self.client.snapshot()))
        self.write(lines)

    def end(self) -> None:
        self.look()
        snapshot = self.client.snapshot()
        due = next_due(self.client, snapshot)
        self.write([json_summary(snapshot, due)] if self._as_json else text_summary(snapshot, due))


class _LiveView(_View):
    """The live display, with what matters scrolling above it."""

    def __init__(
        self, client: EngineClient, narration: Narration, environ: Mapping[str, str]
    ) -> None:
        super().__init__(client, narration)
        self._environ = environ
        self._display = Display(narration)

    def open(self) -> None:
        self._display.open()

    def look(self) -> None:
        look = look_of(self.narration, self._environ)
        said = self._said(look)
        self._display.paint(frame(self.client.snapshot(), look), said, look)

    def end(self) -> None:
        look = look_of(self.narration, self._environ)
        said = self._said(look)
        snapshot = self.client.snapshot()
        lines = text_summary(snapshot, next_due(self.client, snapshot))
        self._display.close([*said, *lines], columns=look.columns)

    def _said(self, look: Look) -> list[str]:
        events, missed = self.news()
        told = [event for event in events if event.kind not in _QUIET_KINDS]
        lines = [text_line(event, ascii_only=look.ascii_only) for event in told[-MOST_SAID:]]
        if missed or len(told) > MOST_SAID:
            lines.insert(0, _MISSED)
        return [fit(text, max(look.columns - 1, 1)) for text in lines]


class _Watch:
    """A view that falls silent when its stream is gone: a closed terminal stops no engine."""

    def __init__(self, view: _View) -> None:
        self._view = view
        self._silent = False
        self._do(view.open)

    def look(self) -> None:
        """Show what is new."""
        self._do(self._view.look)

    def end(self) -> None:
        """Show the summary."""
        self._do(self._view.end)

    def _do(self, step: Callable[[], None]) -> None:
        if self._silent:
            return
        try:
            step()
        except OSError:
            # EPIPE or EIO: nobody reads any more.
            self._fall_silent()
        except ValueError:
            if not self._view.narration.closed:
                raise
            self._fall_silent()
        except (Failure, PodfetchError) as error:
            self._view.narration.write(f"podfetch: {error}\n")

    def _fall_silent(self) -> None:
        self._silent = True
        # What the log says from now on must not pile up behind a display that is no more.
        self._view.narration.release()


def _look_while(stop: Callable[[], None], watch: _Watch) -> None:
    """Call ``stop`` on a thread of its own and go on looking until it returns."""
    with ThreadPoolExecutor(1, thread_name_prefix="podfetch-stop") as pool:
        done = threading.Event()
        future: Future[None] = pool.submit(stop)
        future.add_done_callback(lambda _: done.set())
        while not done.wait(FRAME_S):
            watch.look()
    future.result()
