"""Which main screens there are. The first picture waits for the code of no other screen."""

from __future__ import annotations

from collections.abc import Callable

from podfetch_tui.ui.screens.main import MainScreen


def _dashboard() -> type[MainScreen]:
    from podfetch_tui.ui.screens.dashboard import Dashboard

    return Dashboard


def _feeds() -> type[MainScreen]:
    from podfetch_tui.ui.screens.feeds import Feeds

    return Feeds


def _quarantine() -> type[MainScreen]:
    from podfetch_tui.ui.screens.quarantine import Quarantine

    return Quarantine


def _downloads() -> type[MainScreen]:
    from podfetch_tui.ui.screens.downloads import Downloads

    return Downloads


def _episodes() -> type[MainScreen]:
    from podfetch_tui.ui.screens.episodes import Episodes

    return Episodes


def _limits() -> type[MainScreen]:
    from podfetch_tui.ui.screens.limits import Limits

    return Limits


def _events() -> type[MainScreen]:
    from podfetch_tui.ui.screens.events import Events

    return Events


def _config() -> type[MainScreen]:
    from podfetch_tui.ui.screens.config import Config

    return Config


SCREENS: dict[str, Callable[[], type[MainScreen]]] = {
    "dashboard": _dashboard,
    "feeds": _feeds,
    "quarantine": _quarantine,
    "downloads": _downloads,
    "limits": _limits,
    "events": _events,
    "config": _config,
    "episodes": _episodes,
}
"""Mode → what loads its class. ``go.<mode>`` of ``model/actions.py`` leads there."""


def load_all() -> None:
    """Load the code of all screens, so that no key has to wait for it; on any thread."""
    for load in SCREENS.values():
        load()
