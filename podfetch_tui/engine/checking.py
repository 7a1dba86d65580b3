"""Which feeds a check makes due: the active ones. What waits for the operator stays as it is."""

from __future__ import annotations

import msgspec

from podfetch_tui.catalog import feeds, trail
from podfetch_tui.catalog.quarantine import feed_marks
from podfetch_tui.model.commands import CommandResult
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.text import counted
from podfetch_tui.model.writes import ChangeFeed
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.hosts import host_of

_LOOKED_AT = 20
"""With so many feeds to be checked their hosts are looked at, too."""
_NAMED = 100
"""So many of those that are not active are named in the answer; all are counted."""


class Checked(msgspec.Struct, frozen=True):
    """What a check did."""

    due: tuple[int, ...]
    """Feeds that are due now."""
    skipped: tuple[tuple[int, str], ...]
    """Feed and why it is not."""
    held: str = ""
    """A host of them that is not asked now."""

    @property
    def result(self) -> CommandResult:
        """What the operator is told."""
        return CommandResult(
            ok=bool(self.due) or not self.skipped,
            text=self._text,
            affected=len(self.due),
            refused=self.skipped[:_NAMED],
        )

    @property
    def _text(self) -> str:
        number = len(self.skipped)
        if not self.due and number == 1:
            feed_id, why = self.skipped[0]
            return f"feed {feed_id} {why}: only active feeds are polled"
        if not self.due and number:
            return f"none of these {counted(number, 'feed')} is active: nothing is polled"
        command = f"`podfetch hosts release {self.held}`"
        held = f", but {self.held} is left alone: {command} asks it" if self.held else ""
        due = f"{counted(len(self.due), 'feed')} due now" if number else "due now"
        skipped = f"; {counted(number, 'other')} skipped, not active" if number else ""
        return f"{due}{held}{skipped}"


def check(services: Services, feed_ids: tuple[int, ...]) -> Checked:
    """Make those of some feeds due that are active; without ids every active one.

    A snooze promises that nothing is asked before its end, and a feed that is paused, gone or
    retired is not polled whenever it is due.

    Raises:
        Failure: The catalogue could not be read or written.
    """
    catalog, now = services.catalog, services.clock.now_ms()
    skipped: tuple[tuple[int, str], ...] = ()
    if feed_ids:
        states = {mark.id: mark.state for mark in feed_marks(catalog, feed_ids)}
        skipped = tuple(
            (one, f"is {states[one].value}" if one in states else "is not known")
            for one in feed_ids
            if states.get(one) is not FeedState.ACTIVE
        )
        feed_ids = tuple(one for one in feed_ids if states.get(one) is FeedState.ACTIVE)
    else:
        feed_ids = tuple(feeds.ids_in_state(catalog, FeedState.ACTIVE))
    for feed_id in feed_ids:
        services.writer.submit(ChangeFeed(feed_id=feed_id, next_poll_at=now, at=now), lazy=True)
    services.writer.flush()
    return Checked(feed_ids, skipped, _held_host(services, feed_ids, now))


def _held_host(services: Services, feed_ids: tuple[int, ...], now: int) -> str:
    """Return a host of these feeds that is not asked now; of many feeds nobody looks."""
    for feed_id in feed_ids if len(feed_ids) <= _LOOKED_AT else ():
        feed = feeds.get_feed(services.catalog, feed_id)
        host = None if feed is None else trail.host_facts(services.catalog, host_of(feed.url))
        if host is not None and host.is_held(now):
            return host.name
    return ""
