"""Rows without secrets: the catalogue knows a feed's whole URL, whoever reads a page does not.

Every page goes through here, so that no screen, command, event or metric has to think of it.
"""

from __future__ import annotations

from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.model.text import hide, redact, redact_media, secrets_of


def shown(row: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a row of feeds or episodes with its URLs redacted, in place."""
    url = row.get("url")
    if isinstance(url, str):
        row["url"] = redact(url)
    feed_url, media_url = row.get("feed_url"), row.get("enclosure_url")
    if isinstance(feed_url, str):
        if isinstance(media_url, str):
            row["enclosure_url"] = redact_media(media_url, feed_url)
        row["feed_url"] = redact(feed_url)
    return row


def shown_note(value: JsonValue, feed_url: str) -> JsonValue:
    """Return what an item says of itself without the secrets of its feed's URL."""
    if isinstance(value, str):
        if value.startswith(("http://", "https://")):
            return redact_media(value, feed_url)
        return hide(value, secrets_of(feed_url))
    if isinstance(value, (list, tuple)):
        return [shown_note(member, feed_url) for member in value]
    if isinstance(value, dict):
        return {key: shown_note(member, feed_url) for key, member in value.items()}
    return value
