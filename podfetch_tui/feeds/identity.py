"""Which items of a document are which known episodes (DESIGN: section 7).

Pure: a document and what is known of its feed go in, new episodes, updates and aliases
come out, the same whatever the order of the items. Merging wrongly loses an episode and
splitting wrongly fetches one twice: where unsure, split.
"""

from __future__ import annotations

from podfetch_tui.feeds.enclosures import normalise_enclosure
from podfetch_tui.feeds.keys import drafts, guid_key
from podfetch_tui.feeds.likeness import title_key
from podfetch_tui.feeds.matching import Matching
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.episode import Draft, Identified, KnownFeed

__all__ = ["drafts", "identify", "normalise_enclosure"]

_OLDEST = 100
"""So many of a document may be about to fall out of it."""
_FEW_ITEMS = 20
"""A feed with no more items than this may well exchange them all."""


def identify(document: FeedDocument, known: KnownFeed, *, whole: bool = True) -> Identified:
    """Say which episodes of ``document`` are new and which are known.

    Args:
        document: What the poll brought.
        known: All episodes and keys of the feed.
        whole: The document begins where the feed begins; a part of its back-catalogue may
            well have nothing in common with what is known.
    """
    listed = drafts(document)
    without = sum(not item.enclosures for item in document.items)
    if whole and _is_replaced(listed, known):
        return Identified(without_enclosure=without, replaced=True)
    matching = Matching(listed, known)
    new = matching.new()
    return Identified(
        new=new,
        updates=matching.updates(),
        details=matching.rich(),
        aliases=matching.aliases(document),
        known=len(listed) - len(new),
        oldest=matching.oldest(_OLDEST),
        gone=matching.gone(),
        without_enclosure=without,
    )


def _is_replaced(listed: tuple[Draft, ...], known: KnownFeed) -> bool:
    """Whether a long feed has not one GUID, URL or title in common with what it was."""
    if len(listed) <= _FEW_ITEMS or len(known.episodes) <= _FEW_ITEMS:
        return False
    if any(key in known.keys for draft in listed for key, _ in draft.keys):
        return False
    titles = {title_key(episode.title) for episode in known.episodes.values()} - {""}
    guids = {episode.guid for episode in known.episodes.values()} - {""}
    return not any(
        title_key(draft.item.title) in titles
        or draft.item.guid in guids
        or guid_key(draft.item.guid) in known.keys
        for draft in listed
    )
