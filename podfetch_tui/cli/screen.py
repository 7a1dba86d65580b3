"""The terminal application and the engine it hosts: the screen first, the engine behind it."""

from __future__ import annotations

import contextlib
import os
import shlex
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from podfetch_tui.api.starting import StartingClient
from podfetch_tui.cli import screen_log
from podfetch_tui.cli.forced_end import end_for_certain
from podfetch_tui.cli.output import say
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.units import format_duration
from podfetch_tui.system import signals, terminal
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.foreground import Foreground
from podfetch_tui.system.paths import user_state_dir

if TYPE_CHECKING:
    from podfetch_tui.engine.engine import Engine

OpenEngine = Callable[[], "AbstractContextManager[Engine]"]
"""Opens the archive and starts an engine on it; leaving the block closes both."""
GoOn = Callable[["Engine", "Path | None"], int]
"""Shows an engine without a screen until it ends, with its log file; returns the exit code."""
KEPT = "ui.json"
"""In the state folder: what the screens keep from one run to the next."""
_LOOK_S = 0.1


class EngineHost:
    """Holds an engine on a thread of its own, from the first picture to the end.

    An engine that ended by itself may be followed by another one.
    """

    def __init__(self, open_engine: OpenEngine, client: StartingClient, settings: Settings) -> None:
        self._open = open_engine
        self._client = client
        self._clock = Clock()
        self._leave = threading.Event()
        self._there = threading.Event()
        self._drain_s: float | None = None
        self._engine: Engine | None = None
        self._settings = settings
        self._future: Future[tuple[int, str]] | None = None
        self._is_next_due = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="podfetch-host")
        self.ended = threading.Event()
        """No engine is left: it was told to end, or could not be started at all."""

    @property
    def settings(self) -> Settings:
        """What holds now."""
        return self._settings if self._engine is None else self._engine.settings

    def begin(self) -> None:
        """Open the archive and start the engine, without waiting for it."""
        self._future = self._thread.submit(self._host)
        self._future.add_done_callback(self._on_end)

    def restart(self) -> None:
        """Start another engine after one that ended by itself, without waiting for it.

        The one before may still be closing its archive: then as soon as it has.
        """
        if self._future is None or self._is_next_due:
            return
        self._is_next_due = True
        self._future.add_done_callback(self._begin_next)

    def engine(self) -> Engine | None:
        """Return the engine, waiting until it has started; ``None`` when it ended.

        It is begun where the screen was left before its first picture was done.
        """
        if self._future is None:
            self.begin()
        self._there.wait()
        has_ended = self._future is not None and self._future.done()
        return None if has_ended else self._engine

    def end(self, drain_s: float) -> tuple[int, str]:
        """Stop the engine; return its exit code and why it ended by itself.

        Args:
            drain_s: Seconds that running jobs may go on.

        Raises:
            PodfetchError: The archive could not be opened.
            Failure: The engine could not be started.
        """
        self._drain_s = drain_s
        self._leave.set()
        self._thread.shutdown(wait=True)
        return self._future.result() if self._future is not None else (0, "")

    def stop_now(self) -> None:
        """Let running jobs end as soon as they can; may be called from a signal's thread."""
        if self._engine is not None:
            self._engine.stop_now()

    def _host(self) -> tuple[int, str]:
        from podfetch_tui.api.local import LocalClient

        with self._open() as engine:
            self._engine = engine
            self._client.opened(LocalClient(engine))
            self._there.set()
            while not self._clock.wait(self._leave, _LOOK_S):
                if engine.finished.is_set():  # by a command, or by what it died of
                    break
            drain_s = self._drain_s
            engine.stop(
                timeout=engine.settings.engine.drain_timeout if drain_s is None else drain_s
            )
        return engine.end.exit_code, engine.end.text

    def _begin_next(self, _: Future[tuple[int, str]]) -> None:
        self._is_next_due = False
        if self._leave.is_set():  # the operator left while the one before was closing
            return
        self._there.clear()
        self._client.reopening(self._clock.now_ms())
        self.begin()

    def _on_end(self, future: Future[tuple[int, str]]) -> None:
        """Tell the screen to close, or to say why there is no engine any more."""
        error, is_first = future.exception(), self._engine is None
        if error is not None and not is_first:
            self._client.failed(str(error), self._clock.now_ms())
        elif error is not None or not future.result()[0]:
            self.ended.set()
        self._there.set()


