"""What a newcomer is asked before there is an archive, and what each answer is told."""

from __future__ import annotations

import msgspec


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """All that the first run needs to know."""

    root: str
    """Folder of the archive."""
    feeds: str = ""
    """A feed list; empty for none yet."""
    backlog: str = "all"
    """As in ``[feeds] backlog``."""
    pace: str = "normal"
    """``gentle``, ``normal`` or ``fast``."""
    contact: str = ""
    """Address or page that the User-Agent names; empty for none."""
    min_free: str = "20 GiB"
    """As in ``[archive] min_free``."""
    paused: bool = False
    """The feeds wait until the operator lets them begin."""


class Finding(msgspec.Struct, frozen=True):
    """What was found of one answer."""

    is_good: bool
    lines: tuple[str, ...]
    count: int = 0
    """Feeds of a list."""


class Choice(msgspec.Struct, frozen=True):
    """One of a few answers."""

    value: str
    text: str


class Heard(msgspec.Struct, frozen=True):
    """What one feed that was asked says of its episodes."""

    sizes: tuple[int, ...] = ()
    """Declared bytes of each episode, the newest first; 0 where it declares none."""


class Asked(msgspec.Struct, frozen=True):
    """How far the asking of a few feeds has come."""

    done: int
    """Feeds that answered or failed to."""
    of: int
    """Feeds that are asked."""
    heard: tuple[Heard, ...] = ()
    """What those said that answered."""


MANY_FEEDS = 500
"""More new feeds than this wait for the operator in the terminal application."""
PACES: dict[str, dict[str, str]] = {
    "gentle": {
        "engine.poll_workers": "8",
        "engine.download_workers": "2",
        "engine.per_host": "1",
        "engine.host_spacing": "1s",
    },
    "normal": {},
    "fast": {
        "engine.poll_workers": "64",
        "engine.download_workers": "16",
        "engine.per_host": "4",
    },
}
"""Settings of each pace, where they are not the default."""
