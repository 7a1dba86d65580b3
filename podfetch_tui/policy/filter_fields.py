"""What can be asked in a filter: the fields of feeds and episodes, with their kinds.

``filters`` reads and writes the language, ``catalog.filters`` turns it into statements; both
follow these tables, and ``docs/filters.md`` is printed from them.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Family
from podfetch_tui.model.feed import BreakerState, FeedState
from podfetch_tui.model.media import Validity


class FieldKind(str, Enum):
    """What a field takes, and how it is compared."""

    WORD = "one of"
    TEXT = "text"
    """``:`` finds a part of it, ``=`` the whole, both in any case."""
    TAG = "tag"
    """The whole tag, in any case."""
    NUMBER = "number"
    SIZE = "size"
    LENGTH = "duration"
    """A stored length of time."""
    AGE = "time since"
    """How long a moment is past."""
    MOMENT = "date"
    WHEN = "date or time until"
    """A moment to come."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the language."""

    name: str
    kind: FieldKind
    help: str
    words: tuple[str, ...] = ()
    """All that a field of kind ``WORD`` can be."""
    other_names: tuple[str, ...] = ()
    """The key of the JSON where it differs, and habits."""
    sortable: bool = True
    takes_id: bool = False
    """A plain whole number is an id, not a part of a text."""


def _words(name: str, words: type[Enum], help_: str, *others: str) -> Field:
    return Field(
        name=name,
        kind=FieldKind.WORD,
        help=help_,
        words=tuple(str(word.value) for word in words),
        other_names=others,
    )


def _of(kind: FieldKind, name: str, help_: str, *others: str, sortable: bool = True) -> Field:
    return Field(name=name, kind=kind, help=help_, other_names=others, sortable=sortable)


_TEXT, _NUMBER, _SIZE = FieldKind.TEXT, FieldKind.NUMBER, FieldKind.SIZE
_AGE, _MOMENT, _WHEN = FieldKind.AGE, FieldKind.MOMENT, FieldKind.WHEN

_FEEDS = (
    _of(_NUMBER, "id", "its number"),
    _of(_TEXT, "title", "its title"),
    _of(_TEXT, "url", "its URL"),
    _of(_TEXT, "host", "host of its URL, with the port where it is not the usual one"),
    _of(_TEXT, "folder", "its folder in the archive"),
    _of(FieldKind.TAG, "tag", "a tag it has", "tags", sortable=False),
    _of(_TEXT, "list", "a feed list that names it", "lists", sortable=False),
    _words("state", FeedState, "what the operator or the engine decided"),
    _of(_TEXT, "reason", "why it is in that state", "state_reason"),
    _of(_AGE, "since", "how long it is in that state"),
    _words("breaker", BreakerState, "its circuit breaker"),
    _of(_TEXT, "err", "code of its last failure, such as read_timeout", "error", "last_error"),
    _words("family", Family, "family of its last failure", "last_family"),
    _of(_NUMBER, "status", "HTTP status of its last failure", "last_status"),
    _of(_NUMBER, "fail", "failed polls in a row", "fails", "failures", "consecutive_failures"),
    _of(_NUMBER, "priority", "its priority", "pri"),
    _of(FieldKind.LENGTH, "interval", "the interval set for it alone"),
    _of(_AGE, "age", "time since its last success, or since it was added if it never had one"),
    _of(_AGE, "late", "how long an active feed is overdue"),
    _of(_WHEN, "next", "when it is polled next", "next_poll_at"),
    _of(
        _WHEN,
        "waits",
        "until when it waits for its host, which is left alone",
        "waits_until",
        sortable=False,
    ),
    _of(_MOMENT, "last", "its last success", "last_success_at"),
    _of(_MOMENT, "polled", "its last answered poll"),
    _of(_MOMENT, "added", "when it was added"),
    _of(_NUMBER, "episodes", "episodes known", "eps"),
    _of(_NUMBER, "archived", "episodes archived"),
    _of(_NUMBER, "pending", "episodes that wait or are being fetched"),
    _of(_NUMBER, "failed", "episodes that failed"),
    _of(_SIZE, "bytes", "size of its archived files", "size"),
)
_EPISODES = (
    _of(_NUMBER, "id", "its number"),
    Field(
        name="feed",
        kind=_TEXT,
        help="its feed: the id, or part of the feed's title or URL",
        other_names=("feed_id", "feed_url"),
        sortable=False,
        takes_id=True,
    ),
    _of(FieldKind.TAG, "tag", "a tag of its feed", "tags", sortable=False),
    _of(_TEXT, "title", "its title"),
    _of(_TEXT, "url", "URL of its file", "enclosure_url"),
    _of(_TEXT, "host", "host of that URL, with the port if it names one"),
    _of(_TEXT, "guid", "what its feed calls it"),
    _words("state", EpisodeState, "where it stands"),
    _of(_TEXT, "reason", "why: what failed, or why it is skipped or deleted"),
    _of(_TEXT, "err", "code of its last failure, such as http_404", "error"),
    _words("family", Family, "family of its last failure"),
    _of(_NUMBER, "attempts", "downloads begun"),
    _of(_WHEN, "next", "when it is tried next"),
    _of(_MOMENT, "published", "its date", "published_at"),
    _of(_AGE, "age", "time since its date, or since it was first seen if it has none"),
    _of(_MOMENT, "seen", "when it was first seen"),
    _of(_MOMENT, "archived", "when it was archived", "archived_at"),
    _of(_TEXT, "path", "path of its file in the archive"),
    _of(_SIZE, "bytes", "size of its file", "size"),
    _of(FieldKind.LENGTH, "duration", "playing time of its file", "duration_s", "length"),
    _of(_TEXT, "type", "media type", "media_type"),
    _words("validity", Validity, "how far its file can be trusted"),
    _of(_TEXT, "sha256", "digest of its file"),
    _of(
        _TEXT,
        "derivative",
        "what was made from its file, as kind:state (sidecar:done)",
        "derivatives",
        sortable=False,
    ),
)

FIELDS: dict[str, dict[str, Field]] = {
    "feeds": {field.name: field for field in _FEEDS},
    "episodes": {field.name: field for field in _EPISODES},
}
"""Kind of rows → name → field."""

OTHER_NAMES: dict[str, dict[str, str]] = {
    kind: {other: field.name for field in fields.values() for other in field.other_names}
    for kind, fields in FIELDS.items()
}
"""Kind of rows → another name → the field's own."""

_LANGUAGES = {"quarantine": "feeds"}


def language_of(kind: str) -> str:
    """Return the kind of rows whose filters and orders those of ``kind`` take."""
    return _LANGUAGES.get(kind, kind)
