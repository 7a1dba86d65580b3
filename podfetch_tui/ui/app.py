"""The terminal application: it looks at an engine through its doorway and sends commands.

It owns no engine thread and never waits for one: four times a second it takes one snapshot
and shows it. What the operator decided about the engine is the value it ends with; the host
acts on it. Importing this module loads Textual, so it is imported only to be run.
"""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.commands import BeginFeeds, CheckFeeds, Command, Pause, Resume
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui import glyphs, theme
from podfetch_tui.ui.dialogs.quit import HowToEnd, QuitDialog
from podfetch_tui.ui.safety import ControlFilter
from podfetch_tui.ui.screens.dashboard import Dashboard
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import Memory, View
from podfetch_tui.ui.widgets.status_bar import StatusBar

FRAME_S = 0.25
IMPORTED_PAUSED = "imported paused"
"""State reason of feeds that wait for the operator to begin."""
_SIGNALS: dict[signal.Signals, HowToEnd] = {
    signal.SIGTERM: "drain",
    signal.SIGINT: "drain",
    signal.SIGHUP: "hangup",
}


class PodFetchApp(App[HowToEnd]):
    """Main screens over one engine."""

    TITLE = "PodFetch"
    CSS_PATH: ClassVar = [Path(__file__).with_name("app.tcss")]
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "switch_mode('dashboard')", "Dashboard", show=False, id="go.dashboard"),
        Binding("2", "switch_mode('feeds')", "Feeds", show=False, id="go.feeds"),
        Binding("4", "switch_mode('downloads')", "Downloads", show=False, id="go.downloads"),
        Binding("b", "begin", "Begin", id="engine.begin", tooltip="Begin with the new feeds"),
        Binding("p", "pause", "Pause/resume", id="engine.pause", tooltip="Start nothing new"),
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Drain or stop, and leave"),
    ]

    def __init__(self, client: EngineClient, settings: UiSettings) -> None:
        """Create the application over the engine behind ``client``."""
        # Textual takes NO_COLOR for grey; with native colours it really uses none.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.client = client
        self.glyphs = glyphs.choose(settings.glyphs, os.environ)
        self.register_theme(theme.PODFETCH_DARK)
        wanted = settings.theme
        self.theme = wanted if wanted in self.available_themes else theme.DEFAULT
        self.animation_level = "none"
        self._memory = Memory()
        self._view = self._memory.view(client.snapshot())
        self._paused_feeds = -1
        self._is_lost = False
        self.add_mode("dashboard", lambda: Dashboard(self.glyphs, self.current))
        self.add_mode("feeds", self._feeds)
        self.add_mode("downloads", self._downloads)

    def current(self) -> View:
        """Return the newest view."""
        return self._view

    def get_line_filters(self) -> list[LineFilter]:
        """Return Textual's filters and, last, ours that no control character passes."""
        return [*super().get_line_filters(), ControlFilter()]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that our style sheets need and a theme may lack."""
        return theme.DEFAULT_VARIABLES

    async def on_mount(self) -> None:
        """Open the dashboard, then look at the engine in a steady rhythm."""
        self._listen_to_signals()
        await self.switch_mode(Dashboard.MODE)
        self.set_interval(FRAME_S, self.look)

    def look(self) -> None:
        """Take one snapshot and show it; the last one stays while the engine is silent."""
        try:
            snapshot = self.client.snapshot()
        except (Failure, PodfetchError) as error:
            if not self._is_lost:
                self.notify(f"The engine does not answer: {error}", severity="error", markup=False)
            self._is_lost = True
            return
        self._is_lost = False
        self._view = self._memory.view(snapshot)
        paused = self._view.snapshot.feeds.get("paused", 0)
        if paused != self._paused_feeds:
            self._paused_feeds = paused
            self.run_worker(self._count_waiting, thread=True, group="waiting", exit_on_error=False)
        self.show()

    def show(self) -> None:
        """Show the newest view on the screens that are up."""
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                with self.batch_update():
                    screen.show_view(self._view)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if action == "begin":
            return bool(self._view.waiting)
        return super().check_action(action, parameters)

    def action_begin(self) -> None:
        """Begin with the feeds that were imported paused."""
        self._send(BeginFeeds())

    def action_pause(self) -> None:
        """Pause, or go on."""
        self._send(Resume() if self._view.snapshot.state == "paused" else Pause())

    async def action_quit(self) -> None:
        """Ask how to end."""
        if not isinstance(self.screen, QuitDialog):
            self.push_screen(QuitDialog(self._view.snapshot), self._end)

    def on_status_bar_chosen(self, message: StatusBar.Chosen) -> None:
        """Go where a tab leads."""
        self.switch_mode(message.mode)

    def on_main_screen_check_wanted(self, message: MainScreen.CheckWanted) -> None:
        """Have one feed polled now."""
        self._send(CheckFeeds((message.feed_id,)))

    # The first picture does not wait for the code of screens that are not shown yet.

    def _feeds(self) -> MainScreen:
        from podfetch_tui.ui.screens.feeds import Feeds

        return Feeds(self.glyphs, self.current, self.client)

    def _downloads(self) -> MainScreen:
        from podfetch_tui.ui.screens.downloads import Downloads

        return Downloads(self.glyphs, self.current)

    def _end(self, how: HowToEnd | None) -> None:
        if how is not None:
            self.exit(how)

    def _send(self, command: Command) -> None:
        self.run_worker(partial(self._carry, command), thread=True, exit_on_error=False)

    def _carry(self, command: Command) -> None:
        """Send ``command``; runs on a thread of its own, for the engine may take a while."""
        try:
            result = self.client.send(command)
        except (Failure, PodfetchError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        severity: Literal["information", "error"] = "information" if result.ok else "error"
        self.notify(result.text, severity=severity, markup=False, timeout=4)

    def _count_waiting(self) -> None:
        """Find out how many paused feeds wait to begin; runs on a thread of its own."""
        snapshot = self._view.snapshot
        waiting = snapshot.feeds.get("waiting")
        if waiting is None:
            waiting = self._waiting_of(snapshot.feeds.get("paused", 0))
        self.call_later(self._set_waiting, waiting)

    def _waiting_of(self, paused: int) -> int:
        if not paused:
            return 0
        try:
            page = self.client.query(PageRequest(kind="feeds", state="paused", limit=200))
        except (Failure, PodfetchError):
            return 0
        others = sum(row.get("state_reason") != IMPORTED_PAUSED for row in page.rows)
        return paused - others if others < len(page.rows) else 0

    def _set_waiting(self, waiting: int) -> None:
        if waiting != self._memory.waiting:
            self._memory.waiting = waiting
            self._view = self._memory.view(self._view.snapshot)
            self.refresh_bindings()
            self.show()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            try:
                loop.add_signal_handler(number, self._on_signal, number)
            except (RuntimeError, ValueError):
                # Not the main thread, as under a test or a browser: then signals are not ours.
                return

    def _on_signal(self, number: signal.Signals) -> None:
        again = self._exit
        self.exit("now" if again and number != signal.SIGHUP else _SIGNALS[number])


def run_app(client: EngineClient, settings: UiSettings) -> HowToEnd:
    """Run the application until the operator leaves; return how the engine is to end.

    The terminal is restored in any case, also on SIGTERM (``drain``) and SIGHUP
    (``hangup``). Should the application itself break, it says so and the answer is
    ``drain``: what runs may end.
    """
    return PodFetchApp(client, settings).run() or "drain"
