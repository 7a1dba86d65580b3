"""Every kind of event, with what happened; ``docs/events.md`` is made from this.

A kind is a stable word: filters, JSON and hooks use it. Kinds are only ever added.
"""

from __future__ import annotations

from typing import NamedTuple


class EventKind(NamedTuple):
    """One kind of event."""

    text: str
    """What happened."""
    kept: bool
    """It is in the catalogue too, so that ``podfetch events`` shows it later."""
    recorded: bool = False
    """No outcome or other write says it: the engine writes it down as an event."""


KINDS: dict[str, EventKind] = {
    "engine_started": EventKind("an engine began to work on the archive", True, True),
    "engine_stopped": EventKind("it ended, running jobs included", True, True),
    "engine_crashed": EventKind(
        "a bug ended one of its threads, so it ended itself; nothing that was recorded is lost",
        True,
        True,
    ),
    "thread_stuck": EventKind(
        "one of its threads does not move; the log has the stacks of all threads", True, True
    ),
    "thread_recovered": EventKind("that thread moves again", True, True),
    "screen_closed": EventKind(
        "the screen that hosted it closed, or its terminal went away; it goes on", True, True
    ),
    "engine_paused": EventKind("the operator paused it: nothing new starts", True, True),
    "engine_resumed": EventKind("the operator let it go on", True, True),
    "feed_polled": EventKind("a poll succeeded; live only if it brought something new", True),
    "feed_partial": EventKind(
        "a page of the back-catalogue failed; the next poll goes on there", True
    ),
    "feed_failed": EventKind("a poll failed", True),
    "feed_deferred": EventKind("the host told us when to come back; not a failure", True),
    "feed_stopped": EventKind("a poll was stopped with the engine; nothing failed", True),
    "episode_archived": EventKind("the file is published and recorded", True),
    "episode_partial": EventKind(
        "the file is archived, but something made of it (sidecar, tags …) failed", True
    ),
    "episode_derived": EventKind("what had failed was made later, without a download", True),
    "episode_failed": EventKind("a download failed", True),
    "episode_deferred": EventKind("the host told us when to come back; not a failure", True),
    "episode_stopped": EventKind("a download was stopped with the engine; it goes on later", True),
    "feeds_imported": EventKind(
        "feed lists were taken in as the terminal application began", False
    ),
    "list_read": EventKind(
        "a list of `[feeds] lists` added, changed, paused or resumed feeds", True
    ),
    "list_held": EventKind(
        "so many feeds are gone from a list that none was paused;"
        " `podfetch feeds accept-removals` ends the wait",
        True,
    ),
    "list_unread": EventKind(
        "a list that was read before is gone or broken; nothing is paused for that", True
    ),
    "feed_quarantined": EventKind(
        "a feed is handed to the operator: it is only probed now and then", True
    ),
    "feed_recovered": EventKind(
        "a feed in quarantine, or just released, answered and is well again", True
    ),
    "operator_acted": EventKind(
        "somebody changed feeds, episodes or limits by hand, or undid it; `code` is what was"
        " done (`pause`, `edit_feed`, `delete_episode` …)",
        True,
    ),
    "limit_changed": EventKind("somebody changed a limit of the running engine", False),
    "settings_changed": EventKind(
        "settings took effect, each with its old and new value", True, True
    ),
    "settings_rejected": EventKind(
        "the INI or the credentials file is wrong: nothing of it was taken, what held goes on",
        True,
        True,
    ),
    "settings_restored": EventKind(
        "a file that was wrong is right again, and as before", True, True
    ),
    "settings_pending": EventKind("settings were changed that need a restart", True, True),
    "settings_gave_way": EventKind(
        "a change made while running ended because the INI changed there", True, True
    ),
    "settings_ended": EventKind("a limit that was set for a time is as it was before", True, True),
    "host_opened": EventKind("a host fails so often that it is left alone for a while", False),
    "host_closed": EventKind("a host answers again", False),
    "network_up": EventKind("our own network works again", True, True),
    "doorway_closed": EventKind(
        "the socket for commands could not be opened; the engine works without it", True, True
    ),
    "metrics_closed": EventKind(
        "the address of `monitor.metrics` could not be had; the engine works without it",
        True,
        True,
    ),
    "client_dropped": EventKind("a program at the socket broke the protocol", False),
    "low_space": EventKind(
        "downloads wait for space and polls go on; or everything waits for space for the catalogue",
        True,
        True,
    ),
    "space_back": EventKind("there is space again: work goes on", True, True),
    "clock_jumped": EventKind(
        "the clock was set (`code`: forward, back, or before_start while no engine ran) or the"
        " machine slept (suspend); what waits was seen to",
        True,
        True,
    ),
    "alert_raised": EventKind("a threshold of `[alerts]` is passed; `code` is its key", True, True),
    "alert_cleared": EventKind("it is well within its threshold again", True, True),
    "memory_high": EventKind(
        "the process holds more than `engine.rss_soft`: one worker a lane, caches are dropped",
        True,
        True,
    ),
    "memory_back": EventKind("it holds well less than that again", True, True),
    "memory_end": EventKind(
        "it holds more than `engine.rss_hard`: the engine drains and ends with exit code 8",
        True,
        True,
    ),
    "throttled": EventKind(
        "the machine is under pressure: a lane works with fewer workers for now",
        True,
        True,
    ),
    "unthrottled": EventKind(
        "the pressure is over: the lane is back at its limit, or nearly", True, True
    ),
    "notify_failed": EventKind(
        "webhook or program (`code`) was not told of an alert, after three attempts; said once"
        " until it works again",
        True,
        True,
    ),
    "system_trouble": EventKind(
        "this machine failed (disk, catalogue, network): everything waits, nobody is blamed",
        True,
        True,
    ),
    "system_recovered": EventKind("it is over: work goes on", True, True),
    "engine_gone": EventKind(
        "said by `events --follow`: the engine went away, the catalogue is followed", False
    ),
    "engine_back": EventKind("said by `events --follow`: an engine answers again", False),
    "events_lost": EventKind(
        "said by `events --follow` and `--no-ui`: events went by too fast to be shown;"
        " the catalogue has them",
        False,
    ),
}
