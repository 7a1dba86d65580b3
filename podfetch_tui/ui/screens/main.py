"""What all main screens have in common: bar, banner, footer, and one way to be shown.

To add a screen:

1. One line ``_go(...)`` for its key in ``model/actions.py``, with a ``Scope`` and its actions.
2. A class here beside the others: ``MODE`` is the name of that line, ``BINDINGS =
   bound("<scope>")``, ``compose_body`` lays it out, ``show_body`` shows a view. All it may use
   is ``self.bridge``. Lists of catalogue rows are a ``widgets.listing.Listing``.
3. One line in ``screens/registry.py``; pictures of it in ``tests/ui/test_screens.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.events import ScreenResume
from textual.message import Message
from textual.screen import Screen

from podfetch_tui.model import actions
from podfetch_tui.model.actions import Action
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.keymap import shown_keys
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.banner import Banner
from podfetch_tui.ui.widgets.footer import KeyFooter
from podfetch_tui.ui.widgets.plain import Plain
from podfetch_tui.ui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from podfetch_tui.ui.widgets.episode_list import EpisodeList
    from podfetch_tui.ui.widgets.feed_sheet import FeedSheet
    from podfetch_tui.ui.widgets.table import VirtualTable

_IDS = frozenset(action.id for action in actions.ACTIONS)

_ALONE = "-one-pane"
_EVERYWHERE = ("go", "app", "engine")


def offered(screen: MainScreen) -> Iterator[tuple[Action, str, DOMNode, str]]:
    """Yield what can be done on ``screen`` alone: action, its keys, where, what is run."""
    seen = set()
    for active in screen.active_bindings.values():
        id_ = active.binding.id or ""
        known = id_ in _IDS and id_.partition(".")[0] not in _EVERYWHERE
        if known and active.enabled and id_ not in seen:
            seen.add(id_)
            action = actions.action(id_)
            if action.palette or action.footer:
                keys = shown_keys(action, screen.bridge.keys)
                yield action, keys, active.node, active.binding.action


class MainScreen(Screen[None]):
    """One of the screens that a number key leads to; each keeps its place while others show.

    The application calls ``show_view`` four times a second while the screen is shown, and
    at once when it comes up; a screen keeps no timer of its own.
    """

    MODE = ""
    PANES: ClassVar[tuple[str, ...]] = ()
    """Selectors of the panes of which one can be given all the room."""

    class Wanted(Message):
        """Another screen is to be shown: only the rows that pass a filter, or one of its tabs."""

        def __init__(self, mode: str, *, filter: str = "", tab: str = "") -> None:  # noqa: A002
            super().__init__()
            self.mode = mode
            self.filter = filter
            self.tab = tab

    def __init__(self, bridge: Bridge) -> None:
        """Create the screen over ``bridge``."""
        super().__init__()
        self.bridge = bridge
        self.glyphs = bridge.glyphs
        self._is_ready = False
        self._styled_for: object = None
        """Under which circumstances the style sheet was applied."""
        self._was_shown = False

    def compose(self) -> ComposeResult:
        """Put the body of the screen between bar and footer."""
        yield StatusBar(self.MODE, self.bridge)
        yield Banner(self.bridge)
        yield Plain(self.bridge)
        yield from self.compose_body()
        yield KeyFooter()

    def compose_body(self) -> ComposeResult:
        """Yield what is this screen's own."""
        yield from ()

    def on_mount(self) -> None:
        """All widgets are there now."""
        self._is_ready = True

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Show how things are now, not how they were when the screen was left."""
        app = self.app
        now = (app.theme, app.size, app.app_focus, app.ansi_color)
        # Applying all styles anew is most of what a screen takes to come up.
        event.refresh_styles = now != self._styled_for
        self._styled_for = now
        if self not in app.screen_stack:  # made before anybody looks at it
            return
        if self._was_shown:
            self.show_view(self.bridge.view)
        else:  # what is hidden before it was laid out keeps the focus
            self._was_shown = True
            self.call_after_refresh(lambda: self.show_view(self.bridge.view))

    def show_view(self, view: View, *, is_held: bool = False) -> None:
        """Show ``view`` everywhere, from when the widgets are there until they go.

        Args:
            view: The newest one.
            is_held: What is this screen's own stays as it is: only what one must not miss moves.
        """
        if not (self._is_ready and self.app.is_running):
            return
        self.set_class(view.link is not None and not view.link.is_heard, "-unheard")
        self.query_one(StatusBar).show_view(view)
        self.query_one(Banner).show_view(view)
        self.query_one(Plain).show_view(view)
        if not is_held:  # a screen that comes up is drawn as all were when the picture was held
            self.show_body(self.bridge.held or view)

    def show_body(self, view: View) -> None:
        """Show ``view`` in what is this screen's own."""

    def maximise(self) -> None:
        """Give the pane with the focus all the room, or give it back."""
        panes = [pane for selector in self.PANES for pane in self.query(selector)]
        if self.has_class(_ALONE):
            self.minimise()
            return
        focused = self.focused
        inner = next(
            (p for p in panes if focused is not None and p in focused.ancestors_with_self), None
        )
        if inner is None:
            several = "tab leads to a pane; then m gives it all the room."
            self.bridge.toast(several if len(panes) > 1 else "There is one pane only.")
            return
        self.add_class(_ALONE)
        around = list(takewhile(lambda node: node is not self, inner.ancestors))
        for node in around:
            node.add_class("-around")
        for pane in panes:
            pane.add_class("-alone" if pane is inner else "-away")
            if pane.parent is not None and pane.parent is not self and pane.parent not in around:
                pane.parent.add_class("-away")

    def minimise(self) -> None:
        """Show all panes."""
        self.remove_class(_ALONE)
        for pane in self.query(".-alone, .-away, .-around"):
            pane.remove_class("-alone", "-away", "-around")

    @property
    def is_maximised(self) -> bool:
        """Whether one pane has all the room."""
        return self.has_class(_ALONE)

    def on_episode_list_log_wanted(self, message: EpisodeList.LogWanted) -> None:
        """Show what happened to a feed."""
        message.stop()
        self.post_message(self.Wanted("events", filter=f"feed:{message.feed_id}"))

    def on_feed_sheet_entry_wanted(self, message: FeedSheet.EntryWanted) -> None:
        """Show one line of a feed's history in full."""
        message.stop()
        self.bridge.run(self.open_entry(message.number, here=message.feed_id))

    async def open_entry(self, number: int, *, here: int | None = None) -> None:
        """Show an entry of the audit trail, then the feed or episode that is wanted of it."""
        from podfetch_tui.ui.entry_actions import show_entry

        wanted = await show_entry(self.app, self.bridge, number, here=here)
        if wanted is not None:
            mode, condition = wanted
            self.post_message(self.Wanted(mode, filter=condition))

    def on_virtual_table_asked(self, message: VirtualTable.Asked) -> None:
        """Offer what can be done here, as the keys do: for who has only the mouse."""
        from podfetch_tui.ui.dialogs.choose import Choose

        message.stop()
        found = list(offered(self))
        options = [
            (f"{keys:<7}{action.label}", str(n)) for n, (action, keys, *_) in enumerate(found)
        ]

        def take(chosen: str | None) -> None:
            if chosen is not None:
                _, _, node, does = found[int(chosen)]
                self.app.call_later(self.app.run_action, does, node)

        if options:
            self.app.push_screen(Choose("What to do", options), take)

    def show_tab(self, name: str) -> None:
        """Show the tab called ``name``, if this screen has tabs."""

    def filter_to(self, text: str) -> None:
        """Show only what passes the filter ``text``, if this screen has a filter."""
