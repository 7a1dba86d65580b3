"""Runs ``--once`` on an archive; the test that started it kills it at any moment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from support.archive import settings_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.model.writes import ImportFeeds, NewFeed

CATALOG = "PODFETCH_TEST_CATALOG"
"""Environment variable that names the catalogue when it is not in the root."""


def main() -> None:
    root, *urls = sys.argv[1:]
    place = {"catalog": os.environ.get(CATALOG, "")}
    settings = settings_for(Path(root), archive=place, engine={"download_workers": 8})
    with archives.changing(settings) as archive:
        write = ImportFeeds(
            source="test",
            feeds=tuple(NewFeed(url=url) for url in urls),
            at=archive.clock.now_ms(),
        )
        archive.writer.submit(write).result()
        with compose.engine_on(archive, settings, once=True) as engine:
            engine.finished.wait()
            engine.stop(timeout=10)


if __name__ == "__main__":
    main()
