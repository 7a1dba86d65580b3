"""Adding feeds: typed, pasted or from a file; what would become of each line is said before."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Union

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Static, TextArea

from podfetch_tui.model.commands import AddedFeeds, AddFeeds, CommandResult, ProbeUrl
from podfetch_tui.model.figures import count, size
from podfetch_tui.model.text import counted
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.widgets.text import Part, line

LARGEST = 11 << 20
"""Bytes of a list that fit one message to the engine."""
PAUSED_FROM = 500
"""More new feeds than that start paused unless the operator says otherwise."""
_SHOWN = 5
"""Rejected lines that there is room for."""


class Typed(NamedTuple):
    """What is in the box, as the engine is asked about it."""

    data: bytes
    source: str = "command"
    problem: str = ""
    """Why it cannot be asked about."""


class ListArea(TextArea):
    """The box; enter goes on while there is one line, and begins another one after that."""

    class Entered(Message):
        """Enter was pressed on a single line."""

    async def _on_key(self, event: Key) -> None:
        if event.key == "enter" and "\n" not in self.text.strip():
            event.stop()
            event.prevent_default()
            self.post_message(self.Entered())
            return
        await super()._on_key(event)


class Adding(ModalScreen[Union[AddedFeeds, None]]):
    """Answers what was added, or ``None``; of one that is there already, its id."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    AUTO_FOCUS = "ListArea"
    BINDINGS: ClassVar[list[BindingType]] = bound("adding")

    def __init__(self, bridge: Bridge, *, many: bool = False) -> None:
        """Create it; ``many`` expects a list or a file rather than one address."""
        super().__init__()
        self._bridge = bridge
        self._many = many
        self._asked = ""
        """The text that was asked about last."""
        self._plan: AddedFeeds | None = None
        self._problem = ""
        self._looked = ""
        """The text whose address was looked at."""
        self._found: Sequence[Part] = ()
        self._is_asking = self._is_busy = False
        self._paused: bool | None = None
        """What the operator said about starting paused."""

    def compose(self) -> ComposeResult:
        """The box, what would become of it, the answers."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Import feeds" if self._many else "Add feeds"
            area = ListArea(
                placeholder="A list (OPML, CSV, JSON, a URL a line): its file, or paste it here"
                if self._many
                else "https://…  one, several (one a line), or a whole list: paste it",
                soft_wrap=False,
            )
            area.cursor_blink = False
            yield area
            yield Static(id="found", markup=False)
            with Horizontal(id="answers"):
                yield Button(line("Add (^s)"), id="add", compact=True, disabled=True)
                yield Button(line("Look (^l)"), id="look", compact=True, disabled=True)
                yield Button(line(""), id="paused", compact=True)
                yield Button(line("Leave (esc)"), id="leave", compact=True)

    def on_mount(self) -> None:
        """Say what can be typed."""
        self._draw()

    @property
    def text(self) -> str:
        """What stands in the box."""
        return self.query_one(ListArea).text.strip()

    @property
    def starts_paused(self) -> bool:
        """Whether new feeds wait to begin."""
        if self._paused is not None:
            return self._paused
        return self._plan is not None and self._plan.new > PAUSED_FROM

    def on_text_area_changed(self, message: TextArea.Changed) -> None:
        """Ask what would become of it; one question at a time, the newest text in the end."""
        message.stop()
        if not self._is_asking:
            self._is_asking = True
            self._draw()
            self._bridge.run(self._ask())

    def on_list_area_entered(self, message: ListArea.Entered) -> None:
        """Go on: look first, then add; lead to a feed that is there already."""
        message.stop()
        plan = self._plan
        if plan is None or self._asked != self.text:
            return
        if not plan.new and plan.duplicate:
            self.dismiss(plan)
        elif self._is_one and self._looked != self.text:
            self.action_look()
        else:
            self.action_add()

    def on_button_pressed(self, message: Button.Pressed) -> None:
        """Do what was clicked."""
        message.stop()
        answers = {
            "add": self.action_add,
            "look": self.action_look,
            "paused": self.action_paused,
        }
        answers.get(message.button.id or "", self.action_leave)()

    def action_add(self) -> None:
        """Add what is new."""
        if self._plan is not None and self._plan.new and not self._is_busy:
            self._is_busy = True
            self._bridge.run(self._add())

    def action_look(self) -> None:
        """Fetch the address once."""
        if self._is_one and not self._is_busy:
            self._is_busy = True
            self._bridge.run(self._look())

    def action_paused(self) -> None:
        """Let new feeds wait, or not."""
        self._paused = not self.starts_paused
        self._draw()

    def action_leave(self) -> None:
        """Add nothing."""
        self.dismiss(None)

    @property
    def _is_one(self) -> bool:
        plan = self._plan
        return plan is not None and plan.new == 1 and "\n" not in self.text

    async def _ask(self) -> None:
        try:
            while self.is_attached and self.text != self._asked:
                text = self.text
                typed = await asyncio.to_thread(read, text)
                if not typed.data or typed.problem:
                    self._asked, self._plan, self._problem = text, None, typed.problem
                else:
                    command = AddFeeds(data=typed.data, source=typed.source, dry_run=True)
                    result = await self._bridge.ask(command)
                    self._asked, self._plan = text, result.added
                    self._problem = "" if result.added is not None else result.text
                self._found = ()
                self._draw()
        finally:
            self._is_asking = False

    async def _look(self) -> None:
        text = self.text
        self._say([("Looking …", "$quiet")])
        try:
            result = await self._bridge.ask(ProbeUrl(url=text))
        finally:
            self._is_busy = False
        if text == self.text:
            self._looked = text
            self._say(_looked(result))

    async def _add(self) -> None:
        typed = await asyncio.to_thread(read, self.text)
        if typed.problem:
            result = CommandResult(ok=False, text=typed.problem)
        else:
            command = AddFeeds(data=typed.data, source=typed.source, paused=self.starts_paused)
            result = await self._bridge.ask(command)
        self._is_busy = False
        if result.ok and result.added is not None:
            if self.is_attached:
                self.dismiss(result.added)
        else:
            self._problem = result.text
            self._draw()

    def _say(self, found: Sequence[Part]) -> None:
        self._found = found
        self._draw()

    def _draw(self) -> None:
        if not self.is_attached:
            return
        plan = self._plan
        can_add = plan is not None and plan.new > 0
        self.query_one("#add", Button).disabled = not can_add
        self.query_one("#look", Button).disabled = not self._is_one
        add = f"Add {count(plan.new)} (^s)" if plan is not None and can_add else "Add (^s)"
        _label(self.query_one("#add", Button), add)
        sign = "[x]" if self.starts_paused else "[ ]"
        _label(self.query_one("#paused", Button), f"{sign} start paused (^o)")
        lines = self._lines()
        self.query_one("#found", Static).update(Content("\n").join(lines))

    def _lines(self) -> list[Content]:
        plan, glyphs = self._plan, self._bridge.glyphs
        if self._problem:
            return [line((f"{glyphs.bad} {self._problem}", "$error"))]
        if plan is None:
            is_on_its_way = self._is_asking and self.text != self._asked
            said = "Reading …" if is_on_its_way else "Nothing is added before you say so."
            return [line((said, "$quiet"))]
        style = "$success" if plan.new else "$warning"
        found = [line((plan.counts, style))]
        found += [line(("  ", ""), (name, "")) for name in plan.names[:_SHOWN] if plan.new > 1]
        if plan.duplicate and not plan.new and plan.ids:
            found.append(
                line(f"It is feed {plan.ids[0]} already: ", ("enter", "bold"), " shows it.")
            )
        for one in plan.rejects[:_SHOWN]:
            found.append(
                line((f"  line {one.line}  ", "$quiet"), (one.reason, "$error"), f"  {one.text}")
            )
        if plan.rejected > _SHOWN:
            found.append(line((f"  … and {count(plan.rejected - _SHOWN)} more", "$quiet")))
        found += [line((note, "$quiet")) for note in plan.notes[:_SHOWN]]
        if self._found:
            found.append(line(*self._found))
        elif self._is_one:
            found.append(line(("enter", "bold"), (" looks at it first", "$quiet")))
        return found


def _label(button: Button, text: str) -> None:
    """Write ``text`` on ``button``, and give it the room it needs."""
    if str(button.label) != text:
        button.label = line(text)
        button.refresh(layout=True)


def read(text: str) -> Typed:
    """Return what is typed, or what is in the file it names; may wait for the disk."""
    if not text:
        return Typed(b"")
    if "\n" not in text and "://" not in text:
        try:
            path = Path(text).expanduser()
            if path.is_file():
                if path.stat().st_size > LARGEST:
                    most = size(LARGEST)
                    return Typed(b"", problem=f"larger than {most}: podfetch import takes it")
                return Typed(path.read_bytes(), source=os.path.normpath(path.absolute()))
        except OSError as error:
            return Typed(b"", problem=f"cannot be read: {error.strerror or error}")
        except (ValueError, RuntimeError):  # a null byte, or nobody's home: no name of a file
            pass
    data = text.encode("utf-8", "replace")
    if len(data) > LARGEST:
        return Typed(b"", problem=f"larger than {size(LARGEST)}: podfetch import takes it")
    return Typed(data)


def _looked(result: CommandResult) -> list[Part]:
    report = result.probe
    if report is None:
        return [(result.text, "$error")]
    if not report.ok:
        return [
            (report.said, "$error"),
            ("; ", ""),
            ("enter", "bold"),
            (" adds it all the same", ""),
        ]
    where = f", from {report.final_url}" if report.final_url not in ("", report.url) else ""
    return [
        (report.found_title or "(no title)", "bold"),
        (f", {counted(report.items, 'item')}{where}; ", ""),
        ("enter", "bold"),
        (" adds it", ""),
    ]
