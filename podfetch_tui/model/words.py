"""The words of the screens that a newcomer may not know, each in one sentence.

Help (`?`) and ``docs/words.md`` are made from them.
"""

from __future__ import annotations

import msgspec


class Word(msgspec.Struct, frozen=True):
    """One word and what it means."""

    name: str
    text: str
    """One sentence without a full stop."""


WORDS = (
    Word("backlog", "the episodes that a feed lists when it is polled for the first time; a policy"
         " says how many of them are fetched"),
    Word("batch", "feeds that are polled together, about half a minute's worth; after a restart it"
         " goes on where it was"),
    Word("breaker", "stops asking a host or a feed that keeps failing, for longer each time;"
         " half open: one request is let through to see whether it answers again"),
    Word("catching up", "many feeds are due at once, as after an outage: they are let in a little"
         " at a time, so that their hosts see no storm"),
    Word("cooling", "a feed that failed so often that it is polled seldom, each time later"),
    Word("cycle", "all active feeds, each polled once within its interval; those that are not due"
         " count as done"),
    Word("due", "its time to be polled or fetched has come"),
    Word("enclosure", "the media file that an episode of a feed names by its URL"),
    Word("interval", "the time from one poll of a feed to the next; it follows how often something"
         " new comes"),
    Word("lag", "how late the engine's own timer is: above 100 ms the machine is short of time"),
    Word("lane", "what may run at once of one kind: polls, or downloads"),
    Word("lateness", "how long after its time a poll begins"),
    Word("left alone", "a host that told us to wait or keeps failing: it is not asked"
         " before the time shown"),
    Word("partial", "the episode is archived, but something beside it, as tags, is still missing"),
    Word("poll", "asking a feed whether it has changed"),
    Word("probation", "after a release: one failure leads back into quarantine, a success ends it"),
    Word("probe", "fetching a feed once to see what comes; it changes nothing"),
    Word("quarantine", "where feeds go that keep failing; they are only probed, until you release"
         " them"),
    Word("retired", "is never polled again; its episodes and files stay"),
    Word("snoozed", "is in quarantine and is not probed for a while"),
    Word("throttle", "lets less run at once while the machine is short of something, and more again"
         " afterwards"),
    Word("unchanged", "the host answered 304: nothing is new, and nothing was sent"),
)  # fmt: skip
