"""The first lines a child runs: find our package where the parent found it, then go on.

Run as a script under ``-I -S``: such an interpreter reads no environment, no working folder and
no site packages, so the parent hands its own module path over. Must import nothing of ours, and
nothing slow, before that path is set.

Arguments: the module path, one entry a line; ``child`` or ``launch``; what that one takes.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Set the module path and hand over."""
    _, path, entry, *arguments = sys.argv
    sys.path[:] = path.split("\n")
    if entry == "child":
        from podfetch_tui.sandbox.child import serve

        serve(arguments)
    else:
        from podfetch_tui.sandbox.launch import launch

        launch(arguments)


if __name__ == "__main__":
    main()
