"""A sidecar that is found beside a file nobody knows, and the episode it tells of."""

from __future__ import annotations

from datetime import datetime
from typing import Union

import msgspec

from podfetch_tui.catalog.note import decode_note
from podfetch_tui.feeds.keys import drafts
from podfetch_tui.model.document import Enclosure, FeedDocument, Item
from podfetch_tui.model.episode import Draft
from podfetch_tui.model.media import Validity
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.sidecar import SCHEMA, sidecar_path
from podfetch_tui.system.decoding import json_decoder

_MOST_SIDECAR_BYTES = 4 << 20


class FeedPart(msgspec.Struct, frozen=True):
    """Whose episode it is."""

    url: str
    folder: str = ""


class EpisodePart(msgspec.Struct, frozen=True):
    """What the feed said of it."""

    guid: str = ""
    title: str = ""
    published_at: Union[str, None] = None
    enclosure_url: str = ""
    enclosure_type: str = ""
    enclosure_length: Union[int, None] = None
    note: Union[dict[str, object], None] = None


class MediaPart(msgspec.Struct, frozen=True):
    """The file beside it."""

    path: str
    bytes: int
    sha256: str
    media_type: Union[str, None] = ""
    duration_s: Union[float, None] = None
    validity: Validity = Validity.UNVERIFIED


class DerivativePart(msgspec.Struct, frozen=True):
    """A further file of the episode."""

    kind: str
    path: str
    bytes: int
    sha256: str
    media_type: Union[str, None] = ""
    source_url: Union[str, None] = ""


class FoundSidecar(msgspec.Struct, frozen=True):
    """A sidecar, as far as a restore needs it; unknown keys are ignored."""

    schema: str
    archive: str
    feed: FeedPart
    episode: EpisodePart
    media: MediaPart
    derivatives: tuple[DerivativePart, ...] = ()


_decoder = json_decoder(FoundSidecar)


def read_sidecar(layout: Layout, path: str) -> FoundSidecar | None:
    """Return the sidecar of the media file at ``path``, if it is one that is understood."""
    file = layout.media(sidecar_path(path))
    try:
        if file.stat().st_size > _MOST_SIDECAR_BYTES:
            return None
        found = _decoder.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.schema == SCHEMA else None


def draft_of(episode: EpisodePart) -> Draft | None:
    """Return the episode as its feed would list it, with the keys it is known by."""
    published = None
    if episode.published_at is not None:
        try:
            moment = datetime.fromisoformat(episode.published_at.replace("Z", "+00:00"))
            published = round(moment.timestamp() * 1000)
        except ValueError:
            return None
    enclosure = Enclosure(episode.enclosure_url, episode.enclosure_type, episode.enclosure_length)
    guid, title = episode.guid, episode.title
    try:
        note = msgspec.json.encode(episode.note or {}).decode()
        item = decode_note(note, guid=guid, title=title, published=published)
    except msgspec.DecodeError:
        item = Item(guid=guid, title=title, published=published)
    item = msgspec.structs.replace(item, enclosures=(enclosure,))
    made = drafts(FeedDocument(items=(item,)))
    return made[0] if made else None
