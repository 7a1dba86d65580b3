"""An engine that reads its settings from files, as the program does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.archive import add_feeds
from support.wait import wait_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose, lists
from podfetch_tui.cli.context import CHECKS
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.engine.engine import Engine
from podfetch_tui.engine.feed_lists import take_lists
from podfetch_tui.model.events import Event

HEAD = "[archive]\nroot = archive\nmin_free = 0\n[network]\nallow_private = 127.0.0.0/8\n"
IDLE = "[engine]\npoll_workers = 0\ndownload_workers = 0\n"


@dataclass
class Reloading:
    """A running engine and the INI it follows."""

    engine: Engine
    ini: Path

    def events(self, kind: str) -> list[Event]:
        """Return all events of a kind so far."""
        return [event for event in self.engine.events.watch(0, 0).events if event.kind == kind]

    def texts(self, kind: str) -> list[str]:
        """Return what they say."""
        return [event.text for event in self.events(kind)]

    def write(self, text: str) -> None:
        """Overwrite the INI in place, below the lines every test needs."""
        self.ini.write_text(HEAD + text)

    def wait_for_event(self, kind: str, count: int = 1) -> str:
        """Wait until there are ``count`` events of a kind; return what the last says."""
        wait_for(lambda: len(self.events(kind)) >= count, what=f"{kind}: {self.texts(kind)}")
        return self.texts(kind)[count - 1]

    def wait_until(self, predicate: Callable[[Engine], object]) -> None:
        """Wait until something is true of the engine."""
        wait_for(lambda: predicate(self.engine))


@contextlib.contextmanager
def reloading(
    folder: Path,
    text: str | None = IDLE,
    *urls: str,
    env: dict[str, str] | None = None,
    overrides: tuple[tuple[str, str], ...] = (),
    ini: Path | None = None,
) -> Iterator[Reloading]:
    """Run an engine that follows an INI in ``folder`` while the block runs."""
    ini = ini or folder / "podfetch.ini"
    if text is not None:
        ini.write_text(HEAD + text)
    source = SettingsSource(ini=ini, env=env or {}, overrides=overrides, checks=CHECKS)
    loaded = source.read()
    assert loaded.problems == ()
    with archives.changing(loaded.settings) as archive:
        add_feeds(archive, *urls)
        files = lists.read_configured(loaded.settings, archive.catalog)
        outcomes = take_lists(files, archive.writer, archive.clock)
        with compose.engine_on(
            archive, loaded.settings, loaded.credentials, source=source, loaded=loaded
        ) as engine:
            engine.lists.begin(outcomes, tell=True)
            yield Reloading(engine, ini)
