"""What one look at a feed found, and what would come of a release."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.text import counted


class ProbeReport(msgspec.Struct, frozen=True, kw_only=True):
    """The diagnosis of one feed; nothing was changed by it."""

    feed_id: int
    title: str
    """What the feed is called in the archive."""
    url: str
    """Without secrets."""
    ok: bool
    """A feed came."""
    family: str | None = None
    """Family of the failure."""
    code: str = "ok"
    """Code of the failure; ``ok`` without one."""
    detail: str = ""
    """One line about it."""
    status: int | None = None
    duration_ms: int = 0
    bytes: int = 0
    content_type: str = ""
    final_url: str = ""
    """Where the answer came from, redirects followed; without secrets."""
    found_title: str = ""
    """Title of the document that came."""
    items: int = 0
    known_items: int = 0
    """Items that are known episodes."""
    head: str = ""
    """Beginning of the answer that was no feed, cleaned."""
    release: str = ""
    """What a release would lead to: ``recovers waits goes_back goes unknown``."""
    release_text: str = ""
    """The same as a sentence."""
    state: str = ""
    """Where the feed stands."""

    @property
    def is_held(self) -> bool:
        """The feed is in quarantine."""
        return self.state == FeedState.QUARANTINED.value

    @property
    def answers(self) -> bool:
        """A feed came, and none of another show."""
        return self.code == "ok"

    @property
    def said(self) -> str:
        """What came, in a line."""
        if self.code != "ok":
            return f"{self.code}: {self.detail}" if self.detail else self.code
        return f"ok: {counted(self.items, 'item')}, {self.known_items} of them known"
