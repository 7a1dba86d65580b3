"""Asking a few feeds of a list how much they hold, before there is an archive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import msgspec

from podfetch_tui.cli.compose import hearing
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import Access
from podfetch_tui.model.first_run import Asked, Heard
from podfetch_tui.model.list_writes import NewFeed
from podfetch_tui.model.settings import Settings
from podfetch_tui.policy.forecast import sample
from podfetch_tui.policy.hosts import host_of

_AT_ONCE = 6
_CONNECT_S, _DEADLINE_S = 5.0, 12.0
"""A newcomer waits at the screen."""


def ask_some(
    feeds: Sequence[NewFeed],
    settings: Settings,
    stop: threading.Event,
    tell: Callable[[Asked], None],
) -> None:
    """Fetch a few of ``feeds`` once, under all rules of a poll, and say what they hold.

    Args:
        feeds: The feeds of a list.
        settings: How they are fetched; waits are shorter.
        stop: Ends it before its time.
        tell: Called on this thread before the first answer, and after each.
    """
    chosen = [feeds[index] for index in sample([host_of(feed.url) for feed in feeds])]
    network = msgspec.structs.replace(
        settings.network, connect_timeout=_CONNECT_S, feed_deadline=_DEADLINE_S
    )
    heard: list[Heard] = []
    tell(Asked(0, len(chosen)))
    with (
        hearing(msgspec.structs.replace(settings, network=network)) as hear,
        ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="podfetch-ask") as pool,
    ):

        def ask(feed: NewFeed) -> Heard | None:
            try:
                return hear(feed.url, Access(feed_url=feed.url, user_agent=feed.user_agent), stop)
            except Failure:
                return None  # its first poll will say why

        asked = [pool.submit(ask, feed) for feed in chosen]
        for number, answer in enumerate(as_completed(asked), 1):
            found = answer.result()
            heard += [] if found is None else [found]
            tell(Asked(number, len(chosen), tuple(heard)))
