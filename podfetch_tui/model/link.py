"""How a front end is connected to an engine of another process."""

from __future__ import annotations

import msgspec

SILENCE_S = 3.0
"""An engine that says nothing for so long is worth a word."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The connection at one moment."""

    where: str
    """The folder of the archive."""
    is_up: bool
    since: int
    """UTC milliseconds at which it came up, or at which the engine was last heard of."""
    read_only: bool = False
    silent_s: float = 0.0
    """Seconds since the engine last said anything."""
    problem: str = ""
    """Why there is none; empty while it is up."""
    tries: int = 0
    """Times it was tried in vain to have it again."""
    next_try_s: float = 0.0
    """Seconds until it is tried again."""

    @property
    def is_heard(self) -> bool:
        """Whether what the front end shows is the engine of now."""
        return self.is_up and self.silent_s < SILENCE_S

    def refusal(self) -> str:
        """Return why nothing can be changed over it; empty when it can."""
        if self.read_only:
            return "attached to look only (--read-only): nothing is changed from here"
        if not self.is_up:
            return f"not connected: {self.problem}"
        return ""
