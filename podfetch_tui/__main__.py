"""``podfetch`` and ``python -m podfetch_tui``."""

from __future__ import annotations

from podfetch_tui.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
