"""Running the terminal application until the operator leaves."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from podfetch_tui.system import terminal
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.dialogs.quit import HowToEnd


def run_app(
    make: Callable[[], PodFetchApp],
    *,
    editor: Callable[[Sequence[str]], int] | None = None,
    in_browser: bool = False,
) -> HowToEnd:
    """Make the application and run it until the operator leaves.

    Args:
        make: Makes it.
        editor: Runs an editor at the terminal, given its words, and returns its exit status.
        in_browser: A browser shows it, which says its first size by the environment.

    Returns:
        How the engine is to end. The terminal is restored in any case, also on SIGTERM
        (``drain``) and SIGHUP (``hangup``). Should the application itself break, it says so
        and the answer is ``broken``.
    """
    if not in_browser:
        for name in ("COLUMNS", "LINES"):  # exported, they would hide every resize from Textual
            os.environ.pop(name, None)
    app = make()
    app.bridge.editor = editor
    how = app.run()
    if how is not None and app.return_code == 0:
        return how
    # A terminal that goes away may be noticed by who reads from it before SIGHUP arrives.
    return "hangup" if terminal.is_gone(0) else "broken"
