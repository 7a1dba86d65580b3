"""What lets an engine follow its files, wired together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from podfetch_tui.config.folders import make_observer
from podfetch_tui.config.loaded import Loaded
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.config.watch import FileWatch
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.list_files import ListFiles
from podfetch_tui.engine.live_settings import LiveSettings
from podfetch_tui.engine.reconfigure import Reconfigure
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.services import Services


class Following(NamedTuple):
    """The parts."""

    files: FileWatch
    lists: ListFiles
    reconfigure: Reconfigure


def following(
    services: Services,
    events: EventRing,
    live: LiveSettings,
    source: SettingsSource,
    loaded: Loaded,
    *,
    once: bool,
    on_feeds: Callable[[Collection[int]], None],
) -> Following:
    """Wire the parts; nothing is followed before :meth:`Reconfigure.follow`.

    Args:
        services: The adapters.
        events: Where it is told what changed.
        live: Makes settings hold.
        source: Where they come from.
        loaded: What it gave at the start.
        once: The engine does what is due and ends: it looks at no file by itself.
        on_feeds: Told which feeds the lists brought.
    """
    watch = loaded.settings.monitor.watch

    def watching(name: str) -> FileWatch:
        return FileWatch(
            services.clock,
            name=name,
            is_on=watch != "off" and not once,
            make=None if watch == "poll" else make_observer,
        )

    def settings() -> Settings:
        return reconfigure.settings

    lists = ListFiles(services, events, watching("lists"), settings=settings, on_taken=on_feeds)
    files = watching("files")
    reconfigure = Reconfigure(
        source,
        loaded,
        services=services,
        events=events,
        files=files,
        lists=lists,
        apply=live.apply,
    )
    return Following(files, lists, reconfigure)
