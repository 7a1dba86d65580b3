"""The rest of an item, apart from the hot row: one JSON object per episode."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.document import Item, Transcript
from podfetch_tui.model.extras import Extras
from podfetch_tui.system.decoding import json_decoder


class _Note(msgspec.Struct, omit_defaults=True):
    """Everything of an item that has no column."""

    link: str = ""
    duration_s: float | None = None
    season: str = ""
    number: str = ""
    episode_type: str = ""
    author: str = ""
    summary: str = ""
    image_url: str = ""
    explicit: str = ""
    transcripts: tuple[Transcript, ...] = ()
    chapters_url: str = ""
    chapters_type: str = ""
    extras: Extras | None = None


_encoder = msgspec.json.Encoder()
_decoder = json_decoder(_Note)


def encode_note(item: Item) -> str:
    """Return what the catalogue keeps of ``item`` beside its hot row."""
    note = _Note(
        item.link,
        item.duration_s,
        item.season,
        item.number,
        item.episode_type,
        item.author,
        item.summary,
        item.image_url,
        item.explicit,
        item.transcripts,
        item.chapters_url,
        item.chapters_type,
        item.extras,
    )
    return _encoder.encode(note).decode()


def decode_note(document: str, *, guid: str, title: str, published: int | None) -> Item:
    """Return the item that :func:`encode_note` was given, without its enclosures."""
    note = _decoder.decode(document)
    return Item(
        guid=guid,
        title=title,
        published=published,
        **{name: getattr(note, name) for name in _Note.__struct_fields__},
    )
