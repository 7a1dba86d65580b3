"""Which feeds or episodes the words on the command line mean."""

from __future__ import annotations

from typing import TypeVar

from podfetch_tui.catalog import pages
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.config.sources import normalise_url
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import FeedState

_STATE = "state:"
_State = TypeVar("_State", FeedState, EpisodeState)


def choose_feeds(catalog: Catalog, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of the feeds named by id, URL or ``state:WORD``, in order, each once.

    Raises:
        UsageError: A name means no feed.
    """
    chosen: dict[int, None] = {}
    for name in names:
        if name.startswith(_STATE):
            state = _word(name, FeedState)
            chosen.update(dict.fromkeys(pages.feed_ids(catalog, state=state)))
            continue
        found = pages.feed_by_id(catalog, int(name)) if name.isdigit() else _by_url(catalog, name)
        if found is None:
            raise UsageError(f"no feed {name!r}; `podfetch feeds list` shows ids and URLs")
        chosen[found] = None
    return tuple(chosen)


def choose_episodes(catalog: Catalog, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of the episodes named by id, enclosure URL or ``state:WORD``.

    Raises:
        UsageError: A name means no episode.
    """
    chosen: dict[int, None] = {}
    for name in names:
        if name.startswith(_STATE):
            state = _word(name, EpisodeState)
            chosen.update(dict.fromkeys(pages.episode_ids(catalog, state=state)))
            continue
        if name.isdigit():
            found = pages.episode_by_id(catalog, int(name))
        else:
            found = pages.episode_by_url(catalog, name)
        if found is None:
            raise UsageError(f"no episode {name!r}; `podfetch episodes list` shows ids and URLs")
        chosen[found] = None
    return tuple(chosen)


def _by_url(catalog: Catalog, name: str) -> int | None:
    try:
        return pages.feed_by_url(catalog, normalise_url(name))
    except ValueError:
        return None


def _word(name: str, states: type[_State]) -> _State:
    word = name[len(_STATE) :]
    try:
        return states(word)
    except ValueError:
        known = ", ".join(state.value for state in states)
        raise UsageError(f"no state {word!r}; there are {known}") from None
