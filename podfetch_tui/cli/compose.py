"""The composition root: the only place that knows every class."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

from podfetch_tui.cli.archive import OpenArchive
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.settings import Settings
from podfetch_tui.net.client import HttpClient
from podfetch_tui.pipeline.services import Services
from podfetch_tui.sandbox.pool import Sandbox
from podfetch_tui.storage.template import parse_template
from podfetch_tui.system.resources import raise_open_files_limit


@contextlib.contextmanager
def engine_on(
    archive: OpenArchive, settings: Settings, *, once: bool = False, paused: bool = False
) -> Iterator[Engine]:
    """Build an engine on an open archive and start it; what it made is closed at the end."""
    work = settings.engine
    raise_open_files_limit(2 * (work.poll_workers + work.download_workers) + 256)
    template = parse_template(settings.archive.filename)
    http = HttpClient(settings.network, per_host=work.per_host, clock=archive.clock)
    with contextlib.closing(http), Sandbox(size=2) as sandbox:
        services = Services(
            http=http,
            sandbox=sandbox,
            catalog=archive.catalog,
            writer=archive.writer,
            layout=archive.layout,
            template=template,
            clock=archive.clock,
            rng=random.Random(),
        )
        engine = Engine(services, settings, once=once, paused=paused)
        try:
            engine.start()
            yield engine
        finally:
            engine.stop(timeout=0.0)