def run_with_screen(
    open_engine: OpenEngine,
    settings: Settings,
    archive: Path,
    go_on: GoOn,
    program: str,
    shell: Foreground | None = None,
) -> int:
    """Open the terminal application, and the engine as soon as the first picture is there.

    Args:
        open_engine: Opens the archive and starts an engine.
        settings: What holds at first.
        archive: The archive's folder.
        go_on: Shows the engine when the screen is closed and the engine is kept.
        program: How the operator calls the program for this archive.
        shell: Gets its terminal back when the engine is kept; without it the engine goes on in
            the foreground.

    Returns:
        The exit code.

    Raises:
        PodfetchError: The archive cannot be used; the screen is gone by then.
        Failure: The engine could not be started.
    """
    from podfetch_tui.sandbox.editor import run_editor
    from podfetch_tui.ui.app import PodFetchApp
    from podfetch_tui.ui.dialogs.quit import running
    from podfetch_tui.ui.kept import Kept
    from podfetch_tui.ui.run import run_app

    client = StartingClient(str(archive), Clock().now_ms())
    host = EngineHost(open_engine, client, settings)
    log, log_file = screen_log.opened(settings.logging, archive)
    with contextlib.closing(log):
        how = run_app(
            lambda: PodFetchApp(
                client,
                settings.ui,
                keys=dict(settings.keys.bindings),
                on_painted=host.begin,
                host_ended=host.ended,
                restart=host.restart,
                kept=Kept(user_state_dir() / KEPT),
                program=program,
            ),
            editor=run_editor,
        )
    if how == "hangup":
        terminal.detach()
    is_kept = how in ("keep", "broken") or (
        how == "hangup" and host.settings.ui.on_hangup == "continue"
    )
    engine = host.engine() if is_kept else None
    if engine is not None:
        # A signal may come before ``go_on`` listens.
        with signals.install(on_drain=lambda _: engine.ask_to_stop(), on_now=end_for_certain):
            say(_kept(how, archive, where="in the background " if shell else ""))
            if shell is not None:
                shell.give_back()
            engine.events.emit("screen_closed", f"{_WHY.get(how, how)}; the engine goes on")
            forced = go_on(engine, log_file)
            host.end(0.0)
        return forced
    drains = how == "drain" or (how == "hangup" and host.settings.ui.on_hangup == "drain")
    with signals.install(on_drain=lambda _: host.stop_now(), on_now=end_for_certain):
        left = running(client.snapshot()) if how == "drain" else ""
        if left:
            most = format_duration(host.settings.engine.drain_timeout)
            say(f"podfetch: ending: {left} may finish ({most} at most; Ctrl-C ends now)")
        code, text = host.end(host.settings.engine.drain_timeout if drains else 0.0)
    if code:
        say(f"podfetch: {text}")
        if log_file is not None:
            say(f"The log: {log_file}")
    return code


_WHY = {
    "keep": "the screen was closed",
    "hangup": "the terminal went away",
    "broken": "the screen broke, a bug in PodFetch",
}


def _kept(how: str, archive: Path, *, where: str) -> str:
    folder = shlex.quote(str(archive))
    return (
        f"podfetch: {_WHY[how]}; the engine goes on {where}as process {os.getpid()}.\n"
        f"`podfetch attach {folder}` opens the screens again,"
        f" `podfetch --archive {folder} stop` ends it."
    )
