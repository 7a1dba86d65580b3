"""What an operator can do about a feed or an episode: one command each."""

from __future__ import annotations

import re

from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Family
from podfetch_tui.model.feed import FeedState

_EDITS = {
    "http_401": "--auth NAME",
    "http_407": "--auth NAME",
    "http_403": "--user-agent TEXT",
    "http_404": "--url URL",
    "http_410": "--url URL",
    "dns_unknown": "--url URL",
    "not_a_feed": "--url URL",
    "redirect_loop": "--url URL",
    "redirect_limit": "--url URL",
    "redirect_bad": "--url URL",
    "replaced": "--url URL",
    "blocked_scheme": "--url URL",
    "blocked_port": "--url URL",
    "too_large": "--feed-max SIZE",
    "blocked_address": "--allow-private CIDR",
}
"""Code of a failure → what an edit of the feed can mend."""


_COMMAND = re.compile(r"\bpodfetch(?= [a-z-])")


def complete(text: str, program: str, feed_id: int | None = None) -> str:
    """Return advice as its reader can type it.

    Args:
        text: Advice of this module, or words with such commands in them.
        program: How he calls the program: ``podfetch --archive /srv/pods``.
        feed_id: What stands for ``FEED``.
    """
    named = text if feed_id is None else text.replace("FEED", str(feed_id))
    return _COMMAND.sub(lambda _: program, named)


def for_feed(
    feed_id: int,
    state: FeedState,
    *,
    code: str = "",
    family: str | None = None,
    merged_into: int | None = None,
    held_host: str = "",
) -> str:
    """Return the command that helps a feed best.

    Args:
        feed_id: Its number.
        state: Where it stands.
        code: Code of its last failure; empty after a success.
        family: Family of it.
        merged_into: The feed it met at one URL.
        held_host: Its host, while that is left alone.
    """
    if merged_into is not None:
        return f"podfetch why feed:{merged_into}"
    edit = _EDITS.get(code)
    if state in (FeedState.PAUSED, FeedState.RETIRED):
        return f"podfetch feeds resume {feed_id}"
    if edit is not None:
        return f"podfetch feeds edit {feed_id} {edit}"
    if state is FeedState.GONE:
        return f"podfetch feeds resume {feed_id}"
    if state is FeedState.QUARANTINED:
        return f"podfetch quarantine probe {feed_id}"
    if family == Family.SYSTEM.value:
        return "podfetch doctor"
    if held_host:
        return f"podfetch hosts release {held_host}"
    return f"podfetch feeds check {feed_id}"


def for_episode(
    episode_id: int,
    feed_id: int,
    state: EpisodeState,
    *,
    feed_state: FeedState = FeedState.ACTIVE,
    error: str = "",
    family: str = "",
    is_there: bool = True,
    is_suspect: bool = False,
    is_whole: bool = True,
) -> str:
    """Return the command that helps an episode best.

    Args:
        episode_id: Its number.
        feed_id: That of its feed.
        state: Where it stands.
        feed_state: Where its feed stands.
        error: Why it failed or is skipped.
        family: Family of the failure.
        is_there: Its own file is on the disk.
        is_suspect: That is damaged, or no known media.
        is_whole: What the settings want beside it was made and is on the disk.
    """
    retry = f"podfetch episodes retry {episode_id}"
    if state is EpisodeState.ARCHIVED and not is_there:
        return retry
    if state is EpisodeState.ARCHIVED and is_suspect:
        return f"podfetch episodes delete {episode_id} && {retry} --undelete"
    if state is EpisodeState.ARCHIVED and not is_whole:
        return f"podfetch episodes derive {episode_id}"
    if state is EpisodeState.ARCHIVED:
        return "podfetch verify --deep"
    if state is EpisodeState.DELETED:
        return f"{retry} --undelete"
    if state is EpisodeState.SKIPPED and error.startswith("backlog "):
        return f"podfetch feeds edit {feed_id} --backlog all"
    waits = state in (EpisodeState.PENDING, EpisodeState.CLAIMED, EpisodeState.SEALED)
    if feed_state in (FeedState.PAUSED, FeedState.RETIRED, FeedState.GONE) and waits:
        return f"podfetch feeds resume {feed_id}"
    if family == Family.SYSTEM.value:
        return "podfetch doctor"
    if state in (EpisodeState.CLAIMED, EpisodeState.SEALED):
        return "podfetch --once"
    return retry
