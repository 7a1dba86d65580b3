"""What a few feeds say beyond the essentials: people, other versions, chapters, licences.

From the podcast namespace (Podcasting 2.0), iTunes, Media RSS and Podlove Simple Chapters.
Kept for the archive's sake: nothing here decides what is downloaded or which episode is which.
"""

from __future__ import annotations

import msgspec


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who took part (``podcast:person``, ``media:credit``)."""

    name: str
    role: str = ""
    """As written; empty means ``host``."""
    group: str = ""
    """As written; empty means ``cast``."""
    href: str = ""
    img: str = ""


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place an alternate can be had from (``podcast:source``)."""

    uri: str
    """Any scheme: ``https:``, ``ipfs:``, ``magnet:`` …"""
    media_type: str = ""


class Alternate(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Another version of the episode (``podcast:alternateEnclosure``, ``media:content``)."""

    sources: tuple[Source, ...]
    media_type: str = ""
    length: int | None = None
    """Declared bytes."""
    bit_rate: float | None = None
    """Declared bits per second."""
    height: int | None = None
    language: str = ""
    title: str = ""
    rel: str = ""
    codecs: str = ""
    is_default: bool = False
    integrity_type: str = ""
    """``sri`` or ``pgp-signature``."""
    integrity: str = ""


class Chapter(msgspec.Struct, frozen=True, omit_defaults=True):
    """One chapter that the feed itself holds (``psc:chapter``)."""

    start_s: float
    title: str = ""
    href: str = ""
    image: str = ""


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A text and where it leads (``podcast:funding``, ``podcast:license``)."""

    url: str = ""
    text: str = ""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place it is about or was made at (``podcast:location``)."""

    name: str
    geo: str = ""
    """``geo:`` URI without its scheme's checks."""
    osm: str = ""


class Remark(msgspec.Struct, frozen=True, omit_defaults=True):
    """A free text with a purpose (``podcast:txt``)."""

    text: str
    purpose: str = ""


class Extras(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All of it, of one item or of the channel; repeated elements in document order."""

    subtitle: str = ""
    """``itunes:subtitle``, unless the summary says the same."""
    keywords: str = ""
    block: bool = False
    """``itunes:block``: kept out of directories by its publisher."""
    season_name: str = ""
    number_display: str = ""
    """``podcast:episode display``: what is shown instead of the number."""
    persons: tuple[Person, ...] = ()
    alternates: tuple[Alternate, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    fundings: tuple[Link, ...] = ()
    places: tuple[Place, ...] = ()
    license: Link | None = None
    remarks: tuple[Remark, ...] = ()
    # of the channel alone
    podcast_guid: str = ""
    """``podcast:guid``. Not unique among shows: never an identity by itself."""
    medium: str = ""
    locked: str = ""
    show_type: str = ""
    explicit: str = ""
    owner: str = ""
    owner_email: str = ""
    categories: tuple[str, ...] = ()
    """``itunes:category``; a part after a slash: ``Society & Culture/History``."""
    copyright: str = ""
    generator: str = ""
