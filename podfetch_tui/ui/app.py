"""The terminal application: it looks at an engine through its doorway and sends commands.

It owns no engine thread and never waits for one: up to four times a second it takes one snapshot
and shows it. What the operator decided about the engine is the value it ends with; the host
acts on it. Importing this module loads Textual, so it is imported only to be run.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.actions import ActionParseResult
from textual.app import App
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.filter import LineFilter
from textual.worker import Worker, WorkerState

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.commands import BeginFeeds, Pause, Resume
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.link import Link
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.system import terminal
from podfetch_tui.ui import end_signals, glyphs, theme, waiting
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.dialogs.quit import HowToEnd, QuitDialog, StoppedDialog
from podfetch_tui.ui.kept import Kept
from podfetch_tui.ui.keymap import bound, changes
from podfetch_tui.ui.pace import Pace
from podfetch_tui.ui.safety import Net
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.screens.registry import SCREENS, load_all
from podfetch_tui.ui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from textual.command import Provider

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
# Those of screens and dialogs too: a sheet that comes later has all of them read anew, and
# that takes longer than the screen that brought it.
_STYLES: list[str | PurePath] = [
    _HERE / "app.tcss",
    *sorted(_HERE.glob("screens/*.tcss")),
    *_HERE.glob("dialogs/*.tcss"),
]
FRAME_S = 0.25
HOLD_S = 0.005
"""A screen that comes up is not painted for so long: its widgets come one by one."""
LOAD_S, NEXT_S = 1.0, 0.25
"""So long after the first picture the other screens are made, and so long after each other."""


def _actions() -> type[Provider]:
    from podfetch_tui.ui.palette import Actions

    return Actions


def _feeds() -> type[Provider]:
    from podfetch_tui.ui.palette import Feeds

    return Feeds


class PodFetchApp(App[HowToEnd]):
    """Main screens over one engine."""

    TITLE = "PodFetch"
    CSS_PATH: ClassVar = _STYLES
    COMMANDS = {_actions, _feeds}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-narrow"), (100, "-wide"), (150, "-xwide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (18, "-short"), (30, "-tall"), (44, "-xtall")]
    BINDINGS: ClassVar[list[BindingType]] = bound("go", "app", "engine")

    def __init__(
        self,
        client: EngineClient,
        settings: UiSettings,
        *,
        keys: Mapping[str, str] | None = None,
        on_painted: Callable[[], None] | None = None,
        host_ended: threading.Event | None = None,
        link: Callable[[], Link] | None = None,
        restart: Callable[[], None] | None = None,
        kept: Kept | None = None,
        program: str = "podfetch",
    ) -> None:
        """Create the application.

        Args:
            client: The engine's doorway.
            settings: The ``[ui]`` section.
            keys: The ``[keys]`` section: keys, comma separated, by the id of their action.
            on_painted: Called once, when the first picture is on the screen.
            host_ended: Set when there is no engine behind the doorway any more; the application
                then closes by itself.
            link: Says how the engine is reached when it is in another process: then leaving
                asks nothing, and nothing is changed where that may not be.
            restart: Starts the engine again, without waiting for it, after it stopped by itself.
            kept: What the screens keep from one run to the next.
            program: How the operator calls the program for this archive.
        """
        # Textual takes NO_COLOR for grey; with native colours it really uses none.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self._on_painted = on_painted
        self._host_ended = host_ended or threading.Event()
        for ours in theme.OURS:
            self.register_theme(ours)
        kept = kept or Kept()
        self._configured = settings.theme
        wanted = kept.theme(settings.theme)
        self.theme = wanted if wanted in self.available_themes else theme.DEFAULT
        self.animation_level = "none"
        signs = glyphs.choose(settings.glyphs, os.environ)
        self._net = Net(ascii_only=signs.ascii_only)
        self.bridge = Bridge(self, client, signs, keys or {}, link, kept, program)
        self.set_keymap(dict(keys or {}))
        self._restart = restart
        self._is_stopped = False
        self._paused_feeds = -1
        self._is_lost = False
        self._pace = Pace()
        for mode in SCREENS:
            self.add_mode(mode, self._opener(mode))

    def get_driver_class(self) -> type[Driver]:
        """Return the driver: on a terminal one that survives its terminal."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from podfetch_tui.ui.terminal_driver import TerminalDriver

        return TerminalDriver

    def get_line_filters(self) -> list[LineFilter]:
        """Return Textual's filters and, last, ours that no control character passes."""
        return self._net.behind(super().get_line_filters())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that our style sheets need and a theme may lack."""
        return theme.DEFAULT_VARIABLES

    def delay_update(self, delay: float = HOLD_S) -> None:
        """Hold the picture while a screen comes up; Textual's 50 ms are most of what one waits."""
        super().delay_update(min(delay, HOLD_S))

    async def on_mount(self) -> None:
        """Open the first screen, then look at the engine in a steady rhythm."""
        end_signals.listen(self._on_signal)
        left = self.bridge.kept.mode
        await self.switch_mode(left if left in SCREENS else next(iter(SCREENS)))
        self.set_interval(FRAME_S, self._tick)
        self.set_timer(LOAD_S, lambda: self.bridge.run(self._prepare()))
        if self._on_painted is not None:
            self.call_after_refresh(self._on_painted)

    def on_unmount(self) -> None:
        """Nobody asks any more."""
        self.bridge.close()
        self.bridge.kept.save(self.current_mode)

    def _tick(self) -> None:
        if terminal.is_gone(0):  # SIGHUP comes to who has the terminal for its own only
            self.exit("hangup")
            return
        if self._pace.is_due(time.monotonic(), time.thread_time()):
            self.look()

    def look(self) -> None:
        """Take one snapshot and show it; the last one stays while the engine is silent."""
        if self._host_ended.is_set():
            self.exit("now")
            return
        offers = self._offers()
        try:
            self.bridge.look()
        except (Failure, PodfetchError) as error:
            if not self._is_lost:
                self.bridge.toast(f"The engine does not answer: {error}", "error")
            self._is_lost = True
            return
        self._is_lost = False
        paused = self.bridge.view.snapshot.feeds.get("paused", 0)
        if paused != self._paused_feeds:
            self._paused_feeds = paused
            self.bridge.run(self._count_waiting())
        self._look_whether_stopped()
        if self._offers() != offers:
            self.refresh_bindings()
        self.show()

    def _offers(self) -> tuple[str, bool]:
        """Return what decides which keys are offered: no change may be made; ``u`` has its use."""
        return self.bridge.view.refusal, self.bridge.undo is not None

    def show(self) -> None:
        """Show the newest view on the screens that are up; a held picture keeps their bodies."""
        for screen in self._main_screens():
            with self.batch_update():
                screen.show_view(self.bridge.view, is_held=self.bridge.is_frozen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if action == "begin":
            return bool(self.bridge.view.waiting)
        if action == "undo":
            return self.bridge.undo is not None
        return super().check_action(action, parameters)

    def _check_action_state(self, action: str, default_namespace: DOMNode) -> bool | None:
        """Offer no change where none may be made, whichever widget has the key for it."""
        if self.bridge.view.refusal and changes(action):
            return False
        return super()._check_action_state(action, default_namespace)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Carry an action out; one that changes something is refused where none may be made."""
        refusal = self.bridge.view.refusal
        if refusal and isinstance(action, str) and changes(action):
            self.bridge.toast(refusal, "warning")
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def action_go(self, where: str) -> None:
        """Go to a screen: by its mode, ``next`` or ``previous``."""
        modes = list(SCREENS)
        if where in ("next", "previous"):
            here = modes.index(self.current_mode) if self.current_mode in modes else 0
            where = modes[(here + (1 if where == "next" else -1)) % len(modes)]
        self.switch_mode(where)

    def action_palette(self) -> None:
        """Open the command palette."""
        if isinstance(self.screen, MainScreen):
            self.action_command_palette()

    def action_command_palette(self) -> None:
        """Open our own kind of palette."""
        from podfetch_tui.ui.palette import Commands

        app: App[Any] = self
        if not Commands.is_open(app):
            self.push_screen(Commands(id="--command-palette"))

    def action_help(self) -> None:
        """Show what all keys do."""
        from podfetch_tui.ui.dialogs.help import Help

        self.push_screen(Help(self.current_mode, self.bridge.keys, self.bridge.glyphs))

    def action_maximise(self) -> None:
        """Give the pane with the focus all the room, or give it back."""
        if isinstance(self.screen, MainScreen):
            self.screen.maximise()

    def action_theme(self) -> None:
        """Choose other colours."""
        from podfetch_tui.ui.dialogs.choose import Choose

        ours = [one.name for one in theme.OURS]
        others = sorted(name for name in self.available_themes if name not in ours)

        def take(name: str | None) -> None:
            if name is not None:
                self.theme = name
                self.bridge.kept.keep_theme(name, self._configured)

        self.push_screen(Choose("Theme", [(name, name) for name in (*ours, *others)]), take)

    def action_hosts(self) -> None:
        """Show the hosts that are asked, and those that are left alone."""
        self.post_message(MainScreen.Wanted("downloads", tab="Hosts"))

    def action_undo(self) -> None:
        """Take back what was done last."""
        self.bridge.take_back()

    def action_freeze(self) -> None:
        """Hold the picture, or let it go on."""
        self.bridge.is_frozen = not self.bridge.is_frozen
        self.show()
        self.look()

    def action_begin(self) -> None:
        """Begin with the feeds that were imported paused."""
        self.bridge.send(BeginFeeds())

    def action_pause(self) -> None:
        """Pause, or go on."""
        is_paused = self.bridge.view.snapshot.state == "paused"
        if is_paused:
            self.bridge.send(Resume(), undo=("engine resumed", Pause()))
        else:
            self.bridge.send(Pause(), undo=("engine paused", Resume()))

    async def action_quit(self) -> None:
        """Ask how to end; leaving an engine of another process needs no question."""
        if self.bridge.view.link is not None:
            self.exit("leave")
        elif self._is_stopped:
            self._ask_what_now()
        elif not isinstance(self.screen, QuitDialog):
            self.push_screen(QuitDialog(self.bridge.view.snapshot), self._end)

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """Say so when work beside the screen broke: that is a mistake of ours."""
        if message.state is WorkerState.ERROR:
            error = message.worker.error
            _LOG.error("work beside the screen broke", exc_info=error)
            self.bridge.toast(f"A mistake of ours; the log has more: {error!r}", "error")

    def on_status_bar_chosen(self, message: StatusBar.Chosen) -> None:
        """Go where a tab leads."""
        self.switch_mode(message.mode)

    async def on_main_screen_wanted(self, message: MainScreen.Wanted) -> None:
        """Go to a screen and show there what is wanted."""
        await self.switch_mode(message.mode)
        for screen in self._main_screens():
            if message.tab:
                self.call_after_refresh(screen.show_tab, message.tab)
            else:
                self.call_after_refresh(screen.filter_to, message.filter)

    async def _prepare(self) -> None:
        """Have the other screens ready before anybody goes there."""
        await self.bridge.aside(load_all)
        self._make_next()

    def _make_next(self) -> None:
        mode = next((mode for mode in SCREENS if mode not in self._screen_stacks), None)
        if mode is not None and self.is_running:
            self._init_mode(mode)
            self.set_timer(NEXT_S, self._make_next)

    def _opener(self, mode: str) -> Callable[[], MainScreen]:
        def open_screen() -> MainScreen:
            screen = SCREENS[mode]()(self.bridge)
            # Its sheet was read at the start: nothing has to be styled anew for it.
            screen._css_update_count = self._css_update_count
            return screen

        return open_screen

    def _main_screens(self) -> Iterator[MainScreen]:
        yield from (screen for screen in self.screen_stack if isinstance(screen, MainScreen))

    def _look_whether_stopped(self) -> None:
        """Ask at once what to do about an engine that stopped by itself."""
        was, snapshot = self._is_stopped, self.bridge.view.snapshot
        # One that was told to stop gives no reason, and its host closes the screen.
        by_itself = snapshot.state == "stopped" and bool(snapshot.reason)
        self._is_stopped = by_itself and self._restart is not None
        if self._is_stopped and not was:
            self._ask_what_now()

    def _ask_what_now(self) -> None:
        if not isinstance(self.screen, StoppedDialog):
            self.push_screen(StoppedDialog(self.bridge.view.snapshot.reason), self._after_stop)

    def _after_stop(self, what: Literal["restart", "quit"] | None) -> None:
        if what == "quit":
            self.exit("now")
        elif what == "restart" and self._restart is not None:
            self._restart()

    def _end(self, how: HowToEnd | None) -> None:
        if how is not None:
            self.exit(how)

    async def _count_waiting(self) -> None:
        """Find out how many paused feeds wait to begin."""
        number = await waiting.count_waiting(self.bridge)
        if number != self.bridge.memory.waiting:
            self.bridge.memory.waiting = number
            self.bridge.take(self.bridge.view.snapshot)
            self.refresh_bindings()
            self.show()

    def _on_signal(self, number: signal.Signals) -> None:
        again = self._exit
        self.exit("now" if again and number != signal.SIGHUP else end_signals.WAYS[number])
