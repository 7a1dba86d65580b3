"""The wizard: one question a page, Enter goes on, Escape back; nothing is written by it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Literal, Union

from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.filter import LineFilter
from textual.widgets import Button, Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from podfetch_tui.model.figures import count
from podfetch_tui.model.first_run import MANY_FEEDS, Answers, Asked, Choice, Finding
from podfetch_tui.model.text import counted
from podfetch_tui.ui import glyphs, theme
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.safety import Net
from podfetch_tui.ui.widgets.text import line
from podfetch_tui.ui.wizard.desk import Desk
from podfetch_tui.ui.wizard.pages import PAGES, Page

Outcome = Union[Answers, Literal["demo"], None]
_WELCOME = (
    Choice("setup", "Make an archive"),
    Choice("demo", "Try the demo first: a podcast host of its own, no network, nothing kept"),
    Choice("leave", "Leave"),
)
_PACES = (
    Choice("normal", "normal   2 connections a host, 32 polls and 8 downloads at once"),
    Choice("gentle", "gentle   1 connection a host with a pause, 8 polls and 2 downloads"),
    Choice("fast", "fast     4 connections a host, 64 polls and 16 downloads"),
)
_WRITE = (Choice("write", "Write it and begin"), Choice("back", "Back to the questions"))
_BOX = "Start paused: no feed is asked before you say so (B)"


class Wizard(App[Outcome]):
    """Asks for :class:`Answers`; ends with them, with ``demo``, or with nothing."""

    TITLE = "PodFetch"
    CSS_PATH: ClassVar = [Path(__file__).with_name("wizard.tcss")]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = bound("wizard")

    def __init__(self, desk: Desk, root: str) -> None:
        """Create it; ``root`` is the folder that is proposed."""
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        for ours in theme.OURS:
            self.register_theme(ours)
        self.theme = theme.DEFAULT
        self.animation_level = "none"
        self.answers = Answers(root=root)
        self._desk = desk
        self._glyphs = glyphs.choose("auto", os.environ)
        self._net = Net(ascii_only=self._glyphs.ascii_only)
        self._number = 0
        self._feeds = 0
        self._heard = Asked(0, 0)
        self._is_asking = False
        self._enough = threading.Event()
        """Ends the asking of feeds."""
        self._found = Finding(False, ())
        self._asked = self._answered = 0

    def get_line_filters(self) -> list[LineFilter]:
        """Return Textual's filters and, last, ours that no control character passes."""
        return self._net.behind(super().get_line_filters())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that our style sheets need and a theme may lack."""
        return theme.DEFAULT_VARIABLES

    def compose(self) -> ComposeResult:
        """Lay out the parts all pages use."""
        with Vertical(id="page"):
            yield Static(id="intro", markup=False)
            box = Input(id="text", compact=True)
            box.cursor_blink = False
            yield box
            yield OptionList(id="choice", markup=False, compact=True)
            yield Static(id="found", markup=False)
            yield Button("Go on (enter)", id="on", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        """Begin."""
        await self._open(0)

    def on_unmount(self) -> None:
        """Nobody wants to know any more."""
        self._enough.set()

    @property
    def is_looking(self) -> bool:
        """An answer is being looked at."""
        return self._answered < self._asked

    @property
    def page(self) -> Page:
        """The question that is asked now."""
        return PAGES[self._number]

    async def action_back(self) -> None:
        """Go to the question before; leave at the first."""
        if self._number == 0:
            self.exit(None)
        else:
            await self._open(self._number - 1)

    async def on_input_changed(self, message: Input.Changed) -> None:
        """Look at what is typed."""
        if self.page.is_text:
            await self._look(message.value.strip())

    async def on_input_submitted(self, message: Input.Submitted) -> None:
        """Go on if the answer is a good one."""
        await self._go_on(message.value.strip())

    async def on_button_pressed(self) -> None:
        """Go on, for who has the hand on the mouse."""
        await self._go_on(self.query_one("#text", Input).value.strip())

    async def _go_on(self, value: str) -> None:
        await self._look(value)
        if self._found.is_good:
            self._take(value)
            await self._open(self._number + 1)

    async def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Take the choice and go on."""
        value = message.option.id or ""
        if self.page.name == "welcome":
            if value == "setup":
                await self._open(1)
            else:
                self.exit("demo" if value == "demo" else None)
        elif self.page.name == "review":
            if value == "back":
                await self._open(1)
            elif value == "box":
                self.answers = replace(self.answers, paused=not self.answers.paused)
                self._put(self._offered(), self.query_one("#choice", OptionList).highlighted or 0)
            elif self._found.is_good:
                self.exit(self.answers)
        else:
            self._take(value)
            await self._open(self._number + 1)

    def _take(self, value: str) -> None:
        self.answers = replace(self.answers, **{self.page.name: value})
        if self.page.name == "feeds":
            self._feeds = self._found.count
            self.answers = replace(self.answers, paused=self._feeds > MANY_FEEDS)
            self._ask(value)

    def _ask(self, path: str) -> None:
        """Have a few feeds of the list asked how much they hold, beside the screen."""
        self._enough.set()
        self._enough = enough = threading.Event()
        self._heard, self._is_asking = Asked(0, 0), bool(self._feeds)
        if not self._feeds:
            return
        loop = asyncio.get_running_loop()

        def tell(asked: Asked) -> None:
            if not enough.is_set():
                loop.call_soon_threadsafe(self._hear, asked, enough)

        async def ask() -> None:
            try:
                await asyncio.to_thread(self._desk.ask_feeds, path, enough, tell)
            finally:
                self._is_asking = self._is_asking and enough.is_set()
                self._hear(self._heard, enough)

        self.run_worker(ask(), exit_on_error=False)

    def _hear(self, asked: Asked, enough: threading.Event) -> None:
        """Show what is known now, if it is of the list that is meant now."""
        if enough.is_set():
            return
        self._heard = asked
        if self.page.name == "backlog" and self.is_running:
            menu = self.query_one("#choice", OptionList)
            self._put(self._offered(), menu.highlighted or 0)
            self._show(self._how_far())

    async def _open(self, number: int) -> None:
        self._number = number
        page = self.page
        frame = self.query_one("#page")
        frame.border_title = (
            f"{page.title} · {number} of {len(PAGES) - 1}" if number else page.title
        )
        frame.border_subtitle = "enter goes on · esc goes back" if number else "esc leaves"
        self.query_one("#intro", Static).update(line(self._intro()))
        box, menu = self.query_one("#text", Input), self.query_one("#choice", OptionList)
        box.display, menu.display = page.is_text, not page.is_text
        self.query_one("#on", Button).display = page.is_text
        self._show(Finding(True, ()))
        if page.is_text:
            box.placeholder = page.hint
            with self.prevent(Input.Changed):
                box.value = str(getattr(self.answers, page.name))
            box.focus()
            await self._look(box.value)
        else:
            await self._offer(menu)

    def _intro(self) -> str:
        if self.page.name == "review" and self._feeds:
            return f"This will be written, and {counted(self._feeds, 'feed')} taken in:"
        return self.page.intro

    async def _offer(self, menu: OptionList) -> None:
        name, offered = self.page.name, self._offered()
        values = [one.value for one in offered]
        was = str(getattr(self.answers, name, ""))
        self._put(offered, values.index(was) if was in values else 0)
        menu.focus()
        if name == "review":
            await self._look("")
        elif name == "backlog" and self._feeds:
            self._show(self._how_far())

    def _offered(self) -> tuple[Choice, ...]:
        """Return what can be chosen on this page."""
        name = self.page.name
        if name == "backlog":
            return self._desk.backlogs(self._feeds, self._heard)
        if name == "review" and self._feeds:
            sign = "x" if self.answers.paused else " "
            return (_WRITE[0], Choice("box", f"[{sign}] {_BOX}"), _WRITE[1])
        return {"welcome": _WELCOME, "pace": _PACES, "review": _WRITE}.get(name, ())

    def _put(self, offered: tuple[Choice, ...], highlighted: int) -> None:
        menu = self.query_one("#choice", OptionList)
        menu.clear_options()
        menu.add_options([Option(line(one.text), id=one.value) for one in offered])
        menu.highlighted = highlighted

    async def _look(self, value: str) -> None:
        """Have the desk look at ``value``, beside the screen; only the newest look counts."""
        self._asked += 1
        asked = self._asked
        found = await asyncio.to_thread(self._looker(value))
        self._answered = max(self._answered, asked)
        if asked == self._asked and self.is_running:
            self._show(found)

    def _looker(self, value: str) -> Callable[[], Finding]:
        desk, name = self._desk, self.page.name
        if name == "root":
            return lambda: desk.look_at_folder(value)
        if name == "feeds":
            return lambda: desk.look_at_list(value)
        wanted = self.answers
        if name in ("contact", "min_free"):
            wanted = replace(wanted, **{name: value})
        is_review = name == "review"

        def look() -> Finding:
            found = desk.look_at_settings(wanted)
            return found if is_review or not found.is_good else Finding(True, ())

        return look

    def _show(self, found: Finding) -> None:
        self._found = found
        shown = self.query_one("#found", Static)
        shown.display = bool(found.lines)
        shown.set_class(not found.is_good, "-bad")
        shown.update(Content("\n").join(line(text) for text in found.lines))

    def _how_far(self) -> Finding:
        """Say by whom the figures are."""
        asked, feeds = self._heard, count(self._feeds)
        answered = len(asked.heard)
        if self._is_asking:
            done = f": {asked.done} of {asked.of} are done" * bool(asked.of)
            text = f"Some of the {feeds} feeds are being asked{done}. You need not wait."
        elif not answered:
            number = counted(asked.done, "feed was", "feeds were")
            text = f"Nothing is known of the past yet: {number} asked, 0 answered."
        elif answered == self._feeds:
            text = "The figures are by what the feeds say themselves."
        else:
            text = f"The figures are by what {answered} of the {feeds} feeds say themselves."
        return Finding(True, (text,))
