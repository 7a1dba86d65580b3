"""Textual's way to a terminal, for one that may go away.

When a terminal hangs up, writing to it fails, reading it ends, and the kernel sends SIGCONT along
with SIGHUP. Textual's driver would then start a second time, and its output thread would die
while the application waits for it for ever.
"""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App


class Outlet:
    """A file that swallows what is written once nobody can read it any more."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._is_gone = False

    def write(self, text: str) -> int:
        """Write ``text``, or drop it."""
        if not self._is_gone:
            try:
                return self._file.write(text)
            except (OSError, ValueError):
                self._is_gone = True
        return len(text)

    def flush(self) -> None:
        """Flush, or drop what was not written."""
        if not self._is_gone:
            try:
                self._file.flush()
            except (OSError, ValueError):
                self._is_gone = True

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Textual's driver that survives its terminal."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        # Textual paints to standard error, which may be led into a file.
        painted = sys.__stderr__ if os.isatty(2) else sys.__stdout__
        assert painted is not None
        self._file = Outlet(painted)  # type: ignore[assignment]  # all that is asked of it

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop of our own; other SIGCONT, as that of a hang-up, mean nothing."""
        if self._must_signal_resume:
            super()._sigcont_application()

    def run_input_thread(self) -> None:
        """Read keys until the terminal is gone, of which SIGHUP tells.

        Raises:
            OSError: A terminal that is there cannot be read.
        """
        try:
            super().run_input_thread()
        except OSError:
            if os.isatty(self.fileno):
                raise
