"""Several panes of which one shows: a line of names above, by mouse or with left and right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from podfetch_tui.model.figures import count
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.widgets.text import Part, line


class Tabbed(Vertical):
    """Panes under a line of their names."""

    BINDINGS: ClassVar[list[BindingType]] = bound("tabs")

    class Changed(Message):
        """Another pane shows."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, panes: Mapping[str, Widget], *, id: str) -> None:  # noqa: A002
        """Create it; ``panes`` by their names, which are ours. A pane without an id gets one."""
        super().__init__(id=id)
        self._panes = dict(panes)
        for name, pane in self._panes.items():
            if pane.id is None:
                pane.id = f"pane-{name.lower()}"
        self._counts: Mapping[str, int] = {}
        self._spans: list[tuple[int, int, str]] = []
        self.current = next(iter(self._panes))
        """Name of the pane that shows."""

    def compose(self) -> ComposeResult:
        """The names, then the panes."""
        yield Static(classes="tabs--names", markup=False)
        with ContentSwitcher(initial=self._panes[self.current].id):
            yield from self._panes.values()

    def on_mount(self) -> None:
        """Show the names."""
        self._draw()

    @property
    def pane(self) -> Widget:
        """The pane that shows."""
        return self._panes[self.current]

    def show(self, name: str, *, follow: bool = True) -> None:
        """Show the pane called ``name``, and put the focus into it unless it stays elsewhere."""
        if name == self.current:
            return
        self.current = name
        pane = self._panes[name]
        self.query_one(ContentSwitcher).current = pane.id
        self._draw()
        self.post_message(self.Changed(name))
        for widget in (pane, *pane.walk_children(Widget)) if follow else ():
            if widget.focusable and not widget.disabled:
                widget.focus()
                return

    def step(self, by: int, *, follow: bool = True) -> None:
        """Show the pane that is ``by`` further on."""
        names = list(self._panes)
        self.show(names[(names.index(self.current) + by) % len(names)], follow=follow)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show figures beside the names."""
        if counts != self._counts:
            self._counts = dict(counts)
            self._draw()

    def action_next(self) -> None:
        """Show the next pane."""
        self.step(1)

    def action_previous(self) -> None:
        """Show the pane before."""
        self.step(-1)

    def on_click(self, event: Click) -> None:
        """Show the pane whose name was clicked."""
        if event.widget is None or not event.widget.has_class("tabs--names"):
            return
        for first, last, name in self._spans:
            if first <= event.x < last:
                self.show(name)

    def _draw(self) -> None:
        parts: list[Part] = []
        used = 0
        self._spans = []
        for name in self._panes:
            number = self._counts.get(name)
            text = f" {name} " if number is None else f" {name} {count(number)} "
            self._spans.append((used, used + len(text), name))
            parts += [(text, "reverse bold" if name == self.current else "$quiet"), (" ", "")]
            used += len(text) + 1
        parts.append((" ← →", "$quiet"))
        self.query_one(".tabs--names", Static).update(line(*parts), layout=False)
