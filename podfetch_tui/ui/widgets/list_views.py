"""Which columns a list shows, and named views of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.app import App

from podfetch_tui.model.text import clean
from podfetch_tui.ui.dialogs.choose import Choose
from podfetch_tui.ui.dialogs.form import Field, Form
from podfetch_tui.ui.kept import NamedView

if TYPE_CHECKING:
    from podfetch_tui.ui.widgets.table import VirtualTable

MOST_VIEWS = 50
_NAME = 40
_SAVE, _FORGET, _ALL = "save", "forget", "all"
Keep = Callable[[Sequence[NamedView]], None]
"""Has the views of the list kept."""


async def choose_columns(app: App[Any], table: VirtualTable[Any], keep: Callable[[], None]) -> None:
    """Let columns be shown and hidden, one after the other, until it is enough.

    Args:
        app: Shows the menu.
        table: Of the columns; the last one stays.
        keep: Has the choice kept.
    """
    at = 0
    while True:
        *others, _ = table.columns
        options = [
            (f"[{'x' if table.shows(column) else ' '}] {column.label}", column.label)
            for column in others
        ]
        options.append(("where there is room", ""))
        chosen = await app.push_screen_wait(Choose("Columns", options, at=at))
        if chosen is None:
            return
        at = [value for _, value in options].index(chosen)
        found = [column for column in others if column.label == chosen]
        table.show_columns({**table.wanted, chosen: not table.shows(found[0])} if found else {})
        keep()


async def choose_view(
    app: App[Any],
    views: Sequence[NamedView],
    now: NamedView,
    use: Callable[[NamedView], None],
    keep: Keep,
) -> None:
    """Let a named view be taken, saved or forgotten.

    Args:
        app: Shows the menus.
        views: Those there are.
        now: The list as it is, without a name.
        use: Makes the list so.
        keep: Has other views kept.
    """
    options = [(f"{view.name}   {view.filter or 'all'}", f"={view.name}") for view in views]
    options.append(("everything, as at first", _ALL))
    options.append(("save this view …", _SAVE))
    if views:
        options.append(("forget one …", _FORGET))
    chosen = await app.push_screen_wait(Choose("Views", options))
    if chosen is None:
        return
    if chosen == _ALL:
        use(NamedView(""))
    elif chosen == _SAVE:
        field = Field(name="name", label="Name", hint="such as: failing at anchor", check=_named)
        given = await app.push_screen_wait(Form("Save this view", [field], "Save"))
        if given:
            view = replace(now, name=clean(given["name"], _NAME))
            others = [one for one in views if one.name != view.name]
            keep(sorted((*others, view), key=lambda one: one.name)[:MOST_VIEWS])
    elif chosen == _FORGET:
        names = [(view.name, view.name) for view in views]
        gone = await app.push_screen_wait(Choose("Forget a view", names))
        if gone is not None:
            keep([view for view in views if view.name != gone])
    else:
        use(next(view for view in views if view.name == chosen[1:]))


def _named(text: str) -> None:
    if not clean(text, _NAME).strip():
        raise ValueError("a view needs a name")
