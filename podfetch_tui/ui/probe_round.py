"""Probes of several feeds, one after the other: how far they are, and a way to stop them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from podfetch_tui.model.commands import Command, CommandResult, ProbeFeed
from podfetch_tui.model.figures import count
from podfetch_tui.model.probes import ProbeReport

MOST_PROBED = 100
"""Each takes as long as its feed does, up to a minute."""
_GIVE_UP = 3
"""So many in a row that could not be made, and the others are not tried."""


class Probed(msgspec.Struct, kw_only=True):
    """What came of a round."""

    wanted: int
    """Feeds that were to be probed."""
    reports: dict[int, ProbeReport] = {}
    """Feed → what its probe found."""
    problems: list[str] = []
    """Why probes could not be made: nothing is known of their feeds."""
    is_stopped: bool = False
    """The operator ended it."""

    @property
    def rest(self) -> str:
        """What has to be said of those without a report; empty when there are none."""
        said = []
        if self.problems:
            said.append(f"{count(len(self.problems))} could not be probed: {self.problems[0]}")
        left = self.wanted - len(self.reports) - len(self.problems)
        if left:
            said.append(f"{'stopped, ' if self.is_stopped else ''}{count(left)} not probed")
        return "; ".join(said)


class ProbeRound:
    """At most one round at a time in the whole application."""

    def __init__(
        self,
        ask: Callable[[Command], Awaitable[CommandResult]],
        say: Callable[[str], None],
        actor: str,
    ) -> None:
        """Create it without a round.

        Args:
            ask: Sends a command.
            say: Shows how far a round is, in the place of what it showed before.
            actor: Who looks, in the audit.
        """
        self._ask = ask
        self._say = say
        self._actor = actor
        self._is_running = False
        self._is_to_stop = False

    def stop(self) -> bool:
        """End the round after the probe that runs; return whether there was one to end."""
        if not self._is_running or self._is_to_stop:
            return False
        self._is_to_stop = True
        self._say("Stopping after the probe that runs …")
        return True

    def refusal(self, number: int) -> str:
        """Return why ``number`` feeds cannot be probed now; empty when they can."""
        if self._is_running:
            return "Feeds are being probed already: esc stops that"
        if number > MOST_PROBED:
            return f"At most {count(MOST_PROBED)} feeds are probed at once: select fewer, or filter"
        return ""

    async def look(
        self,
        feed_ids: Sequence[int],
        took: Callable[[int, ProbeReport | None], None] = lambda *_: None,
    ) -> Probed:
        """Fetch feeds once, one after the other; nothing changes.

        Args:
            feed_ids: The feeds; no more than :meth:`refusal` allows.
            took: Told of each report as it comes, and of each that could not be made.
        """
        self._is_running, self._is_to_stop = True, False
        probed = Probed(wanted=len(feed_ids))
        try:
            in_a_row = 0
            for done, feed_id in enumerate(feed_ids):
                if self._is_to_stop or in_a_row == _GIVE_UP:
                    break
                self._say(f"Probed {count(done)} of {count(len(feed_ids))} · esc stops")
                result = await self._ask(ProbeFeed(feed_id=feed_id, actor=self._actor))
                took(feed_id, result.probe)
                if result.probe is None:
                    in_a_row += 1
                    probed.problems.append(result.text)
                else:
                    in_a_row = 0
                    probed.reports[feed_id] = result.probe
            probed.is_stopped = self._is_to_stop
        finally:
            self._is_running = False
        return probed
