"""The last line of a screen: its keys, those one needs most where not all have room."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from podfetch_tui.model.actions import SCOPES

_FIRST = ("table.open", "list.filter")
_ALWAYS = ("app.undo", "app.palette", "app.help", "app.quit", "feed.leave")
"""The ways on and out stand there whatever else does."""
_SHARED = frozenset(scope.id for scope in SCOPES if scope.shared or scope.within)


class KeyFooter(Footer):
    """Textual's footer with as many keys as fit, made anew only when it would show others.

    Textual makes all its widgets anew whenever a screen comes up or a widget takes the focus:
    that took a third of the time from the key to the other screen.
    """

    def __init__(self) -> None:
        """Create it."""
        super().__init__(compact=True, show_command_palette=False)
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """One widget for each key."""
        for one in self._fitting():
            yield FooterKey(
                one.binding.key,
                self._key(one),
                one.binding.description,
                one.binding.action,
                disabled=not one.enabled,
                tooltip=one.tooltip,
            )

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Show the keys that work now."""
        if screen is self.screen and self.app.app_focus:
            self._renew()

    def on_resize(self) -> None:
        """Show as many keys as fit now."""
        self._renew()

    def _renew(self) -> None:
        shown = tuple((one.binding, one.enabled, one.tooltip) for one in self._fitting())
        if shown != self._shown:
            self._shown = shown
            self.call_after_refresh(self.recompose)

    def _fitting(self) -> list[ActiveBinding]:
        """Return the keys that there is room for: the screen's own before those of all lists."""
        found: dict[str | None, ActiveBinding] = {}
        for one in self.screen.active_bindings.values():
            if one.binding.show:
                found.setdefault(one.binding.id, one)
        known = sorted(found.values(), key=_rank)
        left = self.app.size.width - sum(self._cells(one) for one in known if _stays(one))
        fitting, is_full = [], False
        for one in known:
            if not _stays(one):
                left -= self._cells(one)
                is_full = is_full or left < 0
            if _stays(one) or not is_full:
                fitting.append(one)
        return fitting

    def _cells(self, one: ActiveBinding) -> int:
        """Return the cells of a key, its words and the gaps after both."""
        return cell_len(self._key(one)) + cell_len(one.binding.description) + 2

    def _key(self, one: ActiveBinding) -> str:
        return "enter" if one.binding.key == "enter" else self.app.get_key_display(one.binding)


def _stays(one: ActiveBinding) -> bool:
    return one.binding.id in _ALWAYS


def _rank(one: ActiveBinding) -> int:
    name = one.binding.id or ""
    if _stays(one):
        return 3
    if name in _FIRST:
        return 0
    return 2 if name.partition(".")[0] in _SHARED else 1
