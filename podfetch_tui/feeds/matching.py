"""Drafts of one document matched with the known episodes of its feed, one to one.

Each rule only looks at drafts and episodes that the rules before it left over. Within a
rule the likest pair goes first, then the smaller key, so that nothing depends on the
order of the items. Must not decide what happens to a feed as a whole: that is
``identity``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from heapq import nlargest, nsmallest

from podfetch_tui.feeds.keys import COPY, ENCLOSURE, GUID, LINK, PAIR, key_texts
from podfetch_tui.feeds.likeness import (
    DAY_MS,
    MINUTE_MS,
    Facts,
    facts_of_draft,
    facts_of_episode,
    is_same_moment,
    is_same_story,
    likeness,
    says_something_new,
    title_key,
)
from podfetch_tui.model.document import FeedDocument, Item
from podfetch_tui.model.episode import (
    Alias,
    Draft,
    EpisodeUpdate,
    KnownEpisode,
    KnownFeed,
    Listed,
)

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
_LATEST = 20
"""Known episodes whose details are looked at again at each poll."""
_BACK_CATALOGUE_MS = 7 * DAY_MS

_NOBODY = (None, "")
_Found = list[tuple[int, int, str]]
"""Index of a draft, id of an episode, why they are one."""
_Newest = list[tuple[int, int]]
"""When the newest two episodes were published, and their ids."""
_Place = Callable[[Facts], Hashable]
"""What has to be equal; ``None`` where it says nothing."""


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
            if says_something_new(self._listed[index], self._episodes[episode_id])
        )

    def oldest(self, most: int) -> tuple[Listed, ...]:
        """Return the oldest drafts of the document, the very oldest first.

        Where dates are missing, the place counts: feeds list their newest item first.
        """
        order = nsmallest(
            min(most, len(self._listed) // 2),
            range(len(self._listed)),
            key=lambda index: (self._published(index), -index),
        )
        return tuple(
            Listed(self._listed[index], self._matched.get(index, _NOBODY)[0]) for index in order
        )

    def gone(self) -> int:
        """Return how many known episodes the document does not list."""
        return len(self._episodes) - len(self._claimed)

    def rich(self) -> tuple[EpisodeUpdate, ...]:
        """Return the newest matched drafts with people, transcripts or chapters.

        These are often added in the days after publication, when nothing else changes.
        """
        rich = [
            EpisodeUpdate(episode_id=episode_id, draft=self._listed[index])
            for index, (episode_id, _) in sorted(self._matched.items())
            if _is_rich(self._listed[index].item)
        ]
        return tuple(nlargest(_LATEST, rich, key=lambda one: one.draft.item.published or 0))

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
            if is_same_story(self._listed[index], self._episodes[episode_id])
        )

    def _by_shared_guid(self) -> None:
        """A GUID that several items have: the title has to tell them apart."""
        self._assign(self._namesakes(with_own_guid=False))

    def _by_date(self) -> None:
        """New GUID and URL, but title and date of an item that is gone."""
        moves = self._moves(MINUTE_MS) + self._moves(DAY_MS)
        moved = len({index for index, _ in moves})
        if moved >= _FEW_MOVES and moved * 2 > len(self._listed):
            self._assign((index, episode_id, MIGRATION) for index, episode_id in moves)
            moments = self._alone(lambda one: one.at if one.at % DAY_MS else None)
            self._assign((index, episode_id, MIGRATION) for index, episode_id in moments)
            return
        newest = self._newest_two()
        self._assign(
            (index, episode_id, REPUBLISHED)
            for index, episode_id in self._moves(MINUTE_MS)
            if self._is_republished(index, episode_id, newest)
        )
        titles = Counter(title_key(one.item.title) for one in self._listed)
        known = Counter(title_key(one.title) for one in self._episodes.values())
        pairs = self._alone(
            lambda one: one.title or None if titles[one.title] == known[one.title] == 1 else None
        )
        self._assign(
            (index, episode_id, REPUBLISHED)
            for index, episode_id in pairs
            if self._is_put_back(index, episode_id, newest)
        )

    def _moves(self, unit: int) -> list[tuple[int, int]]:
        """Pairs of one title and moment, alone with their title in their minute or day."""
        pairs = self._alone(
            lambda one: (one.title, one.at // unit) if one.title and one.at else None
        )
        return [
            (index, episode_id)
            for index, episode_id in pairs
            if is_same_moment(self._published(index), self._episodes[episode_id].published or 0)
        ]

    def _is_republished(self, index: int, episode_id: int, newest: _Newest) -> bool:
        """A day without a time is no moment: the next bulletin of the day has it too."""
        at = self._published(index)
        return at % DAY_MS != 0 or at < _newest_but(episode_id, newest)

    def _is_put_back(self, index: int, episode_id: int, newest: _Newest) -> bool:
        """Deep in the back catalogue, where one item took the place of another.

        The corpus has one: new GUID, URL, and a date shifted by an hour. Among the newest
        items, the same title a little later is the next bulletin.
        """
        at, before = self._published(index), self._episodes[episode_id].published or 0
        return (
            at > 0
            and abs(at - before) <= DAY_MS
            and at < _newest_but(episode_id, newest) - _BACK_CATALOGUE_MS
        )

    def _newest_two(self) -> _Newest:
        dated = ((one.published or 0, one.id) for one in self._episodes.values())
        return nlargest(2, dated)

    def _alone(self, place: _Place) -> list[tuple[int, int]]:
        """Drafts and episodes left over that are the only two in their place.

        Where there are more, the suffix of the file may still tell them apart; if not,
        nobody knows which is which, and they stay unmatched.
        """
        drafts: dict[Hashable, list[int]] = {}
        episodes: dict[Hashable, list[int]] = {}
        for index in self._left():
            facts = facts_of_draft(self._listed[index])
            where = place(facts)
            for key in (where, (where, facts.suffix)) if where is not None else ():
                drafts.setdefault(key, []).append(index)
        for one in self._free():
            facts = facts_of_episode(one)
            where = place(facts)
            for key in (where, (where, facts.suffix)) if where is not None else ():
                episodes.setdefault(key, []).append(one.id)
        return [
            (indexes[0], episodes[where][0])
            for where, indexes in drafts.items()
            if len(indexes) == 1 and len(episodes.get(where, ())) == 1
        ]

    def _namesakes(self, *, with_own_guid: bool) -> _Found:
        """Drafts left over, with the free episodes of the same GUID and title."""
        pairs = self._alone(lambda one: (one.guid, one.title) if one.guid else None)
        return [
            (index, episode_id, TITLE)
            for index, episode_id in pairs
            if any(kind == GUID for _, kind in self._listed[index].keys) == with_own_guid
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
                -likeness(self._listed[pair[0]], self._episodes[pair[1]]),
                self._listed[pair[0]].keys[0][0],
                pair[1],
            ),
        )
        for index, episode_id, reason in ranked:
            if index not in self._matched and episode_id not in self._claimed:
                self._matched[index] = episode_id, reason
                self._claimed.add(episode_id)


def _is_rich(item: Item) -> bool:
    return item.extras is not None or bool(item.transcripts or item.chapters_url)


def _newest_but(episode_id: int, newest: _Newest) -> int:
    return max((at for at, one in newest if one != episode_id), default=0)
