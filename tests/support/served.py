"""A whole engine with its doorway, for commands that are run in the same process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from support.archive import add_feeds

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose, doorway
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.settings import Settings


@contextlib.contextmanager
def served(settings: Settings, *urls: str) -> Iterator[Engine]:
    """Run an engine on the archive of ``settings``, reached over its socket."""
    with archives.changing(settings) as archive:
        add_feeds(archive, *urls)
        with (
            compose.engine_on(archive, settings) as engine,
            doorway.served(engine, archive, settings),
        ):
            yield engine
