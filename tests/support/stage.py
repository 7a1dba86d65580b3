"""The terminal application on a stage: driven by keys, over a fake client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from support.fake_client import FakeClient
from textual import screen as screens
from textual.events import Key
from textual.keys import _character_to_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.widgets._toast import Toast

from podfetch_tui.model.link import Link
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.kept import Kept

WIDE = (120, 36)
SMALL = (80, 24)
_CALM = 4
"""So many looks in a row have to find nothing to do."""
_PATIENCE_S = 60.0
screens.UPDATE_PERIOD = 0.001  # type: ignore[misc]  # a picture at once: nobody looks at them
UNICODE = UiSettings(glyphs="unicode")
"""The signs do not depend on the locale of the machine."""


@dataclass
class Stage:
    """What a scene plays with."""

    app: PodFetchApp
    pilot: Pilot[Any]
    client: FakeClient


Scene = Callable[[Stage], Awaitable[None]]


def app_over(
    client: FakeClient,
    settings: UiSettings = UNICODE,
    link: Callable[[], Link] | None = None,
    kept: Kept | None = None,
) -> PodFetchApp:
    """Return the application over ``client``; ``link`` puts the engine into another process."""
    return PodFetchApp(client, settings, link=link, kept=kept)


async def settle(stage: Stage) -> None:
    """Take a snapshot, and return when all it led to is on the screen."""
    for _ in range(4):  # what is shown once the cursor rests takes three
        stage.app.look()
        await quiet(stage)


async def quiet(stage: Stage) -> None:
    """Return when every message is handled and every question answered.

    Pilot's own ways are to wait until the process has been idle for a while, or to send a message
    to every widget: both take much longer.
    """
    calm, until = 0, time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if stage.app._exception is not None or stage.app._exit:
            return
        if _is_restless(stage.app):
            calm = 0
            await asyncio.sleep(0.001)
            continue
        calm += 1
        if calm == _CALM:
            return
        await asyncio.sleep(0)
    raise AssertionError("\n".join(["it never came to rest", *painted(stage.app)]))


def _is_restless(app: PodFetchApp) -> bool:
    """Say whether something is still to be answered, laid out, painted or called after that.

    The footer is made anew after a picture, and a picture is made when its timer says so: that
    is what Textual's own bookkeeping tells.
    """
    screen = app.screen
    return bool(
        app.bridge.pending
        or _is_at_work(app)
        or app.bridge._toasts._is_due
        or len(screen.query(Toast)) < len(app._notifications)
        or screen._callbacks
        or screen._dirty_widgets
        or screen._layout_required
        or screen._repaint_required
        or any(
            _is_at_work(widget) or widget._recompose_required
            for widget in screen.walk_children(Widget, with_self=True)
        )
    )


def _is_at_work(pump: MessagePump) -> bool:
    """Say whether it has a message or is handling one; who is done waits for the next."""
    queue: Any = pump._message_queue
    return bool(queue.values or pump._next_callbacks or not queue.ready_event._waiters)


async def until(stage: Stage, shows: str, *, gone: bool = False) -> None:
    """Return when ``shows`` is on the screen, or is not any more if ``gone``.

    For what Textual does in its own time: the footer, dialogs.
    """
    for _ in range(500):
        await quiet(stage)
        if (shows in "\n".join(painted(stage.app))) is not gone:
            return
        await asyncio.sleep(0.01)
    what = "never went" if gone else "never came"
    raise AssertionError("\n".join([f"{shows!r} {what}", *painted(stage.app)]))


async def press(stage: Stage, *keys: str) -> None:
    """Press ``keys`` and return when all they led to is on the screen."""
    for number, key in enumerate(keys, 1):
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        character = {"space": " "}.get(key, key) if len(key) == 1 or key == "space" else None
        is_typed = character is not None and isinstance(stage.app.focused, (Input, TextArea))
        event = Key(name, character)
        event.set_sender(stage.app)
        stage.app.post_message(event)
        await quiet(stage)
        if not is_typed or number == len(keys):
            await settle(stage)


def play(
    client: FakeClient,
    scene: Scene,
    *,
    size: tuple[int, int] = WIDE,
    settings: UiSettings = UNICODE,
    link: Callable[[], Link] | None = None,
    kept: Kept | None = None,
) -> PodFetchApp:
    """Open the application over ``client``, play ``scene``, close it and return it."""
    app = app_over(client, settings, link, kept)

    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            stage = Stage(app, pilot, client)
            await settle(stage)
            await scene(stage)

    asyncio.run(run())
    return app


def painted(app: PodFetchApp) -> list[str]:
    """Return the lines on the screen as the driver is given them, without colours."""
    background = app.screen.background_colors[1]
    shown = []
    for strip in app.screen._compositor.render_strips():
        segments = list(strip)
        for line_filter in app.get_line_filters():
            segments = line_filter.apply(segments, background)
        shown.append("".join(segment.text for segment in segments).rstrip())
    return shown
