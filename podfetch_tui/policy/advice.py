"""What an operator can do about a feed or an episode: one command each, and in words."""

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

AT_ONE_HOST = 3
"""So many feeds that fail alike at one host speak for a trouble of the host."""
_ASKED_TO_WAIT = (
    "its host asks us to wait: it is polled again by itself; R on Hosts (h) asks the host at once"
)
_REMEDIES = {
    "http_401": "the host wants credentials: `podfetch feeds edit FEED --auth NAME`",
    "http_403": "the host refuses us; it may take another User-Agent:"
    " `podfetch feeds edit FEED --user-agent TEXT`",
    "http_404": "it moved or is gone: e gives it another URL, X retires it",
    "http_410": "the host says it is gone for good: X retires it, e gives it another URL",
    "http_429": _ASKED_TO_WAIT,
    "http_503": _ASKED_TO_WAIT,
    "dns_unknown": "there is no such host any more: e gives it another URL, X retires it",
    "not_a_feed": "something else stands there: look at the answer; e gives it another URL",
    "too_large": "it is larger than allowed: `podfetch feeds edit FEED --feed-max SIZE`",
    "blocked_address": "it leads into a private network:"
    " `podfetch feeds edit FEED --allow-private CIDR`",
    "replaced": "another feed stands there: R on Quarantine (3) takes it as it is,"
    " e gives it another URL",
}
"""Code of a failure → what most likely helps, with the keys of Feeds and Quarantine."""
_BY_FAMILY = {
    Family.TRANSIENT.value: "it may pass, and is tried again by itself;"
    " if it lasts: e gives it another URL, X retires it",
    Family.DEFERRED.value: _ASKED_TO_WAIT,
    Family.PERMANENT.value: "its host has to mend that; e gives it another URL, X retires it",
    Family.MALFORMED.value: "its owner has to mend that; e gives it another URL, X retires it",
    Family.REFUSED.value: "it breaks a rule of ours (docs/networks.md); e gives it another URL",
    Family.SYSTEM.value: "that is trouble of this machine, not of the feed: `podfetch doctor`",
}
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


def remedy(code: str, *, family: str = "", at_host: int = 1) -> str:
    """Return what most likely helps a feed, in one sentence; empty where nothing can be said.

    Args:
        code: Code of its failure.
        family: Family of it, for when nothing special is known of the code.
        at_host: So many feeds fail with it at the same host.
    """
    if at_host >= AT_ONE_HOST and code not in _REMEDIES:
        return f"{at_host} feeds at this host fail the same way: rather the host than the feed"
    if code.startswith("redirect"):
        return "its redirects lead nowhere: e gives it the URL where it is now"
    if code.startswith("tls"):
        return "its certificate is not right: its owner has to mend that; it is tried again"
    return _REMEDIES.get(code) or _BY_FAMILY.get(family, "")


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
