"""How much a draft and a known episode have in common.

Must not decide what follows from it: that is ``matching``.
"""

from __future__ import annotations

from typing import NamedTuple

from podfetch_tui.model.episode import Draft, KnownEpisode

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Facts(NamedTuple):
    """What is the same about an item before and after its GUID and URL changed."""

    guid: str
    title: str
    at: int
    """0 when unknown."""
    suffix: str
    """Of the file: tells sound and pictures of one item apart."""


def title_key(title: str) -> str:
    """Return a title for comparison: case and blanks do not count."""
    return " ".join(title.casefold().split())


def facts_of_draft(draft: Draft) -> Facts:
    """Return what is compared of a draft."""
    item = draft.item
    suffix = _suffix(draft.enclosure.url)
    return Facts(item.guid, title_key(item.title), item.published or 0, suffix)


def facts_of_episode(one: KnownEpisode) -> Facts:
    """Return what is compared of a known episode."""
    suffix = _suffix(one.enclosure_url)
    return Facts(one.guid, title_key(one.title), one.published or 0, suffix)


def _suffix(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2].rpartition(".")[2].lower()


def likeness(draft: Draft, episode: KnownEpisode) -> int:
    """Return how alike the two are now: GUID first, then URL, title, date."""
    item = draft.item
    return (
        8 * (item.guid == episode.guid)
        + 4 * (draft.enclosure.url == episode.enclosure_url)
        + 2 * (item.title == episode.title)
        + (item.published == episode.published)
    )


def is_same_story(draft: Draft, episode: KnownEpisode) -> bool:
    """Whether title or date say so; ``latest.mp3`` is another episode every day."""
    new, known = facts_of_draft(draft), facts_of_episode(episode)
    if new.at and known.at:
        return is_same_moment(new.at, known.at) or new.title == known.title != ""
    return new.title == known.title


def is_same_moment(one: int, other: int) -> bool:
    """Equal to the second, or to the minute or day when one has lost the rest."""
    if one == other:
        return True
    if one // MINUTE_MS == other // MINUTE_MS:
        return one % MINUTE_MS == 0 or other % MINUTE_MS == 0
    return one // DAY_MS == other // DAY_MS and (one % DAY_MS == 0 or other % DAY_MS == 0)


def says_something_new(draft: Draft, episode: KnownEpisode) -> bool:
    """Whether the draft says something new; what it leaves out is no news."""
    item = draft.item
    return (
        draft.enclosure.url != episode.enclosure_url
        or (item.title or episode.title) != episode.title
        or (item.guid or episode.guid) != episode.guid
        or (item.published is not None and item.published != episode.published)
    )
