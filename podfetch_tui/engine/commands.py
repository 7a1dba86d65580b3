"""Commands, carried out: the only way an operator changes a running engine."""

from __future__ import annotations

from collections.abc import Callable

from podfetch_tui.catalog import feeds
from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.model.commands import (
    BeginFeeds,
    CheckFeeds,
    Command,
    CommandResult,
    Pause,
    Resume,
    RetryEpisode,
    SetLimit,
    Stop,
)
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.writes import ChangeFeed, RetryEpisodes
from podfetch_tui.pipeline.services import Services

IMPORTED_PAUSED = "imported paused"
"""State reason of feeds that wait for the operator to begin."""
_LANE_KEYS = {"engine.poll_workers": Lane.POLL, "engine.download_workers": Lane.DOWNLOAD}


class Commands:
    """Applies commands to the parts of an engine."""

    def __init__(
        self,
        services: Services,
        dispatcher: Dispatcher,
        slots: Slots,
        schedule: Schedule,
        *,
        pause: Callable[[bool], None],
        stop: Callable[[bool], None],
    ) -> None:
        self._services = services
        self._dispatcher = dispatcher
        self._slots = slots
        self._schedule = schedule
        self._pause = pause
        self._stop = stop

    def apply(self, command: Command) -> CommandResult:
        """Carry ``command`` out; a refusal is a result, not an exception."""
        try:
            return self._apply(command)
        except Failure as failure:
            return CommandResult(ok=False, text=str(failure))

    def _apply(self, command: Command) -> CommandResult:
        match command:
            case Pause():
                self._pause(True)
                return CommandResult(ok=True, text="paused: what runs goes on, nothing new starts")
            case Resume():
                self._pause(False)
                return CommandResult(ok=True, text="resumed")
            case Stop(now=now):
                self._stop(now)
                return CommandResult(ok=True, text="stopping")
            case SetLimit(key=key, value=value):
                return self._set_limit(key, value)
            case CheckFeeds(feed_ids=feed_ids):
                return self._check(feed_ids)
            case RetryEpisode(episode_ids=ids):
                self._services.commit(
                    RetryEpisodes(episode_ids=ids, at=self._services.clock.now_ms())
                )
                self._dispatcher.look_now()
                return CommandResult(ok=True, text="due now", affected=len(ids))
            case BeginFeeds():
                return self._begin()

    def _set_limit(self, key: str, value: str) -> CommandResult:
        if not value.strip().isdigit():
            return CommandResult(ok=False, text=f"{key} takes a whole number, not {value!r}")
        number = int(value)
        if key == "engine.per_host":
            if number < 1:
                return CommandResult(ok=False, text="engine.per_host is at least 1")
            self._schedule.set_per_host(number)
        elif key in _LANE_KEYS:
            try:
                self._slots.set_limit(_LANE_KEYS[key], number)
            except ValueError as error:
                return CommandResult(ok=False, text=f"{key}: {error}")
        else:
            return CommandResult(ok=False, text=f"{key} cannot be changed while running")
        self._dispatcher.look_now()
        return CommandResult(ok=True, text=f"{key} = {number}", affected=1)

    def _check(self, feed_ids: tuple[int, ...]) -> CommandResult:
        catalog, now = self._services.catalog, self._services.clock.now_ms()
        if not feed_ids:
            feed_ids = feeds.ids_in_state(catalog, FeedState.ACTIVE)
        for feed_id in feed_ids:
            self._services.writer.submit(
                ChangeFeed(feed_id=feed_id, next_poll_at=now, at=now), lazy=True
            )
        self._services.writer.flush()
        self._dispatcher.look_now()
        return CommandResult(ok=True, text="due now", affected=len(feed_ids))

    def _begin(self) -> CommandResult:
        now = self._services.clock.now_ms()
        waiting = feeds.ids_in_state(
            self._services.catalog, FeedState.PAUSED, reason=IMPORTED_PAUSED
        )
        for feed_id in waiting:
            self._services.writer.submit(
                ChangeFeed(feed_id=feed_id, state=FeedState.ACTIVE, next_poll_at=now, at=now),
                lazy=True,
            )
        self._services.writer.flush()
        self._dispatcher.look_now()
        return CommandResult(ok=True, text=f"{len(waiting)} feeds begin", affected=len(waiting))
