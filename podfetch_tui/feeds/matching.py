"""Drafts of one document matched with the known episodes of its feed, one to one.

Each rule only looks at drafts and episodes that the rules before it left over. Within a
rule the likest pair goes first, then the smaller key, so that nothing depends on the
order of the items. Must not decide what happens to a feed as a whole: that is
``identity``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable

from podfetch_tui.feeds.keys import COPY, ENCLOSURE, GUID, LINK, PAIR, key_texts
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.episode import Alias, Draft, EpisodeUpdate, KnownEpisode, KnownFeed

TITLE = "title"
"""A GUID that several items share, and an equal title."""
REPUBLISHED = "republished"
"""New GUID and URL, title and date of an item that is gone."""
MIGRATION = "migration"
"""The same for most of the feed at once: it moved to another host."""

_FEW_MOVES = 3
"""Fewer items with new GUIDs are no migration."""
_MOST_KEYS = 64
"""Keys an episode can have: a feed with new URLs at every poll must not fill the disk."""
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_BACK_CATALOGUE_MS = 7 * _DAY_MS

_Found = list[tuple[int, int, str]]
"""Index of a draft, id of an episode, why they are one."""
_Place = Callable[[str, int | None], Hashable]


def title_key(title: str) -> str:
    """Return a title for comparison: case and blanks do not count."""
    return " ".join(title.casefold().split())


class Matching:
    """Which draft is which known episode."""

    def __init__(self, listed: tuple[Draft, ...], known: KnownFeed) -> None:
        self._listed = listed
        self._keys = known.keys
        self._episodes = known.episodes
        self._matched: dict[int, tuple[int, str]] = {}
        self._claimed: set[int] = set()
        self._assign(self._owners(PAIR))
        rules = (self._by_name, self._by_enclosure, self._by_shared_guid, self._by_date)
        for rule in rules:
            if len(self._matched) < len(listed) and len(self._claimed) < len(known.episodes):
                rule()

    def new(self) -> tuple[Draft, ...]:
        """Return the drafts nothing is known of.

        A draft whose keys all belong to an episode that another draft of the document
        got is known too: it was the same episode at an earlier poll.
        """
        return tuple(
            draft
            for index, draft in enumerate(self._listed)
            if index not in self._matched and any(key not in self._keys for key, _ in draft.keys)
        )

    def updates(self) -> tuple[EpisodeUpdate, ...]:
        """Return the matched drafts that say something new."""
        return tuple(
            EpisodeUpdate(episode_id=episode_id, draft=self._listed[index])
            for index, (episode_id, _) in sorted(self._matched.items())
            if _differs(self._listed[index], self._episodes[episode_id])
        )

    def aliases(self, document: FeedDocument) -> tuple[Alias, ...]:
        """Return the keys under which matched episodes were not known yet."""
        added = [
            (episode_id, key, COPY if kind == COPY else reason)
            for index, (episode_id, reason) in sorted(self._matched.items())
            for key, kind in self._listed[index].keys
            if key not in self._keys
        ]
        if not added:
            return ()
        texts = key_texts(document)
        counts = Counter(self._keys.values())
        found = []
        for episode_id, key, reason in added:
            counts[episode_id] += 1
            if counts[episode_id] <= _MOST_KEYS:
                text = texts.get(key, "")
                found.append(Alias(episode_id=episode_id, key=key, reason=reason, text=text))
        return tuple(found)

    def _by_name(self) -> None:
        """The same GUID; if several episodes have had it, the one with the same title."""
        self._assign(self._owners(GUID, LINK, COPY) + self._namesakes(with_own_guid=True))

    def _by_enclosure(self) -> None:
        """The same file under a new GUID, unless its URL is merely used again."""
        self._assign(
            (index, episode_id, reason)
            for index, episode_id, reason in self._owners(ENCLOSURE)
            if _is_same_story(self._listed[index], self._episodes[episode_id])
        )

    def _by_shared_guid(self) -> None:
        """A GUID that several items have: the title has to tell them apart."""
        self._assign(self._namesakes(with_own_guid=False))

    def _by_date(self) -> None:
        """New GUID and URL, but title and date of an item that is gone."""
        moves = self._moves(_MINUTE_MS) + self._moves(_DAY_MS)
        moved = len({index for index, _ in moves})
        if moved >= _FEW_MOVES and moved * 2 > len(self._listed):
            self._assign((index, episode_id, MIGRATION) for index, episode_id in moves)
            moments = self._alone(lambda _, at: at if at and at % _DAY_MS else None)
            self._assign((index, episode_id, MIGRATION) for index, episode_id in moments)
        else:
            self._assign(
                (index, episode_id, REPUBLISHED)
                for index, episode_id in self._moves(_MINUTE_MS)
                if self._is_republished(index, episode_id)
            )
            self._assign(
                (index, episode_id, REPUBLISHED)
                for index, episode_id in self._alone(lambda title, _: title or None)
                if self._is_put_back(index, episode_id)
            )

    def _moves(self, unit: int) -> list[tuple[int, int]]:
        """Pairs of one title and moment, alone with their title in their minute or day."""
        pairs = self._alone(lambda title, at: (title, at // unit) if title and at else None)
        return [
            (index, episode_id)
            for index, episode_id in pairs
            if _is_same_moment(self._published(index), self._episodes[episode_id].published or 0)
        ]

    def _is_republished(self, index: int, episode_id: int) -> bool:
        """A day without a time is no moment: the next bulletin of the day has it too."""
        at = self._published(index)
        return at % _DAY_MS != 0 or at < self._newest_but(episode_id)

    def _is_put_back(self, index: int, episode_id: int) -> bool:
        """Deep in the back catalogue, where one item took the place of another.

        The corpus has one: new GUID, URL, and a date shifted by an hour. Among the newest
        items, the same title a little later is the next bulletin.
        """
        title = title_key(self._listed[index].item.title)
        at, before = self._published(index), self._episodes[episode_id].published or 0
        return (
            at > 0
            and abs(at - before) <= _DAY_MS
            and at < self._newest_but(episode_id) - _BACK_CATALOGUE_MS
            and sum(title_key(one.item.title) == title for one in self._listed) == 1
            and sum(title_key(one.title) == title for one in self._episodes.values()) == 1
        )

    def _newest_but(self, episode_id: int) -> int:
        others = (one for one in self._episodes.values() if one.id != episode_id)
        return max((one.published or 0 for one in others), default=0)

    def _alone(self, place: _Place) -> list[tuple[int, int]]:
        """Drafts and episodes left over that are the only two in their place."""
        drafts: dict[Hashable, list[int]] = {}
        episodes: dict[Hashable, list[int]] = {}
        for index in self._left():
            item = self._listed[index].item
            drafts.setdefault(place(title_key(item.title), item.published), []).append(index)
        for one in self._free():
            episodes.setdefault(place(title_key(one.title), one.published), []).append(one.id)
        return [
            (indexes[0], episodes[where][0])
            for where, indexes in drafts.items()
            if where is not None and len(indexes) == 1 and len(episodes.get(where, ())) == 1
        ]

    def _namesakes(self, *, with_own_guid: bool) -> _Found:
        """Drafts left over, with the free episodes of the same GUID and title."""
        by_guid: dict[str, list[KnownEpisode]] = {}
        for episode in self._free():
            by_guid.setdefault(episode.guid, []).append(episode)
        return [
            (index, episode.id, TITLE)
            for index in self._left()
            if (draft := self._listed[index]).item.guid
            and any(kind == GUID for _, kind in draft.keys) == with_own_guid
            for episode in by_guid.get(draft.item.guid, ())
            if title_key(draft.item.title) == title_key(episode.title)
        ]

    def _owners(self, *kinds: str) -> _Found:
        """Drafts left over, with the free episodes their keys of these kinds belong to."""
        found: _Found = []
        for index in self._left():
            draft = self._listed[index]
            for key, kind in draft.keys:
                episode_id = self._keys.get(key) if kind in kinds else None
                if episode_id in self._episodes and episode_id not in self._claimed:
                    reason = (GUID if draft.item.guid else LINK) if kind == PAIR else kind
                    found.append((index, episode_id, reason))
        return found

    def _left(self) -> list[int]:
        return [index for index in range(len(self._listed)) if index not in self._matched]

    def _free(self) -> list[KnownEpisode]:
        return [one for one in self._episodes.values() if one.id not in self._claimed]

    def _published(self, index: int) -> int:
        return self._listed[index].item.published or 0

    def _assign(self, candidates: Iterable[tuple[int, int, str]]) -> None:
        """Give episodes to drafts, the likest pairs first."""
        ranked = sorted(
            candidates,
            key=lambda pair: (
                -_likeness(self._listed[pair[0]], self._episodes[pair[1]]),
                self._listed[pair[0]].keys[0][0],
                pair[1],
            ),
        )
        for index, episode_id, reason in ranked:
            if index not in self._matched and episode_id not in self._claimed:
                self._matched[index] = episode_id, reason
                self._claimed.add(episode_id)


def _likeness(draft: Draft, episode: KnownEpisode) -> int:
    item = draft.item
    return (
        8 * (item.guid == episode.guid)
        + 4 * (draft.enclosure.url == episode.enclosure_url)
        + 2 * (item.title == episode.title)
        + (item.published == episode.published)
    )


def _is_same_story(draft: Draft, episode: KnownEpisode) -> bool:
    """Whether title or date say so; ``latest.mp3`` is another episode every day."""
    item, known_at = draft.item, episode.published
    return title_key(item.title) == title_key(episode.title) or bool(
        item.published and known_at and _is_same_moment(item.published, known_at)
    )


def _is_same_moment(one: int, other: int) -> bool:
    """Equal to the second, or to the minute or day when one has lost the rest."""
    if one == other:
        return True
    if one // _MINUTE_MS == other // _MINUTE_MS:
        return one % _MINUTE_MS == 0 or other % _MINUTE_MS == 0
    return one // _DAY_MS == other // _DAY_MS and (one % _DAY_MS == 0 or other % _DAY_MS == 0)


def _differs(draft: Draft, episode: KnownEpisode) -> bool:
    """Whether the draft says something new; what it leaves out is no news."""
    item = draft.item
    return (
        draft.enclosure.url != episode.enclosure_url
        or (item.title or episode.title) != episode.title
        or (item.guid or episode.guid) != episode.guid
        or (item.published is not None and item.published != episode.published)
    )
