"""Running the terminal application until the operator leaves."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.link import Link
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.system import terminal
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.dialogs.quit import HowToEnd
from podfetch_tui.ui.kept import Kept


def run_app(
    client: EngineClient,
    settings: UiSettings,
    *,
    keys: Mapping[str, str] | None = None,
    on_painted: Callable[[], None] | None = None,
    host_ended: threading.Event | None = None,
    link: Callable[[], Link] | None = None,
    restart: Callable[[], None] | None = None,
    kept: Path | None = None,
) -> HowToEnd:
    """Run the application until the operator leaves; return how the engine is to end.

    Args:
        client: The engine's doorway.
        settings: The ``[ui]`` section.
        keys: The ``[keys]`` section: keys, comma separated, by the id of their action.
        on_painted: Called once, when the first picture is on the screen.
        host_ended: Set when there is no engine behind the doorway any more; the application
            then closes by itself.
        link: Says how the engine is reached when it is in another process: then leaving asks
            nothing, and nothing is changed where that may not be.
        restart: Starts the engine again, without waiting for it, after it stopped by itself.
        kept: File of what the screens keep from one run to the next.

    The terminal is restored in any case, also on SIGTERM (``drain``) and SIGHUP
    (``hangup``). Should the application itself break, it says so and the answer is
    ``broken``.
    """
    for name in ("COLUMNS", "LINES"):  # exported, they would hide every resize from Textual
        os.environ.pop(name, None)
    app = PodFetchApp(
        client,
        settings,
        keys=keys,
        on_painted=on_painted,
        host_ended=host_ended,
        link=link,
        restart=restart,
        kept=Kept(kept),
    )
    how = app.run()
    if how is not None and app.return_code == 0:
        return how
    # A terminal that goes away may be noticed by who reads from it before SIGHUP arrives.
    return "hangup" if terminal.is_gone(0) else "broken"
