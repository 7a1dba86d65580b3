"""Standard error shared by the log and the live display.

The log is written by its own thread while the display owns the last lines of the terminal.
So that neither tears the other apart, what is written here while the display is up waits
for the display to make room. Without a display everything goes straight through.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TextIO


class Narration:
    """A text stream that can be held back; give it to the log as its stream.

    Writing is safe from any thread. ``hold``, ``take`` and ``release`` belong to the one
    thread that draws. Lines written in the very moment of ``release`` may come a line late.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._held = False
        self._waiting: SimpleQueue[str] = SimpleQueue()

    @property
    def ascii_only(self) -> bool:
        """Return whether the stream can carry nothing but ASCII for certain."""
        encoding = getattr(self.stream, "encoding", None) or "ascii"
        return not encoding.lower().replace("-", "").startswith("utf")

    @property
    def closed(self) -> bool:
        """Return whether the stream beneath was closed."""
        return self.stream.closed

    def write(self, text: str) -> int:
        """Write ``text``, now or when the display has made room."""
        if self._held:
            self._waiting.put(text)
        else:
            self.stream.write(self.take() + text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream beneath, unless a display does."""
        if not self._held:
            self.stream.flush()

    def isatty(self) -> bool:
        """Return whether the stream beneath is a terminal."""
        return self.stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream beneath."""
        return self.stream.fileno()

    def hold(self) -> None:
        """Keep what is written from now on until it is taken."""
        self._held = True

    def take(self) -> str:
        """Return what was held back so far."""
        parts: list[str] = []
        while True:
            try:
                parts.append(self._waiting.get_nowait())
            except Empty:
                return "".join(parts)

    def release(self) -> str:
        """Let everything through again; return what was still held back."""
        self._held = False
        return self.take()
