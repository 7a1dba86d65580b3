"""The terminal application on a stage: driven by keys, over a fake client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from support.fake_client import FakeClient
from textual.pilot import Pilot

from podfetch_tui.model.settings import UiSettings
from podfetch_tui.ui.app import PodFetchApp

WIDE = (120, 36)
SMALL = (80, 24)
UNICODE = UiSettings(glyphs="unicode")
"""The signs do not depend on the locale of the machine."""


@dataclass
class Stage:
    """What a scene plays with."""

    app: PodFetchApp
    pilot: Pilot[Any]
    client: FakeClient


Scene = Callable[[Stage], Awaitable[None]]


def app_over(client: FakeClient, settings: UiSettings = UNICODE) -> PodFetchApp:
    """Return the application over ``client``."""
    return PodFetchApp(client, settings)


async def settle(stage: Stage) -> None:
    """Take a snapshot, and return when all it led to is on the screen."""
    for _ in range(2):
        stage.app.look()
        await stage.app.workers.wait_for_complete()
        await stage.pilot.pause()


async def press(stage: Stage, *keys: str) -> None:
    """Press ``keys`` and return when all they led to is on the screen."""
    for key in keys:
        await stage.pilot.press(key)
        await settle(stage)


def play(
    client: FakeClient,
    scene: Scene,
    *,
    size: tuple[int, int] = WIDE,
    settings: UiSettings = UNICODE,
) -> PodFetchApp:
    """Open the application over ``client``, play ``scene``, close it and return it."""
    app = app_over(client, settings)

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
