"""The only way back in: what an operator can tell the engine."""

from __future__ import annotations

from typing import Union

import msgspec


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Start nothing new; what runs goes on."""


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Start new work again."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Drain and stop; ``now`` does not wait for running work."""

    now: bool = False


class SetLimit(msgspec.Struct, frozen=True, tag=True):
    """Change a setting of the running engine."""

    key: str
    """``section.key``."""
    value: str
    """As it would stand in the INI."""


class CheckFeeds(msgspec.Struct, frozen=True, tag=True):
    """Make feeds due now; an empty tuple means all active ones."""

    feed_ids: tuple[int, ...] = ()


class RetryEpisode(msgspec.Struct, frozen=True, tag=True):
    """Make episodes pending and due now."""

    episode_ids: tuple[int, ...]


class BeginFeeds(msgspec.Struct, frozen=True, tag=True):
    """Activate feeds that were imported paused."""


Command = Union[Pause, Resume, Stop, SetLimit, CheckFeeds, RetryEpisode, BeginFeeds]


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command."""

    ok: bool
    text: str = ""
    affected: int = 0
