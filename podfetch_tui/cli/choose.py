"""Which feeds or episodes the words on the command line mean: ids, URLs, or one filter."""

from __future__ import annotations

import re
from collections.abc import Callable

from podfetch_tui.catalog import lookups, pages
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import redact
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.urls import normalise_url

_ID = re.compile(r"[0-9]+\Z", re.ASCII)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+\Z")
_ANY_ADDRESS = parse_networks(("0.0.0.0/0", "::/0"))
"""A feed that is in the archive is found, whatever may be added today."""
_NOT_BOTH = "give ids and URLs, or one filter, not both (a filter takes id:1,2)"
LARGEST_ID = 2**63 - 1
"""The catalogue has no greater number."""
MOST_ROWS = 10**9
"""What ``--limit`` takes: nothing has more."""
_Find = Callable[[Catalog, str], "int | None"]


def choose_feeds(catalog: Catalog, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of the feeds that ``names`` mean, in order, each once.

    Raises:
        UsageError: A name means no feed, or the filter cannot be read.
    """
    return _choose(catalog, names, "feeds", _feed)


def choose_quarantined(catalog: Catalog, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return what :func:`choose_feeds` does, but a filter looks in quarantine alone."""
    if are_names(names):
        return choose_feeds(catalog, names)
    if any(_is_name(name) for name in names):
        raise UsageError(_NOT_BOTH)
    return tuple(pages.ids(catalog, PageRequest(kind="quarantine", filter=filter_of(names))))


def choose_episodes(catalog: Catalog, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of the episodes that ``names`` mean; raises as :func:`choose_feeds`."""
    return _choose(catalog, names, "episodes", _episode)


def one_feed(catalog: Catalog, name: str) -> int:
    """Return the id of the one feed that ``name`` means.

    Raises:
        UsageError: It means none, or several.
    """
    return _one(choose_feeds(catalog, (name,)), name, "feeds")


def one_episode(catalog: Catalog, name: str) -> int:
    """Return the id of the one episode that ``name`` means; raises as :func:`one_feed`."""
    return _one(choose_episodes(catalog, (name,)), name, "episodes")


def filter_of(words: tuple[str, ...], *more: str) -> str:
    """Return one filter of the words of a command line and of what options add to it.

    Raises:
        UsageError: An option narrows alternatives, which would change what they mean.
    """
    text = " ".join(words)
    added = " ".join(part for part in more if part)
    if added and "|" in text:
        raise UsageError(f"write {added!r} into each alternative of the filter, not as an option")
    return f"{text} {added}".strip()


def _choose(catalog: Catalog, names: tuple[str, ...], kind: str, find: _Find) -> tuple[int, ...]:
    filters = tuple(name for name in names if not _is_name(name))
    if not filters:
        return tuple(dict.fromkeys(_named(catalog, name, kind, find) for name in names))
    if len(filters) < len(names):
        raise UsageError(_NOT_BOTH)
    return tuple(pages.ids(catalog, PageRequest(kind=kind, filter=filter_of(filters))))


def are_names(names: tuple[str, ...]) -> bool:
    """Say whether all of them name one thing each, and none is part of a filter."""
    return bool(names) and all(map(_is_name, names))


def _is_name(name: str) -> bool:
    """Say whether it is an id or a URL; all else is part of a filter."""
    return _ID.match(name) is not None or _URL.match(name) is not None


def _named(catalog: Catalog, name: str, kind: str, find: _Find) -> int:
    found = find(catalog, name)
    if found is None:
        shown = redact(name)
        raise UsageError(f"no {kind[:-1]} {shown!r}; `podfetch {kind} list` shows ids and URLs")
    return found


def _one(found: tuple[int, ...], name: str, kind: str) -> int:
    if not found:
        raise UsageError(f"no {kind[:-1]} passes {name!r}; try `podfetch {kind} list {name!r}`")
    if len(found) > 1:
        some = ", ".join(map(str, found[:5])) + (" …" if len(found) > 5 else "")
        raise UsageError(f"{len(found)} {kind} pass {name!r}: name one by its id ({some})")
    return found[0]


def _feed(catalog: Catalog, name: str) -> int | None:
    if _ID.match(name):
        return lookups.feed_by_id(catalog, _number(name))
    try:
        return lookups.feed_by_url(catalog, normalise_url(name, allow=_ANY_ADDRESS))
    except ValueError:
        return lookups.feed_by_url(catalog, name)


def _episode(catalog: Catalog, name: str) -> int | None:
    if _ID.match(name):
        return lookups.episode_by_id(catalog, _number(name))
    return lookups.episode_by_url(catalog, name)


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 19 else LARGEST_ID
