"""What is written down of hosts: how they stand, what waits for them, and their release."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.feed import BreakerState
from podfetch_tui.model.text import counted


class PutOff(msgspec.Struct, frozen=True, kw_only=True):
    """Move work that is due to later: its host is not to be asked now. Blames nobody."""

    feeds: tuple[tuple[int, int], ...] = ()
    """(feed id, next poll in UTC milliseconds)."""
    episodes: tuple[tuple[int, int], ...] = ()
    """(episode id, next attempt in UTC milliseconds)."""


class SaveHost(msgspec.Struct, frozen=True, kw_only=True):
    """Keep what is known of a host for the next process."""

    host: str
    breaker: BreakerState = BreakerState.CLOSED
    opened: int = 0
    open_until: int | None = None
    not_before: int | None = None
    """It told us to wait so long."""
    error: str = ""
    at: int = 0


class ReleaseHosts(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Let hosts be asked again at once, whatever was known of them.

    Their breakers are closed, the time they named is forgotten, and what was put off for that
    or failed there is due. Receipt: :class:`HostsReleased`.
    """

    hosts: tuple[str, ...]
    actor: str = "command"
    at: int


class HostsReleased(msgspec.Struct, frozen=True, kw_only=True):
    """Receipt of :class:`ReleaseHosts`."""

    done: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Hosts that nothing held back."""
    feeds: int = 0
    """How many are due now that were not."""
    episodes: int = 0
    """Downloads that are due now."""

    @property
    def text(self) -> str:
        """What was done, in words."""
        due = f"{counted(self.feeds, 'feed')} and {counted(self.episodes, 'download')} due now"
        said = [f"{', '.join(self.done)} released: {due}"] if self.done else []
        return "; ".join([*said, *(f"{name} is not left alone" for name in self.refused)])
