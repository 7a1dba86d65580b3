"""A feed's episodes in memory: what the catalogue does with identity's answers."""

from __future__ import annotations

from podfetch_tui.feeds.identity import identify
from podfetch_tui.model.document import Enclosure, FeedDocument, Item
from podfetch_tui.model.episode import Draft, Identified, KnownEpisode, KnownFeed


class MemoryFeed:
    """Applies polls one after the other, as the catalogue would."""

    def __init__(self) -> None:
        self.keys: dict[bytes, int] = {}
        self.episodes: dict[int, KnownEpisode] = {}

    def known(self) -> KnownFeed:
        return KnownFeed(dict(self.keys), dict(self.episodes))

    def poll(self, document: FeedDocument) -> Identified:
        """Identify ``document`` and take in what is new about it."""
        found = identify(document, self.known())
        self.apply(found)
        return found

    def apply(self, found: Identified) -> None:
        for draft in found.new:
            episode_id = len(self.episodes) + 1
            self._set(episode_id, draft)
            for key, _ in draft.keys:
                self.keys.setdefault(key, episode_id)
        for update in found.updates:
            self._set(update.episode_id, update.draft)
        for alias in found.aliases:
            assert alias.key not in self.keys, "a key was given to two episodes"
            self.keys[alias.key] = alias.episode_id

    def _set(self, episode_id: int, draft: Draft) -> None:
        item = draft.item
        self.episodes[episode_id] = KnownEpisode(
            id=episode_id,
            guid=item.guid,
            title=item.title,
            published=item.published,
            enclosure_url=draft.enclosure.url,
        )


def item(
    guid: str = "",
    *urls: str,
    title: str = "",
    published: int | None = None,
    link: str = "",
    length: int | None = None,
) -> Item:
    """Return an item with one enclosure per URL."""
    return Item(
        guid=guid,
        title=title,
        link=link,
        published=published,
        enclosures=tuple(Enclosure(url, "audio/mpeg", length) for url in urls),
    )


def document(*items: Item) -> FeedDocument:
    return FeedDocument(title="Show", items=items)
