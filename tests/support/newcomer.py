"""A newcomer at the wizard: answers pages, and reads what each finds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from podfetch_tui.cli.first_desk import Inspector
from podfetch_tui.model.first_run import Answers, Asked, Choice, Finding, Heard
from podfetch_tui.model.settings import Settings
from podfetch_tui.ui.wizard.app import Outcome, Wizard
from podfetch_tui.ui.wizard.desk import Desk

SMALL = (80, 24)
PATIENCE = 4_000


class Newcomer:
    """Somebody at the keys of one wizard."""

    def __init__(self, app: Wizard, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def found(self) -> str:
        """What is said below the answer."""
        return str(self.app.query_one("#found", Static).render())

    @property
    def choices(self) -> list[str]:
        """What can be chosen."""
        menu = self.app.query_one("#choice", OptionList)
        return [str(option.prompt) for option in menu.options]

    async def press(self, *keys: str) -> None:
        """Press ``keys`` and wait until all was looked at."""
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def type(self, text: str) -> None:
        """Put ``text`` into the box in place of what stands there."""
        self.app.query_one("#text", Input).value = text
        await self.rest()

    async def rest(self) -> None:
        """Return when nothing is being looked at any more."""
        await self.until(lambda: not (self.app.is_running and self.app.is_looking))

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Return when ``predicate`` holds."""
        for _ in range(PATIENCE):
            await self.pilot.pause(0)
            if predicate():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"in vain: {self.app.page.name}: {self.found} {self.choices}")


Visit = Callable[[Newcomer], Awaitable[None]]


def visit(
    scene: Visit, root: str, desk: Desk | None = None, *, size: tuple[int, int] = SMALL
) -> Outcome:
    """Let a newcomer play ``scene``; return what the wizard ends with."""
    app = Wizard(desk or Inspector(Settings()), root)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await scene(Newcomer(app, pilot))

    asyncio.run(run())
    return app.return_value


class Desk36:
    """Finds what the pictures show, whatever the machine."""

    def __init__(self, *, is_done: bool = True) -> None:
        self._is_done = is_done

    def look_at_folder(self, root: str) -> Finding:
        """Say that all is well, or that there is something."""
        if root == "/srv/films":
            text = f"{root} is not empty. Name a new or empty folder: its files are not touched."
            return Finding(False, (text,))
        names = "Names of up to 255 bytes, case counts."
        return Finding(True, ("It will be made.", names, "2.3 TB free of 8.0 TB."))

    def look_at_list(self, path: str) -> Finding:
        """Say what such a list holds."""
        if not path:
            return Finding(True, ("No feeds yet: `podfetch import FILE` adds them later.",))
        rejects = (
            "  line 77: ftp://old.example/feed: the scheme is not http or https",
            "  line 1204: http://10.0.0.5/rss: a private address (network.allow_private)",
        )
        head = "10,398 feeds, 14 named twice, 2 lines rejected."
        return Finding(True, (head, *rejects), 10_398)

    def ask_feeds(self, path: str, stop: threading.Event, tell: Callable[[Asked], None]) -> None:
        """Tell of eleven answers."""
        heard = Heard((45_000_000,) * 120)
        tell(Asked(12, 12, (heard,) * 11) if self._is_done else Asked(5, 12, (heard,) * 4))
        if not self._is_done:
            stop.wait(60)

    def backlogs(self, feeds: int, asked: Asked) -> tuple[Choice, ...]:
        """Return what an inspector does."""
        return Inspector(Settings()).backlogs(feeds, asked)

    def look_at_settings(self, answers: Answers) -> Finding:
        """Return what an inspector does, with the file where it usually is."""
        found = Inspector(Settings()).look_at_settings(answers)
        if not found.is_good:
            return found
        return Finding(True, ("/home/operator/.config/podfetch/podfetch.ini", *found.lines[1:]))
