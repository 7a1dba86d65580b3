"""The keys an episode is known by (DESIGN: section 7).

Every (item, enclosure) of a document becomes one draft. Its name is the GUID, or link,
title and date where there is none; its keys are name and enclosure together, the name,
and the enclosure. A key that two drafts of one document would share identifies neither
and is left out; the first is always there. Keys are digests that are stored for ever, so
what they are made of is frozen.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import NamedTuple

from podfetch_tui.feeds.enclosures import normalise_enclosure
from podfetch_tui.model.document import Enclosure, FeedDocument, Item
from podfetch_tui.model.episode import Draft

PAIR = "guid+enclosure"
GUID = "guid"
LINK = "link"
ENCLOSURE = "enclosure"
COPY = "copy"
"""A key of another item of the document that is the very same episode."""


class _Listed(NamedTuple):
    """One enclosure of one item."""

    item: Item
    enclosure: Enclosure
    name: str
    """GUID, or link, title and date."""
    normal: str
    """The enclosure's URL in its comparable form."""


def drafts(document: FeedDocument) -> tuple[Draft, ...]:
    """Return one draft for each episode of ``document``, in document order.

    The same name with the same enclosure twice is one draft. So are two items that
    differ in nothing but GUID and URL (a publisher's double): one draft has the keys of
    both, the other's with the reason ``copy``.
    """
    listed = _distinct(document)
    names = Counter(one.name for one in listed)
    normals = Counter(one.normal for one in listed)
    keyed = [
        Draft(
            item=one.item,
            enclosure=one.enclosure,
            keys=_keys(one, names[one.name] == 1, normals[one.normal] == 1),
        )
        for one in listed
    ]
    return _without_copies(keyed, listed)


def key_texts(document: FeedDocument) -> dict[bytes, str]:
    """Return what each key of ``document`` is made of, for the operator's eyes."""
    texts: dict[bytes, str] = {}
    for one in _distinct(document):
        guid, url = one.item.guid, one.enclosure.url
        name = guid or one.item.link or one.item.title
        for key, reason in _keys(one, True, True):
            texts[key] = {PAIR: f"{name} {url}", ENCLOSURE: url}.get(reason, name)
    return texts


def guid_key(guid: str) -> bytes:
    """Return the key of a GUID alone."""
    return _digest(GUID, guid)


def _keys(one: _Listed, has_own_name: bool, has_own_url: bool) -> tuple[tuple[bytes, str], ...]:
    keys = [(_digest(PAIR, one.name, one.normal), PAIR)]
    if has_own_name:
        if one.item.guid:
            keys.append((_digest(GUID, one.name), GUID))
        elif one.item.published is not None:  # without a date, the next episode has it too
            keys.append((_digest(LINK, one.name), LINK))
    if has_own_url:
        keys.append((_digest(ENCLOSURE, one.normal), ENCLOSURE))
    return tuple(keys)


def _digest(*parts: str) -> bytes:
    text = "\x1f".join(parts)  # no XML document can hold that character
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def _distinct(document: FeedDocument) -> list[_Listed]:
    """All enclosures without exact repetitions; which one stays depends on no order."""
    found: dict[tuple[str, str], _Listed] = {}
    for item in document.items:
        name = item.guid or f"\x1e{item.link}\x1f{item.title}\x1f{item.published}"
        for enclosure in item.enclosures:
            one = _Listed(item, enclosure, name, normalise_enclosure(enclosure.url))
            before = found.get((name, one.normal))
            if before is None or _rank(one) < _rank(before):
                found[name, one.normal] = one
    return list(found.values())


def _rank(one: _Listed) -> tuple[int, str, str]:
    """The newest of several repetitions comes first."""
    return -(one.item.published or 0), one.item.title, one.enclosure.url


def _without_copies(keyed: list[Draft], listed: list[_Listed]) -> tuple[Draft, ...]:
    """Put drafts together that differ in nothing but GUID and URL."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, one in enumerate(listed):
        item, length = one.item, one.enclosure.length
        if item.guid and item.title and item.published is not None and length is not None:
            same = (item.title, item.published, item.duration_s, one.enclosure.media_type, length)
            groups.setdefault(same, []).append(index)
    dropped: set[int] = set()
    for group in groups.values():
        if len(group) > 1 and _are_copies([listed[index] for index in group]):
            first = min(group, key=lambda index: listed[index].name)
            others = [index for index in group if index != first]
            extra = [(key, COPY) for index in others for key, _ in keyed[index].keys]
            draft = keyed[first]
            keyed[first] = Draft(
                item=draft.item, enclosure=draft.enclosure, keys=(*draft.keys, *extra)
            )
            dropped.update(others)
    return tuple(draft for index, draft in enumerate(keyed) if index not in dropped)


def _are_copies(group: list[_Listed]) -> bool:
    """Whether each has a GUID and a URL of its own; else they are meant to differ."""
    return all(
        len(values) == len(group)
        for values in ({one.name for one in group}, {one.normal for one in group})
    )
